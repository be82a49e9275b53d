"""Routes of the installation, for pages before a log-in: whether it is new, and the tiers that it shows."""

from fastapi import Response

from api.answers.problems import problems
from api.dependencies import Identity, Usage
from api.routing import Router
from api.schemas.installation import Setup, Tiers

router = Router(prefix="/api/v1", tags=["service"])


@router.get("/setup", responses=problems())
async def get_setup(identity: Identity) -> Setup:
    """See whether the installation has no account yet: the first one that registers is its operator."""
    return Setup(empty=not await identity.accounts.any_exists())


@router.get("/tiers", responses=problems())
async def list_tiers(usage: Usage, response: Response) -> Tiers:
    """See the tiers with their prices and limits, for a page that shows them.

    The operator writes the table (`TIERS_FILE`). New accounts have the tier `default`. A request over a limit is
    refused with the limit, its use and the time of its reset.
    """
    response.headers["Cache-Control"] = "public, max-age=300"
    return Tiers.of(usage.tiers)
