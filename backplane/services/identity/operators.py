"""Operators of an installation, made at the machine itself."""

from backplane.db.models import User
from backplane.db.repositories import accounts, revocations, users
from backplane.db.session import Database, Session
from backplane.services.audit import acts
from backplane.services.identity.passwords import check_new_password, hash_password
from backplane.services.identity.registrations import Registrations
from backplane.services.requests.caller import Caller
from backplane.services.sealing.passphrases import PassphrasePool


class Operators:
    def __init__(self, database: Database, passphrases: PassphrasePool, registrations: Registrations) -> None:
        self._database = database
        self._passphrases = passphrases
        self._registrations = registrations

    async def exists(self, email: str) -> bool:
        async with self._database.reading() as session:
            return await users.by_email(session, email.lower()) is not None

    async def promote(self, caller: Caller, email: str) -> None:
        """Make an existing user an operator.

        Raises:
            LookupError: there is no such user.
        """
        async with self._database.transaction() as session:
            user = await users.by_email(session, email.lower())
            if user is None:
                raise LookupError
            await self._promote(session, caller, user)

    async def add(self, caller: Caller, email: str, password: str) -> None:
        """Make a new user who is an operator. The address counts as confirmed.

        Raises:
            PasswordTooCommon: the password is easy to guess.
            EmailTaken: there is a user with this address.
        """
        check_new_password(password, email.lower())
        password_hash = await self._passphrases.run(lambda: hash_password(password))
        async with self._database.transaction() as session:
            await self._registrations.add(session, caller, email.lower(), password_hash, operator=True, verified=True)

    async def _promote(self, session: Session, caller: Caller, user: User) -> None:
        user.operator = True
        await accounts.copy_operator(session, user.id, operator=True)
        # Every gateway sees the row within a second, and reads the rights of the user again.
        revocations.add(session, user.id)
        acts.record(session, caller, "operator.made", user.id)
