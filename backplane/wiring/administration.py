"""Wiring of what operators do with accounts and users."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from backplane.services.administration.accounts import AccountAdministration
from backplane.services.administration.users import UserAdministration
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

    @classmethod
    def wire(cls, resources: Resources, revocations: Revocations, sessions: LoginSessions, tiers: Tiers) -> Self:
        return cls(
            accounts=AccountAdministration(resources.database, revocations, tiers),
            users=UserAdministration(resources.database, revocations, sessions, Lockout(resources.bus)),
        )


@asynccontextmanager
async def open_administration(settings: Settings) -> AsyncIterator[AdministrationServices]:
    """Connect for an operator at the machine."""
    async with open_resources(settings, pool_size=2) as resources:
        revocations = Revocations(resources.database, resources.bus)
        notices = Notices(Mails.from_settings(settings, resources.vault))
        sessions = LoginSessions(resources.database, revocations, notices)
        yield AdministrationServices.wire(resources, revocations, sessions, Tiers.from_settings(settings))
        await revocations.sent()
