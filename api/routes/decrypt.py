"""The route that decrypts a picture."""

from typing import Any

from starlette.responses import Response

from api.answers.downloads import HEADERS, file_response
from api.answers.jobs import ACCEPTED, FINISHED, answer_in_time
from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Pictures
from api.rates import count_unlock
from api.requests.idempotency import CODES, replayable
from api.requests.submit import UPLOAD_LIMITS, Submit, Upload
from api.routing import Router, accepts_upload
from api.schemas.images import DECRYPT_FORM, DecryptOptions
from api.schemas.jobs import Job
from backplane import ids
from backplane.services.jobs.submissions import Picture
from backplane.services.jobs.views import JobFacts
from backplane.services.requests.links import result_url
from backplane.services.requests.submission import Submission
from backplane.wiring.pictures import PictureServices
from shield_core.image.facts import MEDIA_TYPES, UNKNOWN_MEDIA_TYPE
from shield_core.image.limits import MAX_ENCRYPTED_BYTES, MAX_MATERIAL_BYTES

MAX_KEY_FILE = 1024 * 1024
LIMITS = {"encrypted_image": MAX_ENCRYPTED_BYTES, "key_file": MAX_KEY_FILE, "material": MAX_MATERIAL_BYTES}
"""Bytes of each file."""

router = Router(prefix="/api/v1", tags=["images"])

PICTURE: dict[str, Any] = {
    "description": "The picture, as an attachment; with `Prefer: wait=N` the finished job instead",
    "content": {
        media_type: {"schema": {"type": "string", "format": "binary"}}
        for media_type in (*sorted(MEDIA_TYPES.values()), "image/*", UNKNOWN_MEDIA_TYPE)
    },
    "headers": {
        "Content-Disposition": {"schema": {"type": "string"}, "description": "`attachment` and the file's name"},
        "Content-Location": {"schema": {"type": "string"}, "description": "Where it is fetched again, and in parts"},
        "ETag": HEADERS["ETag"],
    },
}


@router.post(
    "/decrypt",
    response_model=Job,
    openapi_extra={"requestBody": DECRYPT_FORM},
    responses={
        200: replayable(FINISHED | PICTURE | {"headers": FINISHED["headers"] | PICTURE["headers"]}),
        202: replayable(ACCEPTED),
        **problems(
            *AUTHENTICATED,
            *WITH_BODY,
            *CODES,
            "decryption-failed",
            "header-missing",
            "picture-converted",
            "image-corrupt",
            "too-many-pixels",
            "not-found",
            "gone",
            "unsupported-format",
            "image-empty",
            "key-file-required",
            "key-file-too-costly",
            "later-version",
            "material-required",
            "key-file-invalid",
            "client-custody",
            "webhook-url-refused",
            *UPLOAD_LIMITS,
            "role-changed",
            "storage-full",
            "poison",
            "time-limit-exceeded",
            "job-failed",
        ),
    },
)
@accepts_upload(limit=sum(LIMITS.values()))
async def decrypt(upload: Submit, pictures: Pictures) -> Response:
    """Decrypt a picture.

    A worker decrypts, and the gateway waits up to 30 seconds for the picture and sends it; after that, or at once with
    `Prefer: respond-async`, it answers 202 with the job, and the picture will be at the job's `result_url`. With
    `Prefer: wait=N` the answer is the job in either case.

    The picture is kept for 15 minutes, or for 60 seconds once all of it has arrived: where the answer breaks off, fetch
    it at its `Content-Location`, or send the request again with its `Idempotency-Key`.

    A PNG that another program has saved again without loss has lost its header, which is `header-missing`. With
    `detached=true` and the `key_id` of the job that made it, header and tag are those that the service keeps with the
    key. A header in the picture is not looked at then.

    A wrong key, a wrong password and a changed file have one answer, `decryption-failed`: different answers would help
    an attacker.
    """
    job = await _submit(upload, pictures)

    async def send(ended: JobFacts) -> Response:
        result = await pictures.results.find(upload.caller, ended.id)
        headers = {"Content-Location": result_url(ended.id)}
        return await file_response(upload.request, upload.caller, result, pictures.results, headers=headers)

    return await answer_in_time(upload, job, send)


async def _submit(upload: Upload, pictures: PictureServices) -> JobFacts:
    # A function of its own, so that nothing holds the picture while the caller waits for the job.
    files, options = await upload.read(DecryptOptions, files=LIMITS, required="encrypted_image")
    image, key_file, material = files["encrypted_image"], files.get("key_file"), files.get("material")
    password = options.master_password

    async def create(submission: Submission) -> JobFacts:
        if password is not None:
            await count_unlock(upload.request, upload.caller)
        sent = material.data if material is not None else None
        prepared = await pictures.decryptions.prepare(
            submission.caller,
            image.data,
            key_file=key_file.data if key_file is not None else None,
            material=sent,
            password=password.get_secret_value() if password is not None else None,
            detached=ids.from_wire("key", options.key_id) if options.key_id is not None else None,
        )
        # A password is derived before a slot is taken: the pictures of other callers do not wait for it.
        async with upload.slot():
            picture = Picture(image.data, image.name)
            return await pictures.decryptions.submit(submission, picture, prepared, material=sent)

    return await upload.submit(create, options, files)
