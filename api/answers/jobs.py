"""The answers that submissions give."""

from collections.abc import Awaitable, Callable
from math import ceil

from starlette.responses import JSONResponse, Response

from api.live.waiting import wait_for_end
from api.requests.preferences import Preferences
from api.requests.submit import Upload
from api.schemas.jobs import Job
from backplane.errors import JobFailed, of_failed_job
from backplane.services.jobs.views import CANCELLED, JobFacts
from backplane.services.requests.links import job_url
from backplane.settings import Settings

FINISHED = {
    "model": Job,
    "description": "The finished job, completed or failed, where `Prefer: wait=N` sufficed",
    "headers": {"Preference-Applied": {"schema": {"type": "string"}, "description": "`wait=N`"}},
}
ACCEPTED = {
    "model": Job,
    "description": "The job was taken and will end by itself",
    "headers": {
        "Location": {"schema": {"type": "string"}, "description": "The job"},
        "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds after which to look again"},
        "Preference-Applied": {"schema": {"type": "string"}, "description": "`respond-async`, where asked for"},
    },
}


def job_answer(facts: JobFacts, prefer: Preferences) -> JSONResponse:
    """Answer with the job: 200 where the caller asked to wait and it has ended, else 202."""
    finished = facts.ended and prefer.wait is not None
    headers = {"Location": job_url(facts.id)} | prefer.applied(finished=finished)
    if not finished:
        headers["Retry-After"] = str(max(1, ceil(facts.estimated_ms / 1000)))
    return JSONResponse(Job.of(facts).model_dump(mode="json"), status_code=200 if finished else 202, headers=headers)


async def answer_with_job(upload: Upload, job: JobFacts) -> JSONResponse:
    """Release the body, wait as long as the caller prefers, and answer with the job."""
    upload.release()
    if upload.prefer.wait is not None:
        job = await wait_for_end(upload.request, upload.caller, upload.jobs, job, seconds=upload.prefer.wait)
    return job_answer(job, upload.prefer)


async def answer_in_time(upload: Upload, job: JobFacts, send: Callable[[JobFacts], Awaitable[Response]]) -> Response:
    """Answer with what the job made, as `send` sends it, if it ends in time and the caller did not ask for the job."""
    upload.release()
    request, prefer = upload.request, upload.prefer
    seconds = _patience(prefer, request.app.state.settings)
    if seconds is not None:
        job = await wait_for_end(request, upload.caller, upload.jobs, job, seconds=seconds)
    if seconds is None or not job.ended or prefer.wait is not None:
        return job_answer(job, prefer)
    if job.status == "cancelled":
        raise JobFailed(CANCELLED)
    if job.status != "completed":
        raise of_failed_job(job.error_code or "job-failed", job.error_title or "The job has failed", job.error_detail)
    return await send(job)


def _patience(prefer: Preferences, settings: Settings) -> float | None:
    # RFC 7240, section 4.3: with both preferences, wait first and answer early only after that.
    if prefer.wait is not None:
        return prefer.wait
    return None if prefer.respond_async else settings.synchronous_wait_seconds
