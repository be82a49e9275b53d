"""The route that encrypts a picture."""

from starlette.responses import Response

from api.answers.jobs import ACCEPTED, FINISHED, answer_with_job
from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Pictures
from api.requests.idempotency import CODES, replayable
from api.requests.submit import UPLOAD_LIMITS, Submit, Upload
from api.routing import Router, accepts_upload
from api.schemas.images import ENCRYPT_FORM, EncryptOptions
from api.schemas.jobs import Job
from backplane.services.jobs.submissions import Picture
from backplane.services.jobs.views import JobFacts
from backplane.wiring.pictures import PictureServices
from shield_core.image.limits import MAX_BYTES

router = Router(prefix="/api/v1", tags=["images"])


@router.post(
    "/encrypt",
    status_code=202,
    response_model=Job,
    openapi_extra={"requestBody": ENCRYPT_FORM},
    responses={
        200: replayable(FINISHED),
        202: replayable(ACCEPTED),
        **problems(
            *AUTHENTICATED,
            *WITH_BODY,
            *CODES,
            "gone",
            "too-many-pixels",
            "unsupported-format",
            "image-corrupt",
            "image-empty",
            "layout-not-exact",
            "region-invalid",
            "custody-conflict",
            "webhook-url-refused",
            *UPLOAD_LIMITS,
            "role-changed",
            "storage-full",
        ),
    },
)
@accepts_upload(limit=MAX_BYTES)
async def encrypt(upload: Submit, pictures: Pictures) -> Response:
    """Encrypt a picture.

    The header of the picture is checked, and the picture is stored encrypted until a worker reads it; the original is
    deleted when the job has completed. Follow the job at its `Location`, or on the progress socket.
    """
    job = await _submit(upload, pictures)
    return await answer_with_job(upload, job)


async def _submit(upload: Upload, pictures: PictureServices) -> JobFacts:
    # A function of its own, so that nothing holds the picture while the caller waits for the job.
    files, options = await upload.read(EncryptOptions, files={"image": MAX_BYTES}, required="image")
    picture = Picture(files["image"].data, files["image"].name)
    async with upload.slot():
        return await upload.submit(
            lambda submission: pictures.encryptions.submit(submission, picture, options.encrypt_request()),
            options,
            files,
        )
