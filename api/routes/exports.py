"""The route of exports of an account's data."""

from starlette.responses import Response

from api.answers.jobs import ACCEPTED, job_answer
from api.answers.problems import AUTHENTICATED, problems
from api.dependencies import AccountOwner, Exports, Jobs
from api.requests.idempotency import CODES, OncePerKey, replayable
from api.requests.preferences import Preferences
from api.routing import Router
from api.schemas.jobs import Job
from backplane.services.requests.submission import Submission

router = Router(prefix="/api/v1/me", tags=["accounts"])


@router.post(
    "/export",
    status_code=202,
    response_model=Job,
    responses={
        202: replayable(ACCEPTED),
        **problems(*AUTHENTICATED, *CODES, "reauthentication-required", "export-under-way"),
    },
)
async def export_data(caller: AccountOwner, exports: Exports, jobs: Jobs, once: OncePerKey) -> Response:
    """Export the data of an account, as a job whose result is a zip.

    Of your personal account it holds what is about you as well. It has no decrypted picture, no password and no key. It
    can be fetched for seven days, by an owner. One export of an account is made at a time.
    """
    job = await once.run(
        Submission(caller), exports.requests.submit, lambda made: jobs.views.get(caller, made.object_id)
    )
    return job_answer(job, Preferences())
