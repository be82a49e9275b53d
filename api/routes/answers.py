"""The answers that both kinds of submission give."""

from math import ceil

from starlette.responses import JSONResponse

from api.preferences import Preferences
from api.schemas.jobs import Job, url
from backplane.services.jobs import JobFacts

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
    headers = {"Location": url(facts)} | prefer.applied(finished=facts.ended)
    finished = facts.ended and prefer.wait is not None
    if not finished:
        headers["Retry-After"] = str(max(1, ceil(facts.estimated_ms / 1000)))
    return JSONResponse(Job.of(facts).model_dump(mode="json"), status_code=200 if finished else 202, headers=headers)
