"""Accounts that tests write to the database directly: a registration takes 0.3 s and 64 MiB for its Argon2id hash."""

from functools import cache

from backplane import ids
from backplane.db.models import Account
from backplane.db.repositories import accounts
from backplane.services.audit import trail
from backplane.services.identity.accounts import PASSWORDS, AccountFacts
from backplane.services.requests.caller import Caller
from backplane.wiring.resources import Resources

PASSWORD = "correct horse battery"


@cache
def hash_of(password: str) -> str:
    """Hash a password as a registration does, once in a test run."""
    return PASSWORDS.hash(password)


async def add_account(
    resources: Resources, email: str, *, password: str = PASSWORD, operator: bool = False
) -> AccountFacts:
    """Write what a registration writes: the account, its key in the vault and the audit entry."""
    account_id = ids.new()
    key = resources.vault.create_account_key(account_id)
    account = Account(
        id=account_id,
        email=email.lower(),
        password_hash=hash_of(password),
        tier="enterprise",
        operator=operator,
        kek_id=key.id,
        kek_version=key.version,
    )
    async with resources.database.transaction() as session:
        accounts.add(session, account)
        trail.record(session, Caller(account_id), "account.registered", account_id)
    return AccountFacts.of(account)
