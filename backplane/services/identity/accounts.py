"""Users and their personal accounts: registration, and authentication by password."""

import asyncio
import secrets
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from passlib.context import CryptContext

from backplane import ids
from backplane.db.models import Account, User
from backplane.db.repositories import accounts, memberships, users
from backplane.db.session import Database, Session
from backplane.errors import EmailTaken, Unauthenticated
from backplane.services.audit import trail
from backplane.services.identity.permissions import OWNER
from backplane.services.requests.caller import Caller
from backplane.services.sealing.passphrases import PassphrasePool
from backplane.vault import LocalVault, VaultKey
from shield_core.keys.passphrase import clean

PASSWORDS = CryptContext(
    schemes=["argon2"], argon2__type="ID", argon2__memory_cost=65_536, argon2__rounds=3, argon2__parallelism=4
)
"""RFC 9106, section 4, second recommended option; a login with older parameters stores a new hash."""

MAX_HASHED = 4096
"""Characters: the limit of passlib, and no account has a longer password."""


@lru_cache(maxsize=1)
def dummy_hash() -> str:
    """Return a hash to verify if the account does not exist, so that both answers take the same time."""
    hashed: str = PASSWORDS.hash(secrets.token_hex())
    return hashed


def _verify(password: str, known_hash: str) -> tuple[bool, str | None]:
    """Verify a password; return whether it matches, and a new hash to replace an outdated one."""
    found = _candidates(password)
    for candidate in found:
        matches, new_hash = PASSWORDS.verify_and_update(candidate, known_hash)
        if matches:
            return True, new_hash if candidate == found[0] else PASSWORDS.hash(found[0])
    return False, None


def _candidates(password: str) -> list[str]:
    """List the forms that may have been hashed: normalized as NFC, and, by earlier releases, the raw password."""
    if len(password) > MAX_HASHED:
        return [""]  # matches no account, and is hashed anyway
    kept = _normalized(clean(password))
    return [candidate for candidate in dict.fromkeys((kept, password)) if len(candidate) <= MAX_HASHED]


def _normalized(password: str) -> str:
    return unicodedata.normalize("NFC", password)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """A user and their personal account, which has the same id."""

    id: UUID
    email: str
    tier: str
    operator: bool
    created_at: datetime

    @classmethod
    def of(cls, user: User, account: Account) -> "AccountFacts":
        return cls(user.id, user.email, account.tier, user.operator, user.created_at)


class Accounts:
    def __init__(self, database: Database, vault: LocalVault, passphrases: PassphrasePool, *, tier: str) -> None:
        self._database = database
        self._vault = vault
        self._passphrases = passphrases
        self._tier = tier
        self._any_exists = False

    async def any_exists(self) -> bool:
        """Return whether there is an account. The answer "yes" is kept: pages ask at every visit."""
        if not self._any_exists:
            async with self._database.reading() as session:
                self._any_exists = await accounts.any_exists(session)
        return self._any_exists

    async def profile(self, caller: Caller) -> AccountFacts:
        """Return what the user is.

        Raises:
            Unauthenticated: the user of the token does not exist, for example since a backup was restored.
        """
        assert caller.user_id is not None
        async with self._database.reading() as session:
            user = await users.by_id(session, caller.user_id)
            account = await accounts.by_id(session, caller.user_id)
        if user is None or account is None:
            raise Unauthenticated
        return AccountFacts.of(user, account)

    async def register(self, caller: Caller, *, email: str, password: str) -> AccountFacts:
        """Make a user with a personal account; the first user of an installation is its operator."""
        password_hash = await self._passphrases.run(lambda: PASSWORDS.hash(_normalized(password)))
        async with self._database.transaction() as session:
            await accounts.lock_registration(session)
            if await users.by_email(session, email.lower()) is not None:
                raise EmailTaken
            first = not await accounts.any_exists(session)
            if not first:
                self._vault.require()
            user = User(id=ids.new(), email=email.lower(), password_hash=password_hash, operator=first)
            key = await asyncio.to_thread(self._vault.create_account_key, user.id)
            account = await add_personal(session, user, tier=self._tier, key=key)
            owner = replace(caller, account_id=user.id, user_id=user.id)
            trail.record(session, owner, "account.registered", user.id)
        return AccountFacts.of(user, account)

    async def authenticate(self, caller: Caller, *, email: str, password: str) -> UUID:
        """Authenticate a user by password, and return the id.

        A failure is audited, and does not reveal which part was wrong.
        """
        async with self._database.reading() as session:
            user = await users.by_email(session, email.lower())
        known_hash = user.password_hash if user is not None else None
        matches, new_hash = await self._passphrases.run(lambda: _verify(password, known_hash or dummy_hash()))
        success = matches and known_hash is not None and user is not None and user.suspended_at is None
        async with self._database.transaction() as session:
            if success and user is not None and new_hash:
                await replace_hash(session, user.id, known_hash, by=new_hash)
            # Who fails is nobody known: only the chain is that of the account.
            tried = replace(caller, account_id=user.id, user_id=user.id if success else None) if user else caller
            outcome = trail.SUCCESS if success else trail.FAILURE
            trail.record(session, tried, "account.login", outcome=outcome, person=_named(caller, email))
        if user is None or not success:
            raise Unauthenticated("The email or the password is wrong")
        return user.id


def _named(caller: Caller, email: str) -> dict[str, str]:
    """Return who tried to log in, for the audit trail."""
    return {"email": email.lower(), **({"device": caller.user_agent} if caller.user_agent else {})}


async def add_personal(session: Session, user: User, *, tier: str, key: VaultKey) -> Account:
    """Write a new user and their personal account, which has the same id and a copy of the credentials."""
    account = Account(
        id=user.id,
        email=user.email,
        password_hash=user.password_hash,
        tier=tier,
        operator=user.operator,
        kek_id=key.id,
        kek_version=key.version,
    )
    users.add(session, user)
    await session.reload(user)  # before the account: its trigger makes a user where there is none
    accounts.add(session, account)
    await session.flush()
    await memberships.add(session, account_id=account.id, user_id=user.id, role=OWNER)
    return account


async def replace_hash(session: Session, user_id: UUID, known: str | None, *, by: str) -> bool:
    """Replace the hash of a password, unless the password has changed meanwhile; return whether it was replaced."""
    replaced = await users.replace_password_hash(session, user_id, known, by=by)
    if replaced:
        await accounts.copy_password_hash(session, user_id, by)
    return replaced
