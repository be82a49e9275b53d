"""Who has an account, and proving it with a password."""

import asyncio
import secrets
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from passlib.context import CryptContext

from backplane import ids
from backplane.db.models import Account
from backplane.db.repositories import accounts, audit
from backplane.db.session import Database
from backplane.errors import EmailTaken, Unauthenticated
from backplane.services.passphrases import PassphrasePool
from backplane.vault import LocalVault

PASSWORDS = CryptContext(
    schemes=["argon2"], argon2__type="ID", argon2__memory_cost=65_536, argon2__rounds=3, argon2__parallelism=4
)
"""RFC 9106, section 4, second recommended option; a login with older parameters is hashed anew."""


@lru_cache(maxsize=1)
def nobody() -> str:
    """A hash to verify where there is no such account, so that both answers take the same time."""
    hashed: str = PASSWORDS.hash(secrets.token_hex())
    return hashed


@dataclass(frozen=True, slots=True)
class AccountFacts:
    id: UUID
    email: str
    tier: str
    operator: bool

    @classmethod
    def of(cls, account: Account) -> "AccountFacts":
        return cls(account.id, account.email, account.tier, account.operator)


class Accounts:
    def __init__(self, database: Database, vault: LocalVault, passphrases: PassphrasePool) -> None:
        self._database = database
        self._vault = vault
        self._passphrases = passphrases

    async def register(self, *, email: str, password: str, request_id: str | None) -> AccountFacts:
        """Make an account; the first one of an installation is its operator."""
        password_hash = await self._passphrases.run(lambda: PASSWORDS.hash(password))
        async with self._database.transaction() as session:
            await accounts.lock_registration(session)
            if await accounts.by_email(session, email.lower()) is not None:
                raise EmailTaken
            first = not await accounts.any_exists(session)
            if not first:
                self._vault.require()
            account_id = ids.new()
            key = await asyncio.to_thread(self._vault.create_account_key, account_id)
            account = Account(
                id=account_id,
                email=email.lower(),
                password_hash=password_hash,
                tier="enterprise",
                operator=first,
                kek_id=key.id,
                kek_version=key.version,
            )
            session.add(account)
            audit.add(
                session,
                action="account.registered",
                outcome="success",
                account_id=account_id,
                object_id=account_id,
                request_id=request_id,
            )
        return AccountFacts.of(account)

    async def authenticate(self, *, email: str, password: str, request_id: str | None) -> AccountFacts:
        """Prove an account by its password; a failure is audited too, and does not say which part was wrong."""
        async with self._database.reading() as session:
            account = await accounts.by_email(session, email.lower())
        known_hash = account.password_hash if account is not None else None
        matches, new_hash = await self._passphrases.run(
            lambda: PASSWORDS.verify_and_update(password, known_hash or nobody())
        )
        success = matches and account is not None
        async with self._database.transaction() as session:
            if success and account is not None and new_hash:
                await accounts.set_password_hash(session, account.id, new_hash)
            audit.add(
                session,
                action="account.login",
                outcome="success" if success else "failure",
                account_id=account.id if account is not None else None,
                request_id=request_id,
            )
        if account is None or not success:
            raise Unauthenticated("The email or the password is wrong")
        return AccountFacts.of(account)
