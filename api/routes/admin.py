"""Routes of operators: dead letters."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.answers.jobs import ACCEPTED, job_answer
from api.answers.problems import AUTHENTICATED, problems
from api.dependencies import Jobs, Operator
from api.requests.cursors import read_cursor
from api.requests.preferences import Preferences
from api.routing import Router
from api.schemas.dead_letters import DeadLetter, DeadLetterPage
from api.schemas.jobs import Job
from api.schemas.values import WholeNumber
from backplane import ids

router = Router(prefix="/api/v1/admin", tags=["admin"])


@router.get("/dead-letters", responses=problems(*AUTHENTICATED, "validation-failed"))
async def list_dead_letters(
    caller: Operator,
    jobs: Jobs,
    limit: Annotated[WholeNumber, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=64, description="The `next_cursor` of the page before")] = None,
) -> DeadLetterPage:
    """List the jobs of all accounts that were given up as `poison`, newest first. For operators.

    In all three attempts each job stopped its worker or failed. The list has the kind of the job and the size of the
    picture, but nothing that the picture shows.
    """
    found, has_more = await jobs.dead_letters.page(caller, limit=limit, before=read_cursor("job", cursor))
    letters = [DeadLetter.of(facts) for facts in found]
    return DeadLetterPage(data=letters, has_more=has_more, next_cursor=letters[-1].job_id if has_more else None)


@router.post(
    "/dead-letters/{job_id}/redrive",
    status_code=202,
    response_model=Job,
    responses={202: ACCEPTED, **problems(*AUTHENTICATED, "not-found", "gone")},
)
async def redrive_dead_letter(job_id: str, caller: Operator, jobs: Jobs) -> Response:
    """Try a job that was given up again, with three new attempts. For operators.

    Do it when the cause is removed, for example by more memory or a fixed release. The inputs of the job are kept for
    24 hours after its failure; then this is 410.
    """
    job = await jobs.dead_letters.redrive(caller, ids.from_wire("job", job_id))
    return job_answer(job, Preferences())
