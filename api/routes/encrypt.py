from fastapi import Request
from starlette.responses import Response

from api.answers.jobs import ACCEPTED, FINISHED, job_answer
from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import RequestId, Services, Writer
from api.live.waiting import wait_for_end
from api.middleware.bodies import release
from api.requests.idempotency import CODES, Once, OncePerKey, replayable
from api.requests.preferences import Preferred
from api.requests.uploads import read_form
from api.routing import Router
from api.schemas.images import ENCRYPT_FORM, EncryptOptions
from api.schemas.jobs import Job
from backplane.services.jobs.submissions import Upload
from backplane.services.jobs.views import JobFacts
from backplane.services.requests.submission import Order
from backplane.wiring import GatewayServices
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
            "storage-full",
        ),
    },
)
async def encrypt(
    *,
    request: Request,
    caller: Writer,
    services: Services,
    prefer: Preferred,
    request_id: RequestId,
    once: OncePerKey,
) -> Response:
    """Encrypt a picture.

    The picture is checked by its header and kept encrypted until a worker has taken it; its original is deleted when
    the job has completed. Follow the job at its `Location`, or on the progress socket.
    """
    job = await _submit(request, Order(caller.account_id, request_id), services, once)
    release(request)
    if prefer.wait is not None:
        job = await wait_for_end(request, caller.account_id, job, seconds=prefer.wait)
    return job_answer(job, prefer)


async def _submit(request: Request, order: Order, services: GatewayServices, once: Once) -> JobFacts:
    # A function of its own, so that nothing holds the picture while the caller waits for the job.
    files, options = await read_form(request, EncryptOptions, files={"image": MAX_BYTES}, required="image")
    image = files["image"]

    async def create(order: Order) -> JobFacts:
        return await services.encryptions.submit(order, Upload(image.data, image.name), options.encrypt_request())

    async with request.app.state.submission_slots:
        return await once.job(order.telling(options.webhook_url, options.note()), create, options=options, files=files)
