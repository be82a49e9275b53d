"""The route of usage."""

from typing import Annotated

from fastapi import Query

from api.answers.problems import AUTHENTICATED, problems
from api.dependencies import Usage, UsageReader
from api.routing import Router
from api.schemas import usage as schemas

router = Router(prefix="/api/v1", tags=["accounts"])


@router.get("/usage", responses=problems(*AUTHENTICATED, "validation-failed"))
async def get_usage(
    caller: UsageReader, usage: Usage, wanted: Annotated[schemas.UsagePeriod, Query()]
) -> schemas.Usage:
    """See what the account has used of its tier, in its month.

    A month begins on the day on which the account was made, and on the last day of a shorter month, at 00:00 UTC. Each
    run of an encryption counts when it is accepted, and no longer when it has failed or was cancelled.
    """
    return schemas.Usage.of(await usage.reports.month(caller, wanted.period))
