"""Erasures that are due, done by the relay: keys first, then objects, then rows.

Each step can be repeated, so that after a crash the erasure goes through all of them again. Of two relays that do the
same, one ends it. Transactions are short, and none locks what belongs to another account.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from backplane import failpoints, ids
from backplane.actions import Action
from backplane.db.models import Erasure
from backplane.db.repositories import accounts, erased, erasures, users
from backplane.db.session import Database, Session
from backplane.errors import ApplicationError
from backplane.services.audit import trail
from backplane.services.erasure.keys import KeyDestruction
from backplane.services.erasure.letters import Letters, owners
from backplane.services.erasure.removal import Removal
from backplane.services.erasure.successions import Successions
from backplane.services.identity.revocations import Revocations
from backplane.services.requests.caller import Caller

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Steps:
    """What is done between the begin and the end."""

    successions: Successions
    keys: KeyDestruction
    removal: Removal


class ErasureRuns:
    def __init__(
        self,
        database: Database,
        steps: Steps,
        revocations: Revocations,
        letters: Letters,
        *,
        kept: timedelta | None,
    ) -> None:
        self._database = database
        self._keys = steps.keys
        self._removal = steps.removal
        self._successions = steps.successions
        self._revocations = revocations
        self._letters = letters
        self._kept = kept

    async def run_due(self) -> None:
        """Do every erasure that is due, as far as it goes: what hinders one is no reason to wait for the others."""
        async with self._database.reading() as session:
            due = await erasures.due(session)
        for account_id in due:
            try:
                await self.run(account_id)
            except ApplicationError as error:
                log.warning("erasure.waiting", account=ids.to_wire("acc", account_id), code=error.code)
            except Exception:
                log.exception("erasure.crashed", account=ids.to_wire("acc", account_id))

    async def run(self, account_id: UUID) -> bool:
        """Erase an account; return False while a worker still works for it.

        Raises:
            Unavailable: a service is away, or a backup is being made.
        """
        await self._begin(account_id)
        failpoints.reach("erasure.begun")
        await self._keys.destroy(account_id)
        if not (await self._removal.end_jobs(account_id) and await self._removal.remove_jobs(account_id)):
            return False
        await self._removal.remove_rows(account_id)
        await self._end(account_id)
        failpoints.reach("erasure.done")
        return True

    async def _begin(self, account_id: UUID) -> None:
        """End every login session of the user, and settle what becomes of the organizations."""
        async with self._database.transaction() as session:
            erasure = await erasures.lock(session, account_id)
            if erasure is None or erasure.state != "scheduled":
                return
            trail.record(session, Caller.system(account_id), "account.erasure_begun", account_id)
            if erasure.personal:
                await self._shut_out(session, account_id)
            self._revocations.revoke(session, account_id)
            await erasures.begin(session, erasure)

    async def _shut_out(self, session: Session, user_id: UUID) -> None:
        await erased.suspend(session, user_id)
        for session_id in await erased.end_sessions(session, user_id):
            self._revocations.revoke(session, session_id)
        await self._successions.settle(session, user_id)

    async def _end(self, account_id: UUID) -> None:
        """Delete the last rows, and say so: in the chain of the system, and by mail."""
        async with self._database.transaction() as session:
            erasure = await erasures.lock(session, account_id)
            if erasure is None:
                return
            account = await accounts.lock(session, account_id)
            addresses = await owners(session, account) if account is not None else ()
            if erasure.personal:
                await self._remove_user(session, account_id)
            await erased.remove_account(session, account_id)
            self._revocations.revoke(session, account_id)
            trail.record(session, Caller.system(), _action(erasure), account_id)
            done_at = await erasures.end(session, erasure, kept=self._kept)
            await self._letters.done(session, addresses, done_at, erasure.backups_by)
            failpoints.reach("erasure.ending")
        log.info("erasure.done", account=ids.to_wire("acc", account_id))

    async def _remove_user(self, session: Session, user_id: UUID) -> None:
        for account_id in await erased.organizations(session, user_id):
            trail.record(session, Caller.system(account_id), "member.erased", user_id)
        user = await users.lock(session, user_id)
        if user is not None:
            await erased.remove_user(session, user)


def _action(erasure: Erasure) -> Action:
    return "user.erased" if erasure.personal else "account.erased"
