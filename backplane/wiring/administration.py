"""Wiring of what operators do with accounts, users and the installation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from backplane.services.administration.accounts import AccountAdministration
from backplane.services.administration.effective_settings import EffectiveSetting, effective
from backplane.services.administration.factor_resets import FactorResets
from backplane.services.administration.installation import Installation
from backplane.services.administration.revenue import Revenue
from backplane.services.administration.users import UserAdministration
from backplane.services.identity.correspondence import Correspondence
from backplane.services.identity.factor_removal import FactorRemoval
from backplane.services.identity.lockout import Lockout
from backplane.services.identity.login_sessions import LoginSessions
from backplane.services.identity.notices import Notices
from backplane.services.identity.revocations import Revocations
from backplane.services.mail.outgoing import Mails
from backplane.services.usage.tiers import Tiers
from backplane.settings import Settings
from backplane.wiring.resources import Resources, open_resources


@dataclass(frozen=True, slots=True)
class AdministrationServices:
    accounts: AccountAdministration
    users: UserAdministration
    factor_resets: FactorResets
    installation: Installation
    settings: list[EffectiveSetting]

    @classmethod
    def wire(
        cls, resources: Resources, revocations: Revocations, sessions: LoginSessions, mails: Mails, tiers: Tiers
    ) -> Self:
        database = resources.database
        correspondence = Correspondence.by(mails, resources.vault, resources.bus)
        removal = FactorRemoval(sessions, correspondence.notices)
        return cls(
            accounts=AccountAdministration(database, revocations, tiers),
            users=UserAdministration(database, revocations, sessions, Lockout(resources.bus)),
            factor_resets=FactorResets(database, correspondence, removal),
            installation=Installation(database, Revenue(database, tiers)),
            settings=effective(resources.settings),
        )


@asynccontextmanager
async def open_administration(settings: Settings) -> AsyncIterator[AdministrationServices]:
    """Connect for an operator at the machine."""
    async with open_resources(settings, pool_size=2) as resources:
        revocations = Revocations(resources.database, resources.bus)
        mails = Mails.from_settings(settings, resources.vault)
        sessions = LoginSessions(resources.database, revocations, Notices(mails))
        yield AdministrationServices.wire(resources, revocations, sessions, mails, Tiers.from_settings(settings))
        await revocations.sent()
