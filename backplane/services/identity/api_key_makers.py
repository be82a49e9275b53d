"""API keys and the members who made them: the maker has seen a key's text, so no key may do more than its maker may."""

from uuid import UUID

from backplane import ids
from backplane.db.repositories import api_keys
from backplane.db.session import Session
from backplane.services.audit import trail
from backplane.services.identity.permissions import permitted
from backplane.services.identity.revocations import Revocations
from backplane.services.requests.caller import Caller


async def follow_role(
    session: Session, revocations: Revocations, caller: Caller, user_id: UUID, role: str | None
) -> None:
    """Revoke the keys of the caller's account that a member has made and that exceed the member's new role.

    Without a role, which is for a member who goes, these are all of them. The caller has locked the account.
    """
    for key_id in await api_keys.revoke_beyond(session, caller.account_id, user_id, permitted(role)):
        revocations.revoke(session, key_id)
        trail.record(session, caller, "api_key.revoked", key_id, details={"maker": ids.to_wire("usr", user_id)})
