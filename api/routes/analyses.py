"""Routes that measure pictures, and return analyses, comparisons and reports."""

from typing import Annotated

from fastapi import Header, Query, Request
from starlette.responses import Response

from api.answers.documents import ANALYSIS_HEADERS, REPORT_HEADERS, preferred_format
from api.answers.downloads import HEADERS, RANGES, REFUSED_PARTS, file_response
from api.answers.jobs import ACCEPTED, FINISHED, answer_in_time
from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Pictures, Reader
from api.requests.idempotency import CODES, replayable
from api.requests.submit import UPLOAD_LIMITS, Submit, Upload
from api.requests.uploads import invalid
from api.routing import Router, accepts_upload
from api.schemas.analyses import Analysis
from api.schemas.comparisons import ComparedJobs, Comparison, TrendPeriod, Trends
from api.schemas.jobs import Job
from api.schemas.measurements import ANALYZE_FORM, AVALANCHE_FORM, Avalanche, NoOptions, ReportFormat
from backplane import ids
from backplane.services.jobs.submissions import Picture
from backplane.services.jobs.views import JobFacts
from backplane.wiring.pictures import PictureServices
from shield_core.image.limits import MAX_BYTES, MAX_ENCRYPTED_BYTES

router = Router(prefix="/api/v1", tags=["analyses"])

STATES = ("not-found", "job-not-finished", "job-failed")
PICTURES = (
    *AUTHENTICATED,
    *WITH_BODY,
    *CODES,
    "too-many-pixels",
    "unsupported-format",
    "image-corrupt",
    "image-empty",
    "webhook-url-refused",
    *UPLOAD_LIMITS,
    "role-changed",
    "storage-full",
    "gone",
    "poison",
    "time-limit-exceeded",
    "job-failed",
)
ANALYSIS_ANSWER = "The analysis; with `Prefer: wait=N` the job"
AVALANCHE_ANSWER = "What changed; with `Prefer: wait=N` the job"
PAIR = {"original": MAX_BYTES, "encrypted": MAX_ENCRYPTED_BYTES}
"""Bytes of each picture."""

BINARY = {"schema": {"type": "string", "format": "binary"}}


@router.post(
    "/analyze",
    response_model=Analysis | Job,
    openapi_extra={"requestBody": ANALYZE_FORM},
    responses={
        200: replayable(FINISHED | {"model": Analysis | Job, "description": ANALYSIS_ANSWER}),
        202: replayable(ACCEPTED),
        **problems(*PICTURES),
    },
)
@accepts_upload(limit=sum(PAIR.values()))
async def analyze(upload: Submit, pictures: Pictures) -> Response:
    """Analyze two pictures of your own, an original and its encrypted picture.

    A worker measures, and the gateway waits up to 30 seconds for the analysis and sends it; after that, or at once with
    `Prefer: respond-async`, it answers 202 with the job, and the analysis is at the job's `analysis_url`. With
    `Prefer: wait=N` the answer is the job in either case.

    Both pictures are kept encrypted until a worker has taken them, and deleted then. They have the same size and kind;
    only an encrypted image that holds a file may have another size.
    """
    job = await _submit_pair(upload, pictures)

    async def send(ended: JobFacts) -> Response:
        analysis = await pictures.analyses.find(upload.caller, ended.id)
        return await file_response(upload.request, upload.caller, analysis, pictures.results, headers=ANALYSIS_HEADERS)

    return await answer_in_time(upload, job, send)


@router.get("/analyze/compare", responses=problems(*AUTHENTICATED, *STATES, "validation-failed"))
async def compare_analyses(caller: Reader, pictures: Pictures, wanted: Annotated[ComparedJobs, Query()]) -> Comparison:
    """Compare the key numbers of several analyses, side by side."""
    job_ids = [ids.from_wire("job", job_id) for job_id in wanted.job_id]
    return Comparison.of(await pictures.analyses.side_by_side(caller, job_ids))


@router.get("/analyze/trends", responses=problems(*AUTHENTICATED, "validation-failed"))
async def get_trends(caller: Reader, pictures: Pictures, period: Annotated[TrendPeriod, Query()]) -> Trends:
    """Show what was encrypted and analyzed, day by day.

    The numbers describe encrypted pictures and durations, never an original: the numbers of an original are only in
    the analysis of its job, which is stored encrypted.
    """
    return Trends.of(await pictures.analyses.trends(caller, *period.days()))


@router.get(
    "/analyze/{job_id}",
    response_model=Analysis,
    responses={
        200: {"headers": HEADERS},
        **RANGES,
        **problems(*AUTHENTICATED, *STATES, *REFUSED_PARTS),
    },
)
async def get_analysis(request: Request, job_id: str, caller: Reader, pictures: Pictures) -> Response:
    """Get the analysis of a job, with the data of its charts.

    It exists if it was requested: with `analyze=true`, or by `POST /analyze`. It is stored encrypted with the job, and
    deleted with it.
    """
    analysis = await pictures.analyses.find(caller, ids.from_wire("job", job_id))
    return await file_response(request, caller, analysis, pictures.results, headers=ANALYSIS_HEADERS)


@router.get(
    "/jobs/{job_id}/report",
    response_class=Response,
    responses={
        200: {
            "description": "The report, as an attachment",
            "content": {"text/html": BINARY, "application/pdf": BINARY},
            "headers": HEADERS,
        },
        **RANGES,
        **problems(*AUTHENTICATED, *STATES, "validation-failed", *REFUSED_PARTS),
    },
)
async def get_report(
    *,
    request: Request,
    job_id: str,
    caller: Reader,
    pictures: Pictures,
    wanted: Annotated[ReportFormat, Query()],
    accept: Annotated[str | None, Header()] = None,
) -> Response:
    """Fetch the analysis of a job to read and to print, as HTML or PDF.

    It has no script and loads nothing. It contains numbers of the original, so it is never cached.
    """
    form = wanted.format or preferred_format(accept)
    report = await pictures.analyses.find_report(caller, ids.from_wire("job", job_id), form)
    return await file_response(request, caller, report, pictures.results, headers=REPORT_HEADERS)


@router.post(
    "/analysis/avalanche",
    response_model=Avalanche | Job,
    openapi_extra={"requestBody": AVALANCHE_FORM},
    responses={
        200: replayable(FINISHED | {"model": Avalanche | Job, "description": AVALANCHE_ANSWER}),
        202: replayable(ACCEPTED),
        **problems(*PICTURES),
    },
)
@accepts_upload(limit=MAX_BYTES)
async def check_avalanche(upload: Submit, pictures: Pictures) -> Response:
    """Flip 64 bits, one by one, and count what changes: a diffusion check, not a proof.

    Bits of the key and of the picture are flipped, under keys that are drawn for this and then deleted. The answers are
    those of `POST /analyze`; later the result is at the job's `result_url`.
    """
    job = await _submit_one(upload, pictures)

    async def send(ended: JobFacts) -> Response:
        result = await pictures.results.find(upload.caller, ended.id)
        return await file_response(upload.request, upload.caller, result, pictures.results)

    return await answer_in_time(upload, job, send)


async def _submit_pair(upload: Upload, pictures: PictureServices) -> JobFacts:
    # A function of its own, so that nothing holds the pictures while the caller waits for the job.
    files, options = await upload.read(NoOptions, files=PAIR, required="original")
    if "encrypted" not in files:
        raise invalid("Field required", kind="missing", name="encrypted")
    pair = [Picture(files[name].data, files[name].name) for name in PAIR]
    async with upload.slot():
        return await upload.submit(lambda submission: pictures.measurements.compare(submission, *pair), options, files)


async def _submit_one(upload: Upload, pictures: PictureServices) -> JobFacts:
    files, options = await upload.read(NoOptions, files={"image": MAX_BYTES}, required="image")
    picture = Picture(files["image"].data, files["image"].name)
    async with upload.slot():
        return await upload.submit(
            lambda submission: pictures.measurements.flip_bits(submission, picture), options, files
        )
