"""Users for operators: search, suspension, operators."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from backplane.actions import Action
from backplane.db.models import User
from backplane.db.repositories import accounts, administration, users
from backplane.db.repositories.administration import UserRow
from backplane.db.session import Database, Session
from backplane.errors import NotFound
from backplane.errors.users import LastOperator
from backplane.services.audit import acts
from backplane.services.identity.lockout import Lockout
from backplane.services.identity.login_sessions import LoginSessions
from backplane.services.identity.revocations import Revocations
from backplane.services.requests.caller import Caller

__all__ = ["UserAdministration", "UserChange", "UserRow"]


@dataclass(frozen=True, slots=True)
class UserChange:
    """What changes; None leaves it as it is."""

    suspended: bool | None = None
    operator: bool | None = None
    reason: str | None = None
    """For the audit trail."""


class UserAdministration:
    def __init__(self, database: Database, revocations: Revocations, sessions: LoginSessions, lockout: Lockout) -> None:
        self._database = database
        self._revocations = revocations
        self._sessions = sessions
        self._lockout = lockout

    async def page(
        self, *, limit: int, before: UUID | None, words: str | None, operator: bool | None, reset: bool | None = None
    ) -> tuple[Sequence[UserRow], bool]:
        """Return up to `limit` users, newest first, and whether there are more."""
        async with self._database.reading() as session:
            rows = await administration.users(
                session, limit=limit + 1, before=before, words=words, operator=operator, reset=reset
            )
        return rows[:limit], len(rows) > limit

    async def get(self, user_id: UUID) -> UserRow:
        """Raises NotFound if there is no such user."""
        async with self._database.reading() as session:
            found = await administration.user(session, user_id)
        if found is None:
            raise NotFound
        return found

    async def id_of(self, email: str) -> UUID:
        """Raises NotFound if no user has the address."""
        async with self._database.reading() as session:
            found = await users.by_email(session, email.lower())
        if found is None:
            raise NotFound("No user has this address")
        return found.id

    async def unlock(self, caller: Caller, user_id: UUID) -> None:
        """Forget the wrong passwords that delay a user's next log-in.

        Raises:
            NotFound: there is no such user.
            Unavailable: Redis does not answer.
        """
        user = await self.get(user_id)
        await self._lockout.forget(user.email)
        async with self._database.transaction() as session:
            acts.record(session, caller, "user.unlock", user_id)

    async def end_sessions(self, caller: Caller, user_id: UUID) -> int:
        """End all login sessions of a user, who can log in again; return their number.

        Raises:
            NotFound: there is no such user.
        """
        async with self._database.transaction() as session:
            if await users.lock(session, user_id) is None:
                raise NotFound
            ended = await self._sessions.remove_all(session, caller, user_id)
            acts.record(session, caller, "user.end_sessions", user_id, details={"sessions": ended})
        return ended

    async def change(self, caller: Caller, user_id: UUID, change: UserChange) -> UserRow:
        """Suspend a user or end the suspension, make one an operator or take that right away.

        The login sessions of a suspended user end, and the API keys that they made are refused until it is over. Their
        accounts go on with the other members.

        Raises:
            NotFound: there is no such user.
            LastOperator: nobody could undo it.
        """
        async with self._database.transaction() as session:
            operators = await administration.lock_operators(session)
            user = await users.lock(session, user_id)
            if user is None:
                raise NotFound
            if (change.suspended or change.operator is False) and operators == [user_id]:
                raise LastOperator
            stopped = change.suspended is not None and change.suspended != (user.suspended_at is not None)
            promoted = change.operator is not None and change.operator != user.operator
            if stopped:
                await self._suspend(session, caller, user, change)
            if promoted:
                await _promote(session, caller, user, change)
            if stopped or promoted:
                self._revocations.revoke(session, user_id)
        return await self.get(user_id)

    async def _suspend(self, session: Session, caller: Caller, user: User, change: UserChange) -> None:
        action: Action = "user.suspend" if change.suspended else "user.reinstate"
        user.suspended_at = await administration.now(session) if change.suspended else None
        acts.record(session, caller, action, user.id, details={"reason": change.reason})
        if change.suspended:
            await self._sessions.remove_all(session, caller, user.id)


async def _promote(session: Session, caller: Caller, user: User, change: UserChange) -> None:
    user.operator = bool(change.operator)
    await accounts.copy_operator(session, user.id, operator=user.operator)
    action: Action = "user.operator_granted" if user.operator else "user.operator_revoked"
    acts.record(session, caller, action, user.id, details={"reason": change.reason})
