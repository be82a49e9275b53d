"""Confirmation of who uses a login session, before what a stolen one must not do."""

from typing import Any
from uuid import UUID

from backplane.db.session import Database
from backplane.errors import ApplicationError
from backplane.errors.factors import SecondFactorRequired
from backplane.errors.users import WrongPassword
from backplane.services.audit import trail
from backplane.services.identity import tries
from backplane.services.identity.accounts import Accounts
from backplane.services.identity.browser_sessions import CONFIRMED, BrowserSessions
from backplane.services.identity.factors import Factors, Proof
from backplane.services.identity.principal import PASSWORD
from backplane.services.identity.tries import Tries
from backplane.services.requests.caller import Caller, user_of


class Confirmations:
    def __init__(
        self, database: Database, browsers: BrowserSessions, attempts: Tries, *, accounts: Accounts, factors: Factors
    ) -> None:
        self._database = database
        self._browsers = browsers
        self._tries = attempts
        self._accounts = accounts
        self._factors = factors

    async def ask_for_passkey(self, caller: Caller, session_id: UUID) -> dict[str, Any]:
        """Return the options for a passkey of the user, with which alone `confirm` is content."""
        return await self._factors.passkeys.ask(_purpose(session_id), user_id=user_of(caller), alone=True)

    async def confirm(self, caller: Caller, session_id: UUID, *, password: str | None, proof: Proof) -> tuple[str, int]:
        """Take a password, with a second factor where there is one, or a passkey; return a new access token.

        Returns:
            The token, which says when the user was last authenticated, and for how many seconds it is valid.

        Raises:
            WrongPassword, SecondFactorRequired, CodeWrong, ClockWrong, PasskeyRefused: it is not enough.
            TooManyAttempts: too many were wrong.
            Unauthenticated: the login session has ended.
            Unavailable: Redis does not answer.
        """
        try:
            methods = await self._check(caller, session_id, password, proof)
        except ApplicationError as error:
            await self._record_failure(caller, session_id, error)
            raise
        return await self._browsers.confirm(caller, session_id, methods=methods)

    async def _check(self, caller: Caller, session_id: UUID, password: str | None, proof: Proof) -> set[str]:
        user_id, methods = user_of(caller), set()
        if password is not None:
            await self._tries.begin(tries.PASSWORD, user_id)
            if not await self._accounts.has_password(user_id, password):
                raise WrongPassword
            await self._tries.succeed(tries.PASSWORD, user_id)
            methods.add(PASSWORD)
        needed = await self._factors.methods(user_id)
        enough = bool(methods) and not needed
        if not proof.is_empty:
            proven = await self._factors.prove(caller, user_id, proof, purpose=_purpose(session_id))
            enough = proven.alone or bool(methods)
            methods.add(proven.method)
        if not enough:
            raise SecondFactorRequired(needed) if methods == {PASSWORD} else WrongPassword("The password is missing")
        return methods

    async def _record_failure(self, caller: Caller, session_id: UUID, error: ApplicationError) -> None:
        async with self._database.transaction() as session:
            trail.record(session, caller, CONFIRMED, session_id, outcome=trail.FAILURE, details={"code": error.code})


def _purpose(session_id: UUID) -> str:
    return f"confirmation:{session_id.hex}"
