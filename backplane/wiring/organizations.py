"""Wiring of organizations: accounts, members and invitations."""

from dataclasses import dataclass
from typing import Self

from backplane.services.identity.revocations import Revocations
from backplane.services.mail.outgoing import Mails
from backplane.services.organizations.acceptance import Acceptance
from backplane.services.organizations.accounts import Organizations
from backplane.services.organizations.invitations import Invitations
from backplane.services.organizations.letters import Letters
from backplane.services.organizations.members import Members
from backplane.services.usage.tiers import Tiers
from backplane.wiring.resources import Resources


@dataclass(frozen=True, slots=True)
class OrganizationServices:
    accounts: Organizations
    members: Members
    invitations: Invitations
    acceptance: Acceptance

    @classmethod
    def wire(cls, resources: Resources, revocations: Revocations, mails: Mails, tiers: Tiers) -> Self:
        database = resources.database
        return cls(
            accounts=Organizations(database, resources.vault, tier=tiers.default),
            members=Members(database, revocations),
            invitations=Invitations(database, Letters(mails), tiers),
            acceptance=Acceptance(database, tiers, verified_only=resources.settings.mail_verification),
        )
