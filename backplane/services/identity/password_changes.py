"""Changes of a password: by a user who knows the current one, or by a link in a mail."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from backplane.db.models import User
from backplane.db.repositories import accounts, users
from backplane.db.session import Database, Session
from backplane.errors import Unauthenticated
from backplane.errors.factors import SecondFactorRequired
from backplane.errors.users import LinkUnknown, MailNotConfigured, WrongPassword
from backplane.services.audit import trail
from backplane.services.identity.correspondence import Correspondence
from backplane.services.identity.factors import Factors, Proof
from backplane.services.identity.lockout import Lockout
from backplane.services.identity.login_sessions import LoginSessions
from backplane.services.identity.notices import NOBODY, recipient_of
from backplane.services.identity.one_time_tokens import RESET_PASSWORD
from backplane.services.identity.passwords import check_new_password, dummy_hash, hash_password, verify_password
from backplane.services.requests.caller import Caller
from backplane.services.sealing.passphrases import PassphrasePool

RESET_PAGE = "/reset-password"
NO_PROOF = Proof()


class PasswordChanges:
    def __init__(
        self,
        database: Database,
        passphrases: PassphrasePool,
        correspondence: Correspondence,
        *,
        lockout: Lockout,
        sessions: LoginSessions,
        factors: Factors,
    ) -> None:
        self._database = database
        self._passphrases = passphrases
        self._mails = correspondence.mails
        self._throttle = correspondence.throttle
        self._notices = correspondence.notices
        self._tokens = correspondence.tokens
        self._lockout = lockout
        self._sessions = sessions
        self._factors = factors

    async def change(
        self, caller: Caller, session_id: UUID | None, *, current: str, new: str, proof: Proof = NO_PROOF
    ) -> None:
        """Change the password of the caller, and end all other login sessions.

        The user of a browser has just confirmed who they are, with all factors. A program proves it here.

        Raises:
            WrongPassword: the current password is another one.
            SecondFactorRequired, CodeWrong, ClockWrong: a program's user has a second factor, and it did not come.
            TooManyAttempts: after too many wrong ones the caller has to wait.
            PasswordTooCommon: the new password is easy to guess.
        """
        assert caller.user_id is not None
        async with self._database.reading() as session:
            user = await users.by_id(session, caller.user_id)
        if user is None:
            raise Unauthenticated
        check_new_password(new, user.email)
        await self._verify(caller, user, current)
        if caller.program:
            await self._demand_second_factor(caller, user.id, proof)
        password_hash = await self._passphrases.run(lambda: hash_password(new))
        async with self._database.transaction() as session:
            locked = await users.lock(session, user.id)
            if locked is None or locked.password_hash != user.password_hash:
                raise WrongPassword("The password was changed meanwhile")
            await self._store(session, caller, locked, password_hash, but=session_id)

    async def request_reset(self, caller: Caller, email: str) -> None:
        """Mail a link to the address, if a user has it; the work and the time are the same for any address.

        Raises:
            MailNotConfigured: this installation sends no mail.
            Unavailable: Redis does not answer.
        """
        if not self._mails.enabled:
            raise MailNotConfigured("Ask the operator to set a new password")
        email = email.lower()
        allowed = await self._throttle.allows(email)
        async with self._database.transaction() as session:
            user = await users.by_email(session, email)
            if user is not None and user.suspended_at is not None:
                user = None
            token = await self._tokens.issue(session, RESET_PASSWORD, user.id if user is not None else None)
            link = self._mails.page(RESET_PAGE, token=token)
            recipient = recipient_of(user) if user is not None else NOBODY
            dropped = user is None or not allowed
            await self._mails.send(session, recipient, "password-reset", dropped=dropped, link=link)
            asked = replace(caller, account_id=user.id, user_id=user.id) if user is not None else caller
            trail.record(session, asked, "password.reset_requested")

    async def reset(self, caller: Caller, token: str, *, new: str) -> None:
        """Set a new password by the token of a mail, and end all login sessions. The address is thereby confirmed.

        Raises:
            LinkUnknown, LinkUsed, LinkExpired: the token sets no password.
            PasswordTooCommon: the new password is easy to guess; the token can be used again.
        """
        password_hash = await self._passphrases.run(lambda: hash_password(new))
        async with self._database.transaction() as session:
            spent = await self._tokens.spend(session, RESET_PASSWORD, token)
            user = await users.lock(session, spent.user_id) if spent.user_id is not None else None
            if user is None:
                raise LinkUnknown
            check_new_password(new, user.email)
            user.email_verified_at = user.email_verified_at or datetime.now(UTC)
            owner = replace(caller, account_id=user.id, user_id=user.id)
            await self._store(session, owner, user, password_hash, but=None)
        await self._lockout.forget(user.email)

    async def _verify(self, caller: Caller, user: User, current: str) -> None:
        # The caller has an access token: this is a known device, and counts by itself.
        attempt = await self._lockout.begin(caller, user.email, known_device=True)
        try:
            known_hash = user.password_hash or dummy_hash()
            matches, _ = await self._passphrases.run(lambda: verify_password(current, known_hash))
        except BaseException:
            await self._lockout.leave(attempt)
            raise
        if matches:
            await self._lockout.succeed(attempt)
            return
        await self._lockout.fail(attempt)
        async with self._database.transaction() as session:
            trail.record(session, caller, "password.changed", user.id, outcome=trail.FAILURE)
        raise WrongPassword

    async def _demand_second_factor(self, caller: Caller, user_id: UUID, proof: Proof) -> None:
        methods = await self._factors.methods(user_id)
        if not methods:
            return
        if proof.is_empty:
            raise SecondFactorRequired(methods)
        await self._factors.prove(caller, user_id, proof, purpose="")

    async def _store(
        self, session: Session, caller: Caller, user: User, password_hash: str, *, but: UUID | None
    ) -> None:
        user.password_hash, user.password_changed_at = password_hash, datetime.now(UTC)
        await accounts.copy_password_hash(session, user.id, password_hash)
        await self._tokens.revoke(session, RESET_PASSWORD, user.id)
        await self._sessions.remove_all(session, caller, user.id, but=but)
        trail.record(session, caller, "password.changed", user.id)
        await self._notices.password_changed(session, caller, user)
