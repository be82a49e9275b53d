"""What every change of a user's second factors brings with it: audit entry, mail, recovery codes."""

from uuid import UUID

from backplane.db.repositories import one_time_passwords, passkeys
from backplane.db.repositories import recovery_codes as stored_codes
from backplane.db.session import ReadSession, Session
from backplane.services.audit import trail
from backplane.services.identity import recovery_codes
from backplane.services.identity.notices import Notices
from backplane.services.requests.caller import Caller, user_of
from backplane.vault import LocalVault

NAMES = {"authenticator-app": "authenticator app", "passkey": "passkey"}
"""The kinds of factors, as mails call them."""


class FactorChanges:
    def __init__(self, vault: LocalVault, notices: Notices) -> None:
        self._vault = vault
        self._notices = notices

    async def added(
        self, session: Session, caller: Caller, kind: str, *, factor_id: UUID | None = None, name: str = ""
    ) -> list[str] | None:
        """Follow an added factor; return recovery codes, shown once, where the user has none."""
        user_id = user_of(caller)
        trail.record(session, caller, "factor.added", factor_id, details={"kind": kind})
        await self._notices.factor_added(session, user_id, NAMES[kind], name or NAMES[kind])
        if await stored_codes.count_unused(session, user_id):
            return None
        return await recovery_codes.replace(session, self._vault, user_id)

    async def removed(
        self, session: Session, caller: Caller, kind: str, *, factor_id: UUID | None = None, name: str = ""
    ) -> None:
        """Follow a removed factor; without any, recovery codes are for nothing."""
        user_id = user_of(caller)
        last = not await has_factor(session, user_id)
        trail.record(session, caller, "factor.removed", factor_id, details={"kind": kind, "last": last})
        await self._notices.factor_removed(session, user_id, NAMES[kind], name or NAMES[kind])
        if last:
            await stored_codes.remove(session, user_id)


async def has_factor(session: ReadSession, user_id: UUID) -> bool:
    """Return whether a password alone does not log the user in."""
    return await one_time_passwords.is_on(session, user_id) or await passkeys.count(session, user_id) > 0
