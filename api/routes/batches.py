"""Routes of batches: up to a hundred pictures in one request."""

import asyncio
from math import ceil
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from api.admission import demand, principal_of, require_recent, require_session
from api.answers.downloads import NO_RANGES, content_disposition
from api.answers.jobs import ACCEPTED, FINISHED
from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Batches, Canceler, Identity, Reader, Remover, ResultReader, Writer
from api.live.waiting import wait_for_batch
from api.requests.cursors import read_cursor
from api.requests.idempotency import CODES, replayable
from api.requests.preferences import Preferences
from api.requests.submit import UPLOAD_LIMITS, Submit, Upload
from api.requests.uploads import File, stream_form
from api.routing import Router, accepts_upload, head_response
from api.schemas.batches import BATCH_FORM, Batch, BatchFilter, BatchPage, BatchSummary, DownloadOptions
from api.schemas.images import BatchOptions
from backplane import ids
from backplane.errors import ApplicationError
from backplane.services.batches.intake import Intake
from backplane.services.batches.unpacking import MAX_ARCHIVE_BYTES, MAX_ITEMS, Archive
from backplane.services.batches.views import BatchFacts
from backplane.services.identity.principal import Principal
from backplane.services.jobs.submissions import Picture
from backplane.services.requests.idempotency import Made
from backplane.services.requests.links import batch_url
from backplane.services.requests.submission import Submission
from backplane.wiring.batches import BatchServices
from backplane.wiring.identity import IdentityServices
from shield_core.image.limits import MAX_BYTES

FILES = {"images": MAX_BYTES, "archive": MAX_ARCHIVE_BYTES}
PASSING = {"images": MAX_ITEMS}
LONGEST_RETRY_SECONDS = 60

router = Router(prefix="/api/v1", tags=["batches"])


@router.post(
    "/batch/encrypt",
    status_code=202,
    response_model=Batch,
    openapi_extra={"requestBody": BATCH_FORM},
    responses={
        200: replayable(FINISHED | {"model": Batch, "description": "The batch, where `Prefer: wait=N` sufficed"}),
        202: replayable(ACCEPTED | {"model": Batch, "description": "The batch; refused pictures are items of it"}),
        **problems(
            *AUTHENTICATED,
            *WITH_BODY,
            *CODES,
            "gone",
            "custody-conflict",
            "webhook-url-refused",
            *UPLOAD_LIMITS,
            "role-changed",
            "storage-full",
        ),
    },
)
@accepts_upload(limit=MAX_ITEMS * MAX_BYTES)
async def encrypt_batch(upload: Submit, batches: Batches) -> Response:
    """Encrypt up to a hundred pictures, sent as `images` or as one zip in `archive`.

    Each becomes a job with the same options. An unfit picture is an item of the batch with its `error`, and the others
    continue; even if all are unfit, the answer is a batch. `regions` belong to a single picture and are refused here.
    Follow the batch at its `Location`, or all its jobs on one progress socket.
    """
    batch = await _submit(upload, batches)
    upload.release()
    prefer = upload.prefer
    if prefer.wait is not None:
        batch = await wait_for_batch(upload.request, upload.caller, batches, batch, seconds=prefer.wait)
    return _answer(batch, prefer)


@router.get("/batches", responses=problems(*AUTHENTICATED, "validation-failed"))
async def list_batches(caller: Reader, batches: Batches, wanted: Annotated[BatchFilter, Query()]) -> BatchPage:
    """List your batches, newest first, in pages and without their items.

    Send `next_cursor` as `cursor` for the next page; new batches do not shift it.
    """
    found, has_more = await batches.views.page(
        caller, limit=wanted.limit, before=read_cursor("bat", wanted.cursor), wanted=wanted.wanted()
    )
    data = [BatchSummary.of(facts) for facts in found]
    return BatchPage(data=data, has_more=has_more, next_cursor=data[-1].batch_id if has_more else None)


@router.get("/batches/{batch_id}", responses=problems(*AUTHENTICATED, "not-found"))
async def get_batch(batch_id: str, caller: Reader, batches: Batches) -> Batch:
    """Get a batch with its items, in the order in which they were sent.

    It no longer has items whose jobs you have deleted. Another account's batch is the same 404 as one that never
    existed.
    """
    return Batch.of(await batches.views.get(caller, ids.from_wire("bat", batch_id)))


@router.post(
    "/batches/{batch_id}/cancel", status_code=202, responses=problems(*AUTHENTICATED, "not-found", "job-finished")
)
async def cancel_batch(batch_id: str, caller: Canceler, batches: Batches) -> Batch:
    """Cancel the jobs of a batch that have not ended.

    Waiting jobs are cancelled at once; running ones stop at their next step. Completed ones stay, and their results can
    be fetched.
    """
    return Batch.of(await batches.steering.cancel(caller, ids.from_wire("bat", batch_id)))


@router.post(
    "/batches/{batch_id}/retry",
    status_code=202,
    responses=problems(*AUTHENTICATED, "not-found", "job-finished", "job-not-finished", "gone", "quota-exceeded"),
)
async def retry_batch(batch_id: str, caller: Writer, batches: Batches) -> Batch:
    """Retry the failed jobs of a batch, under the same ids.

    The inputs of a job are kept for 24 hours after its failure. A picture that was refused has no job and cannot be
    retried: send it in another batch.
    """
    return Batch.of(await batches.steering.retry(caller, ids.from_wire("bat", batch_id)))


@router.delete(
    "/batches/{batch_id}",
    status_code=204,
    responses=problems(*AUTHENTICATED, "reauthentication-required", "not-found", "job-not-finished"),
)
async def delete_batch(batch_id: str, caller: Remover, batches: Batches) -> None:
    """Delete an ended batch, with all its jobs and their results.

    It is invisible at once. The keys are kept, because copies of the encrypted pictures may still exist.
    """
    await batches.steering.delete(caller, ids.from_wire("bat", batch_id))


@router.get(
    "/batches/{batch_id}/result",
    response_class=Response,
    responses={
        200: {
            "description": "A zip, as an attachment, with `manifest.json` as its last file",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems(
            *AUTHENTICATED, "reauthentication-required", "not-found", "job-not-finished", "gone", "validation-failed"
        ),
    },
)
async def get_batch_result(
    *,
    request: Request,
    batch_id: str,
    caller: ResultReader,
    batches: Batches,
    identity: Identity,
    wanted: Annotated[DownloadOptions, Query()],
) -> Response:
    """Fetch all results of a batch, as one zip.

    For each completed picture `NAME.enc.png`, its receipt, and its material where it has some; with `key_files=true`
    also its key file, which holds a managed key in plaintext. With material or key files, the user of a browser has
    confirmed who they are within ten minutes. `manifest.json` names every item with its files, the SHA-256 of its
    encrypted picture, or its error. The zip is made while you fetch it: if that fails in the middle, the connection is
    cut and the zip has no directory, so that no unpacker accepts it as complete.
    """
    principal = principal_of(request)
    if wanted.key_files:
        demand(caller, principal, "keys:export")
        await _require_proof(identity, principal)
    facts = await batches.results.find(caller, ids.from_wire("bat", batch_id), partial=wanted.partial)
    if any(item.has_material for item in facts.items):
        await _require_proof(identity, principal)
    headers = {"Content-Disposition": content_disposition(f"{batch_id}.zip"), "Cache-Control": "no-store", **NO_RANGES}
    if request.method == "HEAD":
        return head_response(headers, media_type="application/zip")
    pieces = await batches.results.open(caller, facts, key_files=wanted.key_files)
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


async def _require_proof(identity: IdentityServices, principal: Principal) -> None:
    await require_session(identity, principal)
    require_recent(principal)


async def _submit(upload: Upload, batches: BatchServices) -> BatchFacts:
    caller = upload.caller
    async with batches.intake.begin(Submission(caller)) as intake:

        async def take(name: str, file: File) -> None:
            async with upload.slot():
                await intake.add(Picture(file.data, file.name), name=name)

        async def create(submission: Submission) -> BatchFacts:
            batch_id = await batches.intake.submit(submission, intake, options.encrypt_request())
            return await batches.views.get(caller, batch_id)

        async def again(made: Made) -> BatchFacts:
            return await batches.views.get(caller, made.object_id)

        files, options = await stream_form(upload.request, BatchOptions, files=FILES, passing=PASSING, take=take)
        if "archive" in files:
            await _unpack(files["archive"].data, intake, upload)
        submission = Submission(caller, webhook_url=options.webhook_url, note=options.note())
        return await upload.once.run(submission, create, again, options=options, digests=intake.digests)


async def _unpack(data: bytes, intake: Intake, upload: Upload) -> None:
    archive = await asyncio.to_thread(Archive, data)
    for entry in archive.entries:
        async with upload.slot():
            try:
                picture = await asyncio.to_thread(archive.read, entry)
            except ApplicationError as error:
                intake.refuse(entry.filename, error)
            else:
                await intake.add(Picture(picture, entry.filename), name="archive")
                del picture


def _answer(facts: BatchFacts, prefer: Preferences) -> JSONResponse:
    finished = facts.counts.ended and prefer.wait is not None
    headers = {"Location": batch_url(facts.id)} | prefer.applied(finished=finished)
    if not finished:
        headers["Retry-After"] = str(min(LONGEST_RETRY_SECONDS, max(1, ceil(facts.estimated_ms / 1000))))
    return JSONResponse(Batch.of(facts).model_dump(mode="json"), status_code=200 if finished else 202, headers=headers)
