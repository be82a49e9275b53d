"""Log-ins in up to two steps: a password or a provider, then a second factor; or a passkey alone."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from backplane.bus import RedisBus
from backplane.db.repositories import users
from backplane.db.session import Database
from backplane.errors import ApplicationError
from backplane.errors.factors import LogInExpired, PasskeyRefused, SecondFactorRequired
from backplane.services.audit import trail
from backplane.services.identity.accounts import Accounts
from backplane.services.identity.ceremonies import Credential
from backplane.services.identity.devices import named
from backplane.services.identity.factors import Factors, Proof
from backplane.services.identity.principal import PASSKEY, PASSWORD
from backplane.services.requests.caller import Caller

PREFIX = "imageshield:log-in:"
PENDING_BYTES = 32
PENDING_SECONDS = 300
ALONE = "log-in"
"""The purpose of the challenge of a passkey alone."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A user who has proved who they are, and how."""

    user_id: UUID
    methods: frozenset[str]


class LogIns:
    def __init__(self, database: Database, bus: RedisBus, accounts: Accounts, factors: Factors) -> None:
        self._database = database
        self._bus = bus
        self._accounts = accounts
        self._factors = factors

    async def by_password(self, caller: Caller, *, email: str, password: str) -> LoggedIn:
        """Log in by password, in a browser.

        Raises:
            Unauthenticated: email or password is wrong.
            SecondFactorRequired: `finish` with its secret and a second factor goes on.
            Unavailable: Redis does not answer, where that is kept.
        """
        user_id = await self._accounts.authenticate(caller, email=email, password=password)
        await self.demand_second_factor(user_id)
        return LoggedIn(user_id, frozenset({PASSWORD}))

    async def demand_second_factor(self, user_id: UUID, *, first: str = PASSWORD) -> None:
        """Demand the second factor of a user who has proved the first one, if there is one.

        Raises:
            SecondFactorRequired: `finish` with its secret and a second factor goes on.
            Unavailable: Redis does not answer, where that is kept.
        """
        methods = await self._factors.methods(user_id)
        if methods:
            pending = secrets.token_urlsafe(PENDING_BYTES)
            await self._bus.keep(_name(pending), f"{user_id.hex} {first}".encode(), seconds=PENDING_SECONDS)
            raise SecondFactorRequired(methods, pending=pending)

    async def by_password_and_code(self, caller: Caller, *, email: str, password: str, proof: Proof) -> LoggedIn:
        """Log in by all factors at once, in a program.

        Raises:
            Unauthenticated: email or password is wrong.
            SecondFactorRequired: the user has a second factor, and none came.
            CodeWrong, ClockWrong, TooManyAttempts, Unavailable: as `Factors.prove`.
        """
        user_id = await self._accounts.authenticate(caller, email=email, password=password)
        methods = await self._factors.methods(user_id)
        if not methods:
            return LoggedIn(user_id, frozenset({PASSWORD}))
        if proof.is_empty:
            raise SecondFactorRequired(methods)
        return await self._prove(caller, user_id, proof, purpose="")

    async def finish(self, caller: Caller, pending: str, proof: Proof) -> LoggedIn:
        """Finish a log-in that a password, or an identity provider, began.

        Raises:
            LogInExpired: it was finished, or began too long ago.
            CodeWrong, ClockWrong, PasskeyRefused, TooManyAttempts, Unavailable: as `Factors.prove`.
        """
        user_id, first = await self._begun(pending)
        logged_in = await self._prove(caller, user_id, proof, purpose=_purpose(pending), first=first)
        if await self._bus.take(_name(pending)) is None:
            raise LogInExpired
        return logged_in

    async def ask_for_passkey(self, pending: str | None) -> dict[str, Any]:
        """Return the options for a passkey: as the second factor of a pending log-in, or alone.

        Raises:
            LogInExpired, PasskeysUnavailable, Unavailable.
        """
        if pending is None:
            return await self._factors.passkeys.ask(ALONE, user_id=None, alone=True)
        user_id, _ = await self._begun(pending)
        return await self._factors.passkeys.ask(_purpose(pending), user_id=user_id, alone=False)

    async def by_passkey(self, caller: Caller, credential: Credential) -> LoggedIn:
        """Log in by a passkey alone, which names the user. The authenticator must have verified the user.

        Raises:
            PasskeyRefused: it is not accepted.
        """
        used = await self._factors.passkeys.use(caller, ALONE, credential, user_id=None)
        owner = replace(caller, account_id=used.user_id, user_id=used.user_id)
        outcome = trail.SUCCESS if used.user_verified else trail.FAILURE
        async with self._database.transaction() as session:
            device = named(caller.user_agent)
            trail.record(session, owner, "account.login", outcome=outcome, details={"method": PASSKEY}, person=device)
        if not used.user_verified:
            raise PasskeyRefused("Alone, the passkey must ask for a fingerprint, a face or a PIN")
        return LoggedIn(used.user_id, frozenset({PASSKEY}))

    async def _prove(
        self, caller: Caller, user_id: UUID, proof: Proof, *, purpose: str, first: str = PASSWORD
    ) -> LoggedIn:
        owner = replace(caller, account_id=user_id, user_id=user_id)
        try:
            proven = await self._factors.prove(owner, user_id, proof, purpose=purpose)
        except ApplicationError as error:
            await self._record(owner, outcome=trail.FAILURE, details={"code": error.code})
            raise
        await self._record(owner, outcome=trail.SUCCESS, details={"method": proven.method})
        return LoggedIn(user_id, frozenset({first, proven.method}))

    async def _record(self, owner: Caller, *, outcome: str, details: dict[str, str]) -> None:
        async with self._database.transaction() as session:
            trail.record(session, owner, "account.second_factor", outcome=outcome, details=details)

    async def _begun(self, pending: str) -> tuple[UUID, str]:
        """Return the user of a log-in that has begun, and the first factor."""
        kept = await self._bus.look(_name(pending))
        if kept is None:
            raise LogInExpired
        number, first = kept.decode().split()
        user_id = UUID(number)
        async with self._database.reading() as session:
            user = await users.by_id(session, user_id)
        if user is None or user.suspended_at is not None:
            raise LogInExpired
        return user_id, first


def _digest(pending: str) -> str:
    return hashlib.sha256(pending.encode()).hexdigest()


def _name(pending: str) -> str:
    return PREFIX + _digest(pending)


def _purpose(pending: str) -> str:
    return f"second-factor:{_digest(pending)}"
