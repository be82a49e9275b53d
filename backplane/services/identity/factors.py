"""The second factors of a user together: what there is, and one that proves who the user is."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from backplane.db.repositories import one_time_passwords, passkeys, users
from backplane.db.repositories import recovery_codes as stored_codes
from backplane.db.session import Database, ReadSession
from backplane.errors.factors import CodeWrong, NoSecondFactor
from backplane.services.audit import trail
from backplane.services.identity import recovery_codes, tries
from backplane.services.identity.authenticator_apps import AuthenticatorApps
from backplane.services.identity.ceremonies import Credential
from backplane.services.identity.factor_changes import has_factor
from backplane.services.identity.passkeys import PasskeyFacts, Passkeys
from backplane.services.identity.principal import ONE_TIME_PASSWORD, PASSKEY, RECOVERY_CODE
from backplane.services.identity.tries import Tries
from backplane.services.requests.caller import Caller, user_of
from backplane.vault import LocalVault


@dataclass(frozen=True, slots=True)
class FactorFacts:
    app_since: datetime | None
    """Since when there is an authenticator app; None without one."""
    passkeys: Sequence[PasskeyFacts]
    codes_left: int

    @property
    def codes_low(self) -> bool:
        return self.any and self.codes_left <= recovery_codes.LOW

    @property
    def any(self) -> bool:
        return self.app_since is not None or bool(self.passkeys)


@dataclass(frozen=True, slots=True)
class Proof:
    """One second factor, as a request brings it."""

    otp: str | None = field(default=None, repr=False)
    recovery_code: str | None = field(default=None, repr=False)
    passkey: Credential | None = field(default=None, repr=False)

    @property
    def is_empty(self) -> bool:
        return self.otp is None and self.recovery_code is None and self.passkey is None


@dataclass(frozen=True, slots=True)
class Proven:
    """The method of a second factor, and whether it is enough without a password."""

    method: str
    alone: bool = False


class Factors:
    def __init__(
        self,
        database: Database,
        vault: LocalVault,
        attempts: Tries,
        *,
        apps: AuthenticatorApps,
        keys: Passkeys,
    ) -> None:
        self._database = database
        self._vault = vault
        self._tries = attempts
        self.apps = apps
        self.passkeys = keys

    async def list(self, caller: Caller) -> FactorFacts:
        async with self._database.reading() as session:
            return await _facts(session, user_of(caller))

    async def methods(self, user_id: UUID) -> tuple[str, ...]:
        """Return the second factors that a user can log in with; empty if the password is enough."""
        async with self._database.reading() as session:
            facts = await _facts(session, user_id)
        if not facts.any:
            return ()
        has = {
            ONE_TIME_PASSWORD: facts.app_since is not None,
            PASSKEY: bool(facts.passkeys),
            RECOVERY_CODE: facts.codes_left > 0,
        }
        return tuple(method for method, is_there in has.items() if is_there)

    async def prove(self, caller: Caller, user_id: UUID, proof: Proof, *, purpose: str) -> Proven:
        """Check one second factor of a user, and use it up. A failure is audited.

        Raises:
            CodeWrong, ClockWrong, PasskeyRefused: it is not accepted.
            TooManyAttempts: too many were wrong.
            Unavailable: Redis does not answer.
        """
        if proof.passkey is not None:
            used = await self.passkeys.use(caller, purpose, proof.passkey, user_id=user_id)
            return Proven(PASSKEY, alone=used.user_verified)
        if proof.recovery_code is not None:
            await self._use_recovery_code(caller, user_id, proof.recovery_code)
            return Proven(RECOVERY_CODE)
        await self.apps.use(user_id, proof.otp or "")
        return Proven(ONE_TIME_PASSWORD)

    async def renew_recovery_codes(self, caller: Caller) -> Sequence[str]:
        """Make new recovery codes, shown once; the earlier ones end.

        Raises:
            NoSecondFactor: there is nothing that they would stand in for.
        """
        user_id = user_of(caller)
        async with self._database.transaction() as session:
            await users.lock(session, user_id)
            if not await has_factor(session, user_id):
                raise NoSecondFactor
            made = await recovery_codes.replace(session, self._vault, user_id)
            trail.record(session, caller, "recovery_codes.renewed")
        return made

    async def _use_recovery_code(self, caller: Caller, user_id: UUID, code: str) -> None:
        await self._tries.begin(tries.RECOVERY, user_id)
        owner = replace(caller, account_id=user_id, user_id=user_id)
        async with self._database.transaction() as session:
            if not await recovery_codes.use(session, self._vault, user_id, code):
                raise CodeWrong
            trail.record(session, owner, "recovery_code.used")
        await self._tries.succeed(tries.RECOVERY, user_id)


async def _facts(session: ReadSession, user_id: UUID) -> FactorFacts:
    app = await one_time_passwords.of_user(session, user_id)
    return FactorFacts(
        app_since=app.confirmed_at if app is not None else None,
        passkeys=[PasskeyFacts.of(one) for one in await passkeys.of_user(session, user_id)],
        codes_left=await stored_codes.count_unused(session, user_id),
    )
