"""Authenticator apps: set up, confirmed by a first code, used, removed."""

from uuid import UUID

from backplane.db.repositories import one_time_passwords, users
from backplane.db.session import Database, Session
from backplane.errors import NotFound, Unauthenticated
from backplane.errors.factors import ClockWrong, CodeWrong, FactorExists, FactorNotBegun
from backplane.services.audit import trail
from backplane.services.identity import codes, tries
from backplane.services.identity.factor_changes import FactorChanges
from backplane.services.identity.tries import Tries
from backplane.services.requests.caller import Caller, user_of
from backplane.services.sealing import account_keys
from backplane.vault import LocalVault
from shield_core.keys.schedule import LABELS, framed

KIND = "authenticator-app"
TOO_FAR = "It is right for another time: set the clock of the phone, and of the server, by the network"


class AuthenticatorApps:
    def __init__(
        self, database: Database, vault: LocalVault, attempts: Tries, changes: FactorChanges, *, service: str
    ) -> None:
        self._database = database
        self._vault = vault
        self._tries = attempts
        self._changes = changes
        self._service = service

    async def begin(self, caller: Caller) -> codes.NewSecret:
        """Make a secret, which is no factor until `confirm`; an earlier one that was not confirmed ends.

        Raises:
            FactorExists: the user has an app; to change it, remove it first.
        """
        user_id, secret = user_of(caller), codes.new_secret()
        async with self._database.transaction() as session:
            user = await users.lock(session, user_id)
            if user is None:
                raise Unauthenticated
            key = await account_keys.account_key(session, self._vault, user_id)
            sealed = account_keys.seal(key, secret.encode(), _context(user_id))
            if not await one_time_passwords.begin(session, user_id, sealed):
                raise FactorExists
            trail.record(session, caller, "factor.begun", details={"kind": KIND})
        return codes.describe(secret, user=user.email, service=self._service)

    async def confirm(self, caller: Caller, code: str) -> list[str] | None:
        """Make the app a factor by a code of it; return recovery codes where the user has none yet.

        Raises:
            FactorNotBegun, FactorExists: there is nothing to confirm.
            CodeWrong, ClockWrong, TooManyAttempts, Unavailable: as `use`.
        """
        user_id = user_of(caller)
        await self._tries.begin(tries.CODE, user_id)
        async with self._database.reading() as session:
            begun = await one_time_passwords.of_user(session, user_id)
        if begun is None:
            raise FactorNotBegun
        if begun.confirmed_at is not None:
            raise FactorExists
        step = _accepted(codes.find_step(self._open(user_id, begun.secret), code))
        async with self._database.transaction() as session:
            await users.lock(session, user_id)
            if not await one_time_passwords.confirm(session, user_id, begun.secret, step=step):
                raise FactorNotBegun("It was begun again: scan the new code")
            made = await self._changes.added(session, caller, KIND)
        await self._tries.succeed(tries.CODE, user_id)
        return made

    async def remove(self, caller: Caller) -> None:
        """Remove the app.

        Raises:
            NotFound: there is none.
        """
        user_id = user_of(caller)
        async with self._database.transaction() as session:
            await users.lock(session, user_id)
            if not await one_time_passwords.remove(session, user_id):
                raise NotFound
            await self._changes.removed(session, caller, KIND)

    async def use(self, user_id: UUID, code: str) -> None:
        """Use up a code of the user's app.

        Raises:
            CodeWrong: it is not the code of this time, or was used.
            ClockWrong: it is the code of a time near this one; it is used up as well.
            TooManyAttempts: too many were wrong.
            Unavailable: Redis does not answer.
        """
        await self._tries.begin(tries.CODE, user_id)
        async with self._database.transaction() as session:
            known = await one_time_passwords.of_user(session, user_id)
            found = None
            if known is not None and known.confirmed_at is not None:
                found = codes.find_step(self._open(user_id, known.secret), code)
            # Also that of a later step: a guess must not tell when it becomes right.
            if known is None or found is None or not await _spend(session, user_id, known.secret, found[0]):
                raise CodeWrong
        _accepted(found)
        await self._tries.succeed(tries.CODE, user_id)

    def _open(self, user_id: UUID, sealed: bytes) -> str:
        return account_keys.Opener(self._vault, user_id).open(sealed, _context(user_id)).decode()


async def _spend(session: Session, user_id: UUID, secret: bytes, step: int) -> bool:
    return await one_time_passwords.use(session, user_id, secret, step=step)


def _accepted(found: tuple[int, bool] | None) -> int:
    if found is None:
        raise CodeWrong
    step, accepted = found
    if not accepted:
        raise ClockWrong(TOO_FAR)
    return step


def _context(user_id: UUID) -> bytes:
    return LABELS.second_factor + framed(user_id.bytes) + framed(b"one-time-password") + framed(user_id.bytes)
