"""The schedule of erasures: they are requested, shown and canceled.

From the request on the account is closed: nothing is done for it, and nothing is sent. Nothing of it is deleted or
revoked before the grace is over, so a canceled erasure leaves its jobs, keys and API keys as they were.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from backplane import ids
from backplane.actions import Action
from backplane.db.models import Account, Erasure
from backplane.db.repositories import accounts, erasures, invitations, jobs, memberships, users, webhooks
from backplane.db.session import Database, Session
from backplane.errors import NotFound
from backplane.errors.erasure import ErasureBegun, ErasureScheduled
from backplane.errors.organizations import AccountBusy, LastOwner
from backplane.services.audit import acts, trail
from backplane.services.erasure.letters import Letters
from backplane.services.identity.revocations import Revocations
from backplane.services.organizations.changes import lock
from backplane.services.requests.caller import NO_ACCOUNT, Caller, user_of


@dataclass(frozen=True, slots=True)
class ErasureFacts:
    id: UUID
    account_id: UUID
    state: str
    requested_at: datetime
    erase_at: datetime
    backups_by: datetime | None

    @classmethod
    def of(cls, erasure: Erasure) -> Self:
        return cls(**{name: getattr(erasure, name) for name in cls.__slots__})


class Erasures:
    def __init__(
        self, database: Database, revocations: Revocations, letters: Letters, *, kept: timedelta | None
    ) -> None:
        self._database = database
        self._revocations = revocations
        self._letters = letters
        self._kept = kept
        """How long backups are kept; None if nobody has said it."""

    async def erase_user(self, caller: Caller, *, grace: timedelta) -> ErasureFacts:
        """Schedule the erasure of the user, with the personal account.

        Raises:
            ErasureScheduled: it is scheduled already.
            LastOwner: organizations with other members would be left without an owner.
            AccountBusy: jobs of the personal account have not ended.
        """
        async with self._database.transaction() as session:
            account = await self._lock_personal(session, user_of(caller))
            _demand_no_jobs(await jobs.count_unfinished(session, account.id))
            return await self._schedule(session, caller, account, grace)

    async def erase_account(self, caller: Caller, *, grace: timedelta) -> ErasureFacts:
        """Close an organization, and schedule its erasure.

        Raises:
            PersonalAccount: it is erased with its user.
            AccountBusy: jobs have not ended.
        """
        async with self._database.transaction() as session:
            held = await lock(session, caller, "account:own")
            # A submission that holds the account has committed by now, and a later one sees that it is closed.
            _demand_no_jobs(await jobs.count_unfinished(session, held.account.id))
            return await self._schedule(session, caller, held.account, grace)

    async def erase_for_operator(self, caller: Caller, account_id: UUID, *, grace: timedelta) -> ErasureFacts:
        """Schedule the erasure of an organization, or of a user, on a written demand. Unfinished jobs are ended.

        Raises:
            NotFound: there is no such account or user.
            ErasureScheduled, LastOwner: as for the user.
        """
        async with self._database.transaction() as session:
            account = await accounts.lock(session, account_id)
            if account is None:
                raise NotFound
            if account.personal:
                account = await self._lock_personal(session, account_id)
            elif await erasures.of_account(session, account_id) is not None:
                raise ErasureScheduled
            return await self._schedule(session, replace(caller, account_id=account_id), account, grace)

    async def get(self, caller: Caller) -> ErasureFacts:
        """Return the erasure of the account of the request. Raises NotFound: none is scheduled."""
        async with self._database.reading() as session:
            erasure = await erasures.of_account(session, caller.account_id)
        if erasure is None:
            raise NotFound
        return ErasureFacts.of(erasure)

    async def cancel(self, caller: Caller) -> None:
        """Cancel the erasure of the account of the request, and open the account again.

        Raises:
            NotFound: none is scheduled.
            ErasureBegun: its keys are destroyed, or are about to be.
        """
        async with self._database.transaction() as session:
            account = await accounts.lock(session, caller.account_id)
            erasure = await erasures.lock(session, caller.account_id)
            if account is None or erasure is None:
                raise NotFound
            if erasure.state != "scheduled":
                raise ErasureBegun
            await erasures.cancel(session, erasure)
            await accounts.reopen(session, account)
            self._revocations.revoke(session, account.id)
            _record(session, caller, "account.erasure_canceled", account.id)

    async def _lock_personal(self, session: Session, user_id: UUID) -> Account:
        account = await accounts.lock(session, user_id)
        if account is None or await users.lock(session, user_id) is None:
            raise NotFound
        if await erasures.of_account(session, user_id) is not None:
            raise ErasureScheduled
        await _demand_heirs(session, user_id)
        return account

    async def _schedule(self, session: Session, caller: Caller, account: Account, grace: timedelta) -> ErasureFacts:
        erasure = await erasures.add(session, account.id, personal=account.personal, grace=grace, kept=self._kept)
        await accounts.close(session, account)
        await invitations.revoke(session, account.id)
        await webhooks.disable_all(session, account.id)
        self._revocations.revoke(session, account.id)
        _record(session, caller, "account.closed", account.id, grace.days)
        await self._letters.scheduled(session, account, erasure)
        return ErasureFacts.of(erasure)


async def _demand_heirs(session: Session, user_id: UUID) -> None:
    """Raise LastOwner if organizations that other people are in would be left without an owner."""
    alone = [
        one for one in await memberships.owned_alone(session, user_id) if await memberships.count(session, one) > 1
    ]
    if alone:
        names = ", ".join(ids.to_wire("acc", one) for one in alone)
        raise LastOwner(f"Make somebody else an owner first, or close the account: {names}")


def _record(session: Session, caller: Caller, action: Action, account_id: UUID, grace_days: int | None = None) -> None:
    """Write an entry; what an operator does is in the chain of the system, too."""
    details = {} if grace_days is None else {"grace_days": grace_days}
    if caller.user_id is None:
        acts.record(session, replace(caller, account_id=NO_ACCOUNT), action, account_id, details=details)
    else:
        trail.record(session, caller, action, account_id, details=details)


def _demand_no_jobs(unfinished: dict[str, int]) -> None:
    if unfinished:
        waiting, running = unfinished.get("pending", 0), unfinished.get("processing", 0)
        raise AccountBusy(f"Jobs waiting: {waiting}, being processed: {running}. Cancel them, or wait for their end")
