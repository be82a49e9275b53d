"""Audit check: the database knows the newest checkpoint of the object store. Else nothing more is signed."""

import asyncio

from pydantic import ValidationError

from backplane.errors import ApplicationError
from backplane.settings import Settings
from backplane.wiring.operator import open_audit_restores
from imageshield.checks.database import ROLE_REMEDY, check_database
from imageshield.checks.settings import settings_of
from imageshield.checks.situation import Fault, Situation

NAME = "audit"


def check_audit(situation: Situation) -> list[Fault]:
    """Compare both, if both can be read: other checks say why not."""
    if not all(map(situation.can_ask, ("DATABASE_URL", "S3_ENDPOINT_URL"))):
        return []
    if any(fault.remedy != ROLE_REMEDY for fault in check_database(situation)):
        return []
    try:
        needed = asyncio.run(_ask(settings_of(situation)))
    except (ApplicationError, ValidationError, OSError):
        return []
    if not needed:
        return []
    problem = "the object store has a later audit checkpoint than the database: an older database was restored"
    remedy = "run `imageshield admin continue-audit` if you restored it; if not, somebody removed audit entries"
    return [Fault(NAME, problem, remedy)]


async def _ask(settings: Settings) -> bool:
    async with open_audit_restores(settings) as restores:
        return await restores.is_needed()
