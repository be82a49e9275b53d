from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api.answers.downloads import HEADERS, RANGES, REFUSED_PARTS, content_disposition, file_response
from api.answers.jobs import ACCEPTED, job_answer
from api.answers.problems import AUTHENTICATED, problems
from api.dependencies import Reader, Remover, RequestId, Services, Writer
from api.requests.cursors import read_cursor
from api.requests.idempotency import CODES, OncePerKey, replayable
from api.requests.preferences import Preferences
from api.routing import Router
from api.schemas.jobs import Job, JobFilter, JobPage
from backplane import ids
from backplane.errors import JobFailed, JobNotFinished, NotFound
from backplane.services.requests.submission import Order

router = Router(prefix="/api/v1/jobs", tags=["jobs"])
BYTES = {"schema": {"type": "string", "format": "binary"}}


@router.get("", responses=problems(*AUTHENTICATED, "validation-failed"))
async def list_jobs(caller: Reader, services: Services, wanted: Annotated[JobFilter, Query()]) -> JobPage:
    """List your jobs, newest first, in pages.

    Send `next_cursor` as `cursor` for the page after; jobs that come meanwhile do not shift it.
    """
    found, has_more = await services.jobs.page(
        caller.account_id,
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
    jobs = [Job.of(facts) for facts in found]
    return JobPage(data=jobs, has_more=has_more, next_cursor=jobs[-1].job_id if has_more else None)


@router.get("/{job_id}", responses=problems(*AUTHENTICATED, "not-found"))
async def get_job(job_id: str, caller: Reader, services: Services) -> Job:
    """Get a job. Another account's job is the same 404 as one that never was."""
    return Job.of(await services.jobs.get(caller.account_id, ids.from_wire("job", job_id)))


@router.post(
    "/{job_id}/cancel",
    status_code=202,
    responses={
        200: {"model": Job, "description": "The job, cancelled"},
        202: {"model": Job, "description": "A worker has the job and was asked to stop: `cancel_requested`"},
        **problems(*AUTHENTICATED, "not-found", "job-finished"),
    },
)
async def cancel_job(
    job_id: str, caller: Remover, services: Services, request_id: RequestId, response: Response
) -> Job:
    """Cancel a job.

    One that waits is cancelled at once. One that is being worked on can no longer complete, and its worker stops at its
    next report, or within five seconds: it ends as `cancelled`, or as `failed` where that comes first. What was sent
    for it and what it made are deleted. One that has completed or failed is 409 `job-finished`.
    """
    job = await services.steering.cancel(caller.account_id, ids.from_wire("job", job_id), request_id=request_id)
    response.status_code = 200 if job.ended else 202
    return Job.of(job)


@router.post(
    "/{job_id}/retry",
    status_code=202,
    response_model=Job,
    responses={
        202: replayable(ACCEPTED),
        **problems(
            *AUTHENTICATED, *CODES, "validation-failed", "not-found", "job-not-finished", "job-finished", "gone"
        ),
    },
)
async def retry_job(
    job_id: str, caller: Writer, services: Services, request_id: RequestId, once: OncePerKey
) -> Response:
    """Try a failed job again, with what was sent for it: for 24 hours, then this is 410.

    It keeps its id, waits for its turn anew and has three attempts; its events are numbered on from its failure. A
    wrong password is as wrong the second time: send the picture again with the right one.
    """
    failed = ids.from_wire("job", job_id)
    order = Order(caller.account_id, request_id)
    job = await once.job(order, lambda reserved: services.steering.retry(reserved, failed))
    return job_answer(job, Preferences())


@router.delete(
    "/{job_id}",
    status_code=204,
    responses=problems(*AUTHENTICATED, "not-found", "job-not-finished"),
)
async def delete_job(job_id: str, caller: Remover, services: Services, request_id: RequestId) -> None:
    """Delete an ended job with everything it made, its key apart.

    From now on it is 404, and its files go within seconds. The key stays, for the encrypted picture may lie anywhere;
    of `maximum` purity the picture does not open without the material, which goes: fetch it first.
    """
    await services.steering.delete(caller.account_id, ids.from_wire("job", job_id), request_id=request_id)


@router.get(
    "/{job_id}/result",
    response_class=Response,
    responses={
        200: {"description": "The bytes, as an attachment", "content": {"image/*": BYTES}, "headers": HEADERS},
        **RANGES,
        **problems(*AUTHENTICATED, "not-found", "job-not-finished", "job-failed", "gone", *REFUSED_PARTS),
    },
)
async def get_result(request: Request, job_id: str, caller: Reader, services: Services) -> Response:
    """Fetch what the job made: the encrypted image, the decrypted picture, or what was measured.

    A decrypted picture is kept for 15 minutes, or for 60 seconds once all of it has arrived, in one answer or in ranges
    that cover it; then this is 410. A download that breaks off costs nothing: fetch the rest with `Range`, `If-Range`.
    """
    result = await services.results.find(caller.account_id, ids.from_wire("job", job_id))
    return await file_response(request, result, services.results)


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
        **problems(*AUTHENTICATED, "not-found", "job-not-finished", "job-failed", "gone", *REFUSED_PARTS),
    },
)
async def get_material(request: Request, job_id: str, caller: Reader, services: Services) -> Response:
    """Fetch the material file of a picture that was encrypted with `maximum` purity.

    The picture does not open without it, and it is of no use without the key file: it is encrypted under the file key.
    """
    material = await services.results.find_material(caller.account_id, ids.from_wire("job", job_id))
    return await file_response(request, material, services.results)


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
async def get_receipt(job_id: str, caller: Reader, services: Services) -> Response:
    """Fetch the receipt: where every random bit of the job's key came from, and for which encrypted image.

    The `statement` names the source, its circuits and its health tests, and what entropy it is credited with: of a
    simulator, zero. The key file carries the statement's SHA-256. `signer` names the key of `/.well-known/jwks.json`
    that verifies `signature_b64`, or is null in a receipt from before receipts were signed. Keep the bytes as they
    come: `imageshield verify` checks them offline. A decrypt job draws no key and has no receipt.
    """
    job = await services.jobs.get(caller.account_id, ids.from_wire("job", job_id))
    if not job.ended:
        raise JobNotFinished
    if job.status != "completed":
        raise JobFailed(job.error_title)
    if not job.has_receipt:
        raise NotFound("This job drew no key")
    return Response(
        await services.jobs.receipt(caller.account_id, job.id),
        media_type="application/json",
        headers={"Content-Disposition": content_disposition(f"{job_id}.receipt.json")},
    )
