"""Wiring of organizations: accounts, members and invitations."""

from dataclasses import dataclass
from typing import Self

from backplane.services.identity.revocations import Revocations
from backplane.services.organizations.acceptance import Acceptance
from backplane.services.organizations.accounts import Organizations
from backplane.services.organizations.invitations import Invitations
from backplane.services.organizations.letters import Letters
from backplane.services.organizations.members import Members
from backplane.wiring.resources import Resources


@dataclass(frozen=True, slots=True)
class OrganizationServices:
    accounts: Organizations
    members: Members
    invitations: Invitations
    acceptance: Acceptance

    @classmethod
    def wire(cls, resources: Resources, revocations: Revocations) -> Self:
        database = resources.database
        return cls(
            accounts=Organizations(database, resources.vault, revocations),
            members=Members(database, revocations),
            invitations=Invitations(database, Letters.from_settings(resources.settings)),
            # This release sends no mail that shows whose an address is.
            acceptance=Acceptance(database, verified_only=False),
        )
