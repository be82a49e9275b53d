"""Routes that export key files."""

from fastapi import Request
from starlette.responses import Response

from api.answers.downloads import key_file_response
from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import KeyExporter, Keys
from api.routing import Router, head_response
from api.schemas.images import KeyFileLocks
from backplane import ids

router = Router(prefix="/api/v1/jobs", tags=["jobs"])
KEY_FILE = {
    "description": "The key file, as an attachment",
    "content": {
        "application/json": {"schema": {"type": "object", "description": "docs/reference/format.md, Key file"}}
    },
}
STATES = ("not-found", "job-not-finished", "job-failed")


@router.get(
    "/{job_id}/key-file",
    response_class=Response,
    responses={200: KEY_FILE, **problems(*AUTHENTICATED, "reauthentication-required", *STATES)},
)
async def get_key_file(request: Request, job_id: str, caller: KeyExporter, keys: Keys) -> Response:
    """Fetch the key file of an encrypted image.

    With it and the offline command line the image opens without this service. A managed key is exported in
    **plaintext**: the file holds the key itself. `POST` wraps it instead. If the job has recipients, the file is
    for them alone. A key under a passphrase or of recipients is exported as it is stored. Every export is audited.
    """
    if request.method == "HEAD":
        await keys.require(caller, ids.from_wire("job", job_id))
        return head_response(key_file_response(b"", name=f"{job_id}.enc.qkey").headers)
    key_file = await keys.export(caller, ids.from_wire("job", job_id))
    return key_file_response(key_file, name=f"{job_id}.enc.qkey")


@router.post(
    "/{job_id}/key-file",
    response_class=Response,
    responses={
        200: KEY_FILE,
        **problems(
            *AUTHENTICATED, "reauthentication-required", *STATES, *WITH_BODY, "custody-conflict", "client-custody"
        ),
    },
)
async def wrap_key_file(job_id: str, wanted: KeyFileLocks, caller: KeyExporter, keys: Keys) -> Response:
    """Fetch the key file of a managed key, wrapped under your password, for recipients, or both.

    The file opens with these, and with nothing else. A key that is already under its owner's passphrase is refused as
    `custody-conflict`, one that only its recipients can open as `client-custody`.
    """
    password = wanted.master_password
    key_file = await keys.export(
        caller,
        ids.from_wire("job", job_id),
        password=password.get_secret_value() if password is not None else None,
        recipients=wanted.recipients,
    )
    return key_file_response(key_file, name=f"{job_id}.enc.qkey")
