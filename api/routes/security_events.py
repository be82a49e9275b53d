"""Routes of security events: of an account, and of the installation for operators."""

from dataclasses import replace
from typing import Annotated

from fastapi import Query

from api.answers.problems import AUTHENTICATED, problems
from api.dependencies import AuditReader, Operator, SecurityReviewer, SecurityRules
from api.requests.cursors import read_cursor
from api.routing import Router
from api.schemas.security_events import SecurityEvent, SecurityEventFilter, SecurityEventPage
from backplane import ids
from backplane.services.requests.caller import NO_ACCOUNT, Caller
from backplane.services.security.facts import PREFIX

router = Router(prefix="/api/v1/security-events", tags=["audit"])
of_installation = Router(prefix="/api/v1/admin/security-events", tags=["admin"])


@router.get("", responses=problems(*AUTHENTICATED, "validation-failed"))
async def list_security_events(
    caller: AuditReader, security: SecurityRules, wanted: Annotated[SecurityEventFilter, Query()]
) -> SecurityEventPage:
    """List what the rules on the audit trail found in the account, newest first.

    Each event says what happened and what to do. A repetition within a day updates an open event, and makes no other.
    """
    return await _page(caller, security, wanted)


@router.post("/{security_event_id}/acknowledge", responses=problems(*AUTHENTICATED, "not-found"))
async def acknowledge_security_event(
    security_event_id: str, caller: SecurityReviewer, security: SecurityRules
) -> SecurityEvent:
    """Acknowledge a security event: somebody has looked at it. A second time changes nothing."""
    return SecurityEvent.of(await security.events.acknowledge(caller, ids.from_wire(PREFIX, security_event_id)))


@of_installation.get("", responses=problems(*AUTHENTICATED, "validation-failed"))
async def list_installation_security_events(
    caller: Operator, security: SecurityRules, wanted: Annotated[SecurityEventFilter, Query()]
) -> SecurityEventPage:
    """List what the rules found about the installation itself, newest first. For operators."""
    return await _page(_of_installation(caller), security, wanted)


@of_installation.post("/{security_event_id}/acknowledge", responses=problems(*AUTHENTICATED, "not-found"))
async def acknowledge_installation_security_event(
    security_event_id: str, caller: Operator, security: SecurityRules
) -> SecurityEvent:
    """Acknowledge a security event of the installation. For operators."""
    event_id = ids.from_wire(PREFIX, security_event_id)
    return SecurityEvent.of(await security.events.acknowledge(_of_installation(caller), event_id))


async def _page(caller: Caller, security: SecurityRules, wanted: SecurityEventFilter) -> SecurityEventPage:
    before = read_cursor(PREFIX, wanted.cursor)
    found, has_more = await security.events.page(caller, wanted.search(), limit=wanted.limit, before=before)
    return SecurityEventPage.of(found, has_more=has_more)


def _of_installation(caller: Caller) -> Caller:
    return replace(caller, account_id=NO_ACCOUNT)
