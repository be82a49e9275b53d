"""Users and their personal accounts, and authentication by password."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from backplane import ids
from backplane.db.models import Account, User
from backplane.db.repositories import accounts, login_sessions, memberships, users
from backplane.db.session import Database, Session
from backplane.errors import Unauthenticated
from backplane.services.audit import trail
from backplane.services.identity import devices
from backplane.services.identity.lockout import Lockout
from backplane.services.identity.login_sessions import whence
from backplane.services.identity.notices import Notices
from backplane.services.identity.passwords import dummy_hash, verify_password
from backplane.services.identity.permissions import OWNER
from backplane.services.requests.caller import Caller
from backplane.services.sealing.passphrases import PassphrasePool
from backplane.vault import VaultKey


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
    def __init__(self, database: Database, passphrases: PassphrasePool, lockout: Lockout, notices: Notices) -> None:
        self._database = database
        self._passphrases = passphrases
        self._lockout = lockout
        self._notices = notices
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

    async def authenticate(self, caller: Caller, *, email: str, password: str) -> UUID:
        """Authenticate a user by password, and return the id.

        A failure is audited, and does not reveal which part was wrong.

        Raises:
            Unauthenticated: there is no such user, or the password is wrong.
            TooManyAttempts: after too many wrong passwords the caller has to wait.
            Unavailable: Redis does not answer, where they are counted.
        """
        email = email.lower()
        async with self._database.reading() as session:
            user = await users.by_email(session, email)
            # Asked for an unknown address as well, so that both take the same time.
            known_device = await login_sessions.is_known(
                session, ids.new() if user is None else user.id, **whence(caller)
            )
        attempt = await self._lockout.begin(caller, email, known_device=known_device)
        known_hash = user.password_hash if user is not None else None
        try:
            matches, new_hash = await self._passphrases.run(
                lambda: verify_password(password, known_hash or dummy_hash())
            )
        except BaseException:
            await self._lockout.leave(attempt)
            raise
        success = matches and known_hash is not None and user is not None and user.suspended_at is None
        locked = False
        if success:
            await self._lockout.succeed(attempt)
        else:
            locked = await self._lockout.fail(attempt)
        async with self._database.transaction() as session:
            if success and user is not None and new_hash:
                await replace_hash(session, user.id, known_hash, by=new_hash)
            # Who fails is nobody known: only the chain is that of the account.
            tried = replace(caller, account_id=user.id, user_id=user.id if success else None) if user else caller
            outcome = trail.SUCCESS if success else trail.FAILURE
            trail.record(session, tried, "account.login", outcome=outcome, person=_named(caller, email))
            if locked:
                await self._notices.account_locked(session, caller, user)
        if user is None or not success:
            raise Unauthenticated("The email or the password is wrong")
        return user.id

    async def has_password(self, user_id: UUID, password: str) -> bool:
        """Return whether this is the password of a user; the caller counts the tries."""
        async with self._database.reading() as session:
            user = await users.by_id(session, user_id)
        known_hash = user.password_hash if user is not None else None
        matches, _ = await self._passphrases.run(lambda: verify_password(password, known_hash or dummy_hash()))
        return matches and known_hash is not None


def _named(caller: Caller, email: str) -> dict[str, str]:
    """Return who tried to log in, for the audit trail."""
    return {"email": email.lower(), **devices.named(caller.user_agent)}


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
