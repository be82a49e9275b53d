"""Accounts for operators: search, tiers, suspension."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from backplane.actions import Action
from backplane.db.models import Account
from backplane.db.repositories import administration, memberships
from backplane.db.repositories.administration import AccountRow
from backplane.db.session import Database, Session
from backplane.errors import AccountClosed, NotFound, ValidationFailed
from backplane.services.audit import acts
from backplane.services.identity.revocations import Revocations
from backplane.services.organizations.members import MemberFacts
from backplane.services.requests.caller import Caller
from backplane.services.usage.tiers import Tiers

__all__ = ["AccountAdministration", "AccountChange", "AccountRow"]

TIER_CHANGED: Final = "account.tier"


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What changes; None leaves it as it is."""

    tier: str | None = None
    suspended: bool | None = None
    reason: str | None = None
    """For the audit trail."""


class AccountAdministration:
    def __init__(self, database: Database, revocations: Revocations, tiers: Tiers) -> None:
        self._database = database
        self._revocations = revocations
        self._tiers = tiers

    async def page(
        self, *, limit: int, before: UUID | None, words: str | None, tier: str | None, state: str | None
    ) -> tuple[Sequence[AccountRow], bool]:
        """Return up to `limit` accounts, newest first, and whether there are more."""
        async with self._database.reading() as session:
            rows = await administration.accounts(
                session, limit=limit + 1, before=before, words=words, tier=tier, state=state
            )
        return rows[:limit], len(rows) > limit

    async def get(self, account_id: UUID) -> AccountRow:
        """Raises NotFound if there is no such account."""
        async with self._database.reading() as session:
            found = await administration.account(session, account_id)
        if found is None:
            raise NotFound
        return found

    async def members(self, account_id: UUID) -> Sequence[MemberFacts]:
        """List the members of an account, the first one first.

        Raises:
            NotFound: there is no such account.
        """
        async with self._database.reading() as session:
            if await administration.account(session, account_id) is None:
                raise NotFound
            found = await memberships.members(session, account_id)
        return [MemberFacts.of(membership, email) for membership, email in found]

    async def change(self, caller: Caller, account_id: UUID, change: AccountChange) -> AccountRow:
        """Change the tier of an account, suspend it, or end its suspension.

        A suspended account keeps its data; its requests are refused, and its sockets and event streams close. A tier
        counts for what is submitted from then on.

        Raises:
            NotFound: there is no such account.
            AccountClosed: its owner has closed it.
            ValidationFailed: there is no such tier.
        """
        if change.tier is not None:
            self._require_tier(change.tier)
        async with self._database.transaction() as session:
            account = await administration.lock_account(session, account_id)
            if account is None:
                raise NotFound
            if account.closed_at is not None:
                raise AccountClosed
            moved = change.tier is not None and change.tier != account.tier
            stopped = change.suspended is not None and change.suspended != (account.suspended_at is not None)
            if moved:
                _move(session, caller, account, change)
            if stopped:
                await _suspend(session, caller, account, change)
            if moved or stopped:
                self._revocations.revoke(session, account_id)
        return await self.get(account_id)

    def _require_tier(self, tier: str) -> None:
        known = [one.id for one in self._tiers.tiers]
        if tier not in known:
            raise ValidationFailed(f"tier: one of {', '.join(known)}")


def _move(session: Session, caller: Caller, account: Account, change: AccountChange) -> None:
    former, account.tier = account.tier, change.tier or account.tier
    details = {"from": former, "to": account.tier, "reason": change.reason}
    acts.record(session, caller, TIER_CHANGED, account.id, details=details)


async def _suspend(session: Session, caller: Caller, account: Account, change: AccountChange) -> None:
    action: Action = "account.suspend" if change.suspended else "account.reinstate"
    account.suspended_at = await administration.now(session) if change.suspended else None
    acts.record(session, caller, action, account.id, details={"reason": change.reason})
