"""Organizations of a user who is erased: nobody else is in them, or somebody else becomes their owner."""

from datetime import timedelta
from uuid import UUID

from backplane.db.repositories import accounts, erased, erasures, memberships
from backplane.db.session import Session
from backplane.services.audit import trail
from backplane.services.identity.permissions import OWNER
from backplane.services.identity.revocations import Revocations
from backplane.services.requests.caller import Caller


class Successions:
    def __init__(self, revocations: Revocations, *, kept: timedelta | None) -> None:
        self._revocations = revocations
        self._kept = kept

    async def settle(self, session: Session, user_id: UUID) -> None:
        """Erase the organizations that nobody else is in, and give others an owner.

        The request for the erasure was refused while there were others; the user can have become the last owner since.
        """
        for account_id in await erased.alone_in(session, user_id):
            await self._erase(session, account_id)
        for account_id in await memberships.owned_alone(session, user_id):
            heir = await erased.heir(session, account_id, of=user_id)
            if heir is not None:
                await self._hand_over(session, account_id, heir)

    async def _erase(self, session: Session, account_id: UUID) -> None:
        account = await accounts.lock(session, account_id)
        if account is None:
            return
        await accounts.close(session, account)
        await erasures.add(session, account_id, personal=False, grace=timedelta(0), kept=self._kept)
        self._revocations.revoke(session, account_id)
        trail.record(session, Caller.system(account_id), "account.closed", account_id, details={"grace_days": 0})

    async def _hand_over(self, session: Session, account_id: UUID, heir: UUID) -> None:
        await accounts.lock(session, account_id)
        await memberships.change_role(session, account_id, heir, OWNER)
        self._revocations.revoke(session, heir)
        trail.record(session, Caller.system(account_id), "member.role_changed", heir, details={"to": OWNER})
