"""Resets of lost second factors: one operator requests it; a second one, or the user by a mail, confirms it."""

from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from backplane.db.models import FactorReset
from backplane.db.repositories import factor_resets, users
from backplane.db.session import Database, Session
from backplane.errors import NotFound
from backplane.errors.factors import (
    FactorResetPending,
    FactorsAlreadyReset,
    NoFactorReset,
    NoSecondFactor,
    SecondOperatorRequired,
)
from backplane.errors.users import LinkExpired, LinkUnknown
from backplane.services.audit import acts
from backplane.services.identity.correspondence import Correspondence
from backplane.services.identity.factor_changes import has_factor
from backplane.services.identity.factor_removal import FactorRemoval
from backplane.services.identity.one_time_tokens import LIFETIMES, RESET_FACTORS
from backplane.services.requests.caller import Caller

LIFETIME: Final[timedelta] = LIFETIMES[RESET_FACTORS]
BY_OPERATORS, BY_USER = "two operators", "you, with the link of a mail"


class FactorResets:
    def __init__(self, database: Database, correspondence: Correspondence, removal: FactorRemoval) -> None:
        self._database = database
        self._tokens = correspondence.tokens
        self._notices = correspondence.notices
        self._removal = removal

    async def request(self, caller: Caller, user_id: UUID, reason: str | None) -> None:
        """Ask for the removal of a user's second factors, and mail the user a link that confirms or refuses it.

        Raises:
            NotFound: there is no such user.
            NoSecondFactor: the password is enough already.
            FactorResetPending: a request waits, for example of another operator at the same moment.
        """
        async with self._database.transaction() as session:
            await _lock(session, user_id)
            if not await has_factor(session, user_id):
                raise NoSecondFactor
            if not await factor_resets.add(
                session, user_id, requested_by=caller.user_id, reason=reason, lifetime=LIFETIME
            ):
                raise FactorResetPending
            await self._tokens.revoke(session, RESET_FACTORS, user_id)
            token = await self._tokens.issue(session, RESET_FACTORS, user_id)
            await self._notices.factor_reset_requested(session, user_id, token)
            acts.record(session, caller, "factor_reset.requested", user_id, details={"reason": reason})

    async def confirm(self, caller: Caller, user_id: UUID) -> None:
        """Remove the factors, as the second operator.

        Raises:
            NotFound: there is no such user.
            SecondOperatorRequired: the caller has requested it, or is the user.
            NoFactorReset: no request waits.
            FactorsAlreadyReset: none waits, and there is no factor either: another operator was first.
        """
        async with self._database.transaction() as session:
            await _lock(session, user_id)
            found = await _take(session, user_id)
            if caller.user_id in {found.requested_by, user_id}:
                raise SecondOperatorRequired
            await self._remove(session, caller, user_id, by=BY_OPERATORS)

    async def withdraw(self, caller: Caller, user_id: UUID) -> None:
        """Withdraw a request, as any operator.

        Raises:
            NotFound: there is no such user.
            NoFactorReset, FactorsAlreadyReset: no request waits.
        """
        async with self._database.transaction() as session:
            await _lock(session, user_id)
            await _take(session, user_id)
            await self._tokens.revoke(session, RESET_FACTORS, user_id)
            acts.record(session, caller, "factor_reset.withdrawn", user_id)

    async def confirm_by_link(self, caller: Caller, token: str) -> None:
        """Remove the factors, as the user who has got the mail.

        Raises:
            LinkUnknown, LinkUsed, LinkExpired: the token removes nothing.
            FactorsAlreadyReset: the user has removed them.
        """
        async with self._database.transaction() as session:
            user_id = await self._spend(session, token)
            await self._remove(session, _owner(caller, user_id), user_id, by=BY_USER)

    async def refuse_by_link(self, caller: Caller, token: str) -> None:
        """End a request, as the user who has got the mail and did not ask for it.

        Raises:
            LinkUnknown, LinkUsed, LinkExpired: the token refuses nothing.
        """
        async with self._database.transaction() as session:
            user_id = await self._spend(session, token)
            acts.record(session, _owner(caller, user_id), "factor_reset.refused", user_id)

    async def _spend(self, session: Session, token: str) -> UUID:
        user_id = await self._tokens.owner(session, RESET_FACTORS, token)
        if user_id is None or await users.lock(session, user_id) is None:
            raise LinkUnknown
        await self._tokens.spend(session, RESET_FACTORS, token)
        if await factor_resets.take(session, user_id) is None:
            raise LinkExpired  # the operator who requested it was erased, and the request with them
        return user_id

    async def _remove(self, session: Session, caller: Caller, user_id: UUID, *, by: str) -> None:
        await self._removal.remove_all(session, caller, user_id, by=by)
        await self._tokens.revoke(session, RESET_FACTORS, user_id)
        acts.record(session, caller, "factor_reset.confirmed", user_id)


async def _lock(session: Session, user_id: UUID) -> None:
    if await users.lock(session, user_id) is None:
        raise NotFound


async def _take(session: Session, user_id: UUID) -> FactorReset:
    found = await factor_resets.take(session, user_id)
    if found is None:
        raise NoFactorReset if await has_factor(session, user_id) else FactorsAlreadyReset
    return found


def _owner(caller: Caller, user_id: UUID) -> Caller:
    return replace(caller, account_id=user_id, user_id=user_id)
