"""Accounts that tests write to the database directly: a registration takes 0.3 s and 64 MiB for its Argon2id hash."""

from functools import cache

from backplane import ids
from backplane.db.models import User
from backplane.services.audit import trail
from backplane.services.identity.accounts import AccountFacts, add_personal
from backplane.services.identity.passwords import PASSWORDS
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
    """Write what a registration writes: the user, the account, its key in the vault and the audit entry."""
    user = User(id=ids.new(), email=email.lower(), password_hash=hash_of(password), operator=operator)
    key = resources.vault.create_account_key(user.id)
    async with resources.database.transaction() as session:
        account = await add_personal(session, user, tier="enterprise", key=key)
        trail.record(session, Caller(user.id, user_id=user.id), "account.registered", user.id)
    return AccountFacts.of(user, account)
