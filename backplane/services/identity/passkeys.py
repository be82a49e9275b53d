"""Passkeys: registered with a name, listed, renamed, removed, and used."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from backplane import ids
from backplane.db.models import Passkey, User
from backplane.db.repositories import passkeys, users
from backplane.db.session import Database
from backplane.errors import NotFound, Unauthenticated
from backplane.errors.factors import PasskeyKnown, PasskeyRefused, PasskeysUnavailable, TooManyPasskeys
from backplane.services.audit import trail
from backplane.services.identity.ceremonies import Assertion, Credential, RelyingParty, challenge_of, id_of
from backplane.services.identity.challenges import Challenges
from backplane.services.identity.factor_changes import FactorChanges
from backplane.services.requests.caller import Caller, user_of

KIND = "passkey"
AT_MOST = 20
HANDLE_SIZE = 64
"""Bytes: WebAuthn, section 14.6.1, recommends as many random ones."""

UNAVAILABLE = "Browsers keep passkeys for a host name over https, and for localhost: the operator sets it as PUBLIC_URL"


@dataclass(frozen=True, slots=True)
class PasskeyFacts:
    id: UUID
    name: str
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, row: Passkey) -> Self:
        return cls(row.id, row.name, row.backed_up, row.created_at, row.last_used_at)


@dataclass(frozen=True, slots=True)
class UsedPasskey:
    """A passkey that has just answered a challenge."""

    user_id: UUID
    user_verified: bool
    """Whether the authenticator has asked for a fingerprint, a face or a PIN: then it is two factors in one."""


class Passkeys:
    def __init__(
        self, database: Database, challenges: Challenges, changes: FactorChanges, party: RelyingParty | None
    ) -> None:
        self._database = database
        self._challenges = challenges
        self._changes = changes
        self._party = party

    @property
    def are_available(self) -> bool:
        return self._party is not None

    async def begin(self, caller: Caller, session_id: UUID) -> dict[str, Any]:
        """Return the options of a registration, for `navigator.credentials.create`."""
        user_id = user_of(caller)
        async with self._database.transaction() as session:
            user = await users.by_id(session, user_id)
            handle = await passkeys.handle_of(session, user_id, new=secrets.token_bytes(HANDLE_SIZE))
            known = await passkeys.of_user(session, user_id)
        if user is None or handle is None:
            raise Unauthenticated
        challenge = await self._challenges.make(_registration(user_id, session_id))
        return self._require().creation_options(challenge, handle=handle, user=user.email, known=known)

    async def register(
        self, caller: Caller, session_id: UUID, credential: Credential, *, name: str
    ) -> tuple[PasskeyFacts, list[str] | None]:
        """Add a passkey; return also recovery codes where the user has none yet.

        Raises:
            PasskeyRefused: it does not answer a challenge of this login session, or not for this service.
            PasskeyKnown, TooManyPasskeys: it is there, or so many others are.
        """
        user_id, challenge = user_of(caller), challenge_of(credential)
        await self._challenges.spend(challenge, _registration(user_id, session_id))
        new = self._require().verify_new(credential, challenge)
        async with self._database.transaction() as session:
            await users.lock(session, user_id)
            if await passkeys.count(session, user_id) >= AT_MOST:
                raise TooManyPasskeys(f"At most {AT_MOST}: remove one first")
            passkey = await passkeys.add(session, id=ids.new(), user_id=user_id, name=name, **asdict(new))
            if passkey is None:
                raise PasskeyKnown
            codes = await self._changes.added(session, caller, KIND, factor_id=passkey.id, name=name)
        return PasskeyFacts.of(passkey), codes

    async def rename(self, caller: Caller, passkey_id: UUID, name: str) -> PasskeyFacts:
        async with self._database.transaction() as session:
            renamed = await passkeys.rename(session, user_of(caller), passkey_id, name)
            if renamed is None:
                raise NotFound
            trail.record(session, caller, "factor.renamed", passkey_id, details={"kind": KIND})
        return PasskeyFacts.of(renamed)

    async def remove(self, caller: Caller, passkey_id: UUID) -> None:
        user_id = user_of(caller)
        async with self._database.transaction() as session:
            await users.lock(session, user_id)
            name = await passkeys.remove(session, user_id, passkey_id)
            if name is None:
                raise NotFound
            await self._changes.removed(session, caller, KIND, factor_id=passkey_id, name=name)

    async def ask(self, purpose: str, *, user_id: UUID | None, alone: bool) -> dict[str, Any]:
        """Return the options of a log-in, for `navigator.credentials.get`.

        Args:
            purpose: What the answer is for, and for which login session or pending log-in.
            user_id: Whose passkeys; None where the authenticator names the user.
            alone: Whether no other factor comes with it, so that the authenticator must verify the user.
        """
        party = self._require()
        known: Sequence[Passkey] = ()
        if user_id is not None:
            async with self._database.reading() as session:
                known = await passkeys.of_user(session, user_id)
        return party.request_options(await self._challenges.make(purpose), known=known, alone=alone)

    async def use(self, caller: Caller, purpose: str, credential: Credential, *, user_id: UUID | None) -> UsedPasskey:
        """Use a passkey, of this user, or of the user that it names.

        Raises:
            PasskeyRefused: it is not registered, of another user, does not answer a challenge of this purpose, or not
                for this service, or its counter went back: then it may have been copied, and that is audited.
        """
        challenge = challenge_of(credential)
        await self._challenges.spend(challenge, purpose)
        async with self._database.reading() as session:
            found = await passkeys.by_credential(session, id_of(credential))
        if found is None or user_id not in (None, found[1].id):
            raise PasskeyRefused
        passkey, user = found
        shown = self._require().verify_use(credential, challenge, public_key=passkey.public_key)
        if not _is_for(user, shown.user_handle, named=user_id is not None) or user.suspended_at is not None:
            raise PasskeyRefused
        await self._count(caller, passkey, shown)
        return UsedPasskey(user.id, shown.user_verified)

    async def _count(self, caller: Caller, passkey: Passkey, shown: Assertion) -> None:
        owner = replace(caller, account_id=passkey.user_id, user_id=passkey.user_id)
        async with self._database.transaction() as session:
            counted = await passkeys.use(session, passkey.id, sign_count=shown.sign_count, backed_up=shown.backed_up)
            if not counted:
                trail.record(session, owner, "passkey.counter_back", passkey.id, outcome=trail.FAILURE)
        if not counted:
            raise PasskeyRefused

    def _require(self) -> RelyingParty:
        if self._party is None:
            raise PasskeysUnavailable(UNAVAILABLE)
        return self._party


def _is_for(user: User, handle: bytes | None, *, named: bool) -> bool:
    """Return whether the authenticator named this user; it may be silent where we have."""
    return handle == user.passkey_handle or (handle is None and named)


def _registration(user_id: UUID, session_id: UUID) -> str:
    return f"registration:{user_id.hex}:{session_id.hex}"
