"""The removal of all second factors of a user who has lost them."""

from uuid import UUID

from backplane.db.repositories import one_time_passwords, passkeys, recovery_codes
from backplane.db.session import Session
from backplane.errors.factors import FactorsAlreadyReset
from backplane.services.identity.login_sessions import LoginSessions
from backplane.services.identity.notices import Notices
from backplane.services.requests.caller import Caller


class FactorRemoval:
    def __init__(self, sessions: LoginSessions, notices: Notices) -> None:
        self._sessions = sessions
        self._notices = notices

    async def remove_all(self, session: Session, caller: Caller, user_id: UUID, *, by: str) -> None:
        """Remove the second factors and recovery codes of a locked user, and end the login sessions.

        The caller has made sure that it is the user who asks: by a second operator or by a mail, as `by` says.

        Raises:
            FactorsAlreadyReset: there is no factor left.
        """
        had_app = await one_time_passwords.remove(session, user_id)
        had_passkeys = await passkeys.remove_all(session, user_id)
        if not had_app and not had_passkeys:
            raise FactorsAlreadyReset
        await recovery_codes.remove(session, user_id)
        await self._sessions.remove_all(session, caller, user_id)
        await self._notices.factors_reset(session, user_id, by=by)
