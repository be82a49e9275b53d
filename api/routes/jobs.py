"""Routes of jobs: views, cancellation, retry, deletion, results and receipts."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api.answers.downloads import HEADERS, RANGES, REFUSED_PARTS, content_disposition, file_response, whole_response
from api.answers.jobs import ACCEPTED, job_answer
from api.answers.problems import AUTHENTICATED, problems
from api.dependencies import Canceler, Jobs, Keys, MaterialReader, Pictures, Reader, Remover, ResultReader, Writer
from api.requests.cursors import read_cursor
from api.requests.idempotency import CODES, OncePerKey, replayable
from api.requests.preferences import Preferences
from api.routing import Router
from api.schemas.jobs import Job, JobFilter, JobPage
from backplane import ids
from backplane.errors import JobFailed, JobNotFinished, NotFound
from backplane.services.requests.submission import Submission
from shield_core.image.facts import UNKNOWN_MEDIA_TYPE

router = Router(prefix="/api/v1/jobs", tags=["jobs"])
BYTES = {"schema": {"type": "string", "format": "binary"}}


@router.get("", responses=problems(*AUTHENTICATED, "validation-failed"))
async def list_jobs(caller: Reader, jobs: Jobs, wanted: Annotated[JobFilter, Query()]) -> JobPage:
    """List your jobs, newest first, in pages.

    Send `next_cursor` as `cursor` for the next page; new jobs do not shift it.
    """
    found, has_more = await jobs.views.page(
        caller,
        limit=wanted.limit,
        before=read_cursor("job", wanted.cursor),
        created_after=wanted.created_after,
        created_before=wanted.created_before,
        beginning=wanted.q.removeprefix("job_") if wanted.q is not None else None,
        wanted=wanted.wanted(),
        status=wanted.status,
        kind=wanted.kind,
        purity_requested=wanted.purity,
    )
    data = [Job.of(facts) for facts in found]
    return JobPage(data=data, has_more=has_more, next_cursor=data[-1].job_id if has_more else None)


@router.get("/{job_id}", responses=problems(*AUTHENTICATED, "not-found"))
async def get_job(job_id: str, caller: Reader, jobs: Jobs) -> Job:
    """Get a job. Another account's job is the same 404 as one that never existed."""
    return Job.of(await jobs.views.get(caller, ids.from_wire("job", job_id)))


@router.post(
    "/{job_id}/cancel",
    status_code=202,
    responses={
        200: {"model": Job, "description": "The job, cancelled"},
        202: {"model": Job, "description": "A worker has the job and was asked to stop: `cancel_requested`"},
        **problems(*AUTHENTICATED, "not-found", "job-finished"),
    },
)
async def cancel_job(job_id: str, caller: Canceler, jobs: Jobs, response: Response) -> Job:
    """Cancel a job.

    A waiting job is cancelled at once. A running one can no longer complete, and its worker stops at its next report,
    or within five seconds: the job ends as `cancelled`, or as `failed` if that comes first. Its inputs and results are
    deleted. A completed or failed job is 409 `job-finished`.
    """
    job = await jobs.steering.cancel(caller, ids.from_wire("job", job_id))
    response.status_code = 200 if job.ended else 202
    return Job.of(job)


@router.post(
    "/{job_id}/retry",
    status_code=202,
    response_model=Job,
    responses={
        202: replayable(ACCEPTED),
        **problems(
            *AUTHENTICATED,
            *CODES,
            "validation-failed",
            "not-found",
            "job-not-finished",
            "job-finished",
            "gone",
            "quota-exceeded",
            "role-changed",
        ),
    },
)
async def retry_job(job_id: str, caller: Writer, jobs: Jobs, once: OncePerKey) -> Response:
    """Retry a failed job with the same inputs: for 24 hours, then this is 410.

    It keeps its id, enters the queue again and has three attempts. The numbers of its events continue. A wrong password
    stays wrong: send the picture again with the right one.
    """
    failed = ids.from_wire("job", job_id)
    job = await once.run(
        Submission(caller),
        lambda submission: jobs.steering.retry(submission, failed),
        lambda _: jobs.views.get(caller, failed),
    )
    return job_answer(job, Preferences())


@router.delete(
    "/{job_id}",
    status_code=204,
    responses=problems(*AUTHENTICATED, "reauthentication-required", "not-found", "job-not-finished"),
)
async def delete_job(job_id: str, caller: Remover, jobs: Jobs) -> None:
    """Delete an ended job with all its results, except its key.

    From now on it is 404, and its files are deleted within seconds. The key is kept, because copies of the encrypted
    picture may still exist. A picture of `maximum` purity does not open without its material, which is deleted: fetch
    it first.
    """
    await jobs.steering.delete(caller, ids.from_wire("job", job_id))


@router.get(
    "/{job_id}/result",
    response_class=Response,
    responses={
        200: {"description": "The bytes, as an attachment", "content": {"image/*": BYTES}, "headers": HEADERS},
        **RANGES,
        **problems(*AUTHENTICATED, "not-found", "job-not-finished", "job-failed", "gone", *REFUSED_PARTS),
    },
)
async def get_result(request: Request, job_id: str, caller: ResultReader, pictures: Pictures) -> Response:
    """Fetch the result of the job: the encrypted image, the decrypted picture, the analysis, or the zip of an export.

    A decrypted picture is kept for 15 minutes, or for 60 seconds once all of it has arrived, in one answer or in ranges
    that cover it; then this is 410. A download that breaks off costs nothing: fetch the rest with `Range`, `If-Range`.
    """
    result = await pictures.results.find(caller, ids.from_wire("job", job_id))
    return await file_response(request, caller, result, pictures.results)


@router.get(
    "/{job_id}/material",
    response_class=Response,
    responses={
        200: {
            "description": "The bytes, as an attachment",
            "content": {"application/octet-stream": BYTES},
            "headers": HEADERS,
        },
        **RANGES,
        **problems(
            *AUTHENTICATED,
            "reauthentication-required",
            "not-found",
            "job-not-finished",
            "job-failed",
            "gone",
            *REFUSED_PARTS,
        ),
    },
)
async def get_material(request: Request, job_id: str, caller: MaterialReader, pictures: Pictures) -> Response:
    """Fetch the material file of a picture that was encrypted with `maximum` purity.

    The picture does not open without it, and it is useless without the key file: it is encrypted under the file key.
    """
    material = await pictures.results.find_material(caller, ids.from_wire("job", job_id))
    return await file_response(request, caller, material, pictures.results)


@router.get(
    "/{job_id}/header",
    response_class=Response,
    responses={
        200: {
            "description": "Header and tag, as an attachment: docs/reference/format.md, Detached decryption",
            "content": {UNKNOWN_MEDIA_TYPE: BYTES},
        },
        **problems(*AUTHENTICATED, "not-found", "job-not-finished", "job-failed", "gone"),
    },
)
async def get_header(job_id: str, caller: Reader, keys: Keys) -> Response:
    """Fetch the header of an encrypted image, with its tag: what another program drops when it saves the image again.

    `imageshield decrypt --header` decrypts such a picture offline with it, and `POST /decrypt` with `detached=true`
    without it. It is no secret: it is in the encrypted image, and opens nothing without the key file.
    """
    header = await keys.header(caller, ids.from_wire("job", job_id))
    return whole_response(header, name=f"{job_id}.enc.qhdr", media_type=UNKNOWN_MEDIA_TYPE)


@router.get(
    "/{job_id}/receipt",
    responses={
        200: {
            "description": "The receipt, as an attachment: docs/reference/receipts.md",
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        **problems(*AUTHENTICATED, "not-found", "job-not-finished", "job-failed"),
    },
)
async def get_receipt(job_id: str, caller: Reader, jobs: Jobs) -> Response:
    """Fetch the receipt: where every random bit of the job's key came from, and for which encrypted image.

    The `statement` names the source, its circuits and its health tests, and what entropy it is credited with: of a
    simulator, zero. The key file carries the statement's SHA-256. `signer` names the key of `/.well-known/jwks.json`
    that verifies `signature_b64`, or is null in a receipt from before receipts were signed. Keep the bytes as they
    come: `imageshield verify` checks them offline. A decrypt job draws no key and has no receipt.
    """
    job = await jobs.views.get(caller, ids.from_wire("job", job_id))
    if not job.ended:
        raise JobNotFinished
    if job.status != "completed":
        raise JobFailed(job.error_title)
    if not job.has_receipt:
        raise NotFound("This job drew no key")
    return Response(
        await jobs.views.receipt(caller, job.id),
        media_type="application/json",
        headers={"Content-Disposition": content_disposition(f"{job_id}.receipt.json")},
    )
