from fastapi import APIRouter
from starlette.responses import Response

from api.dependencies import KeyExporter, RequestId, Services
from api.downloads import key_file_response
from api.problems import AUTHENTICATED, WITH_BODY, problems
from api.schemas.images import KeyFilePassword
from backplane import ids

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])
KEY_FILE = {
    "description": "The key file, as an attachment",
    "content": {"application/json": {"schema": {"type": "object", "description": "docs/format.md, Key file"}}},
}
STATES = ("not-found", "job-not-finished", "job-failed")


@router.get(
    "/{job_id}/key-file",
    response_class=Response,
    responses={200: KEY_FILE, **problems(*AUTHENTICATED, *STATES)},
)
async def get_key_file(job_id: str, caller: KeyExporter, services: Services, request_id: RequestId) -> Response:
    """Fetch the key file of an encrypted image.

    With it and the offline command line the image opens without this service. A managed key leaves **in clear**:
    whoever has the file has the key; `POST` wraps it under a password instead. A key under a passphrase leaves as it
    is kept. The export is audited.
    """
    key_file = await services.keys.export(caller.account_id, ids.from_wire("job", job_id), request_id=request_id)
    return key_file_response(key_file, name=f"{job_id}.enc.qkey")


@router.post(
    "/{job_id}/key-file",
    response_class=Response,
    responses={200: KEY_FILE, **problems(*AUTHENTICATED, *STATES, *WITH_BODY, "custody-conflict")},
)
async def wrap_key_file(
    job_id: str, wanted: KeyFilePassword, caller: KeyExporter, services: Services, request_id: RequestId
) -> Response:
    """Fetch the key file of a managed key, wrapped under a password of yours.

    The file opens with the password alone. A key that is under its owner's passphrase already is refused as
    `custody-conflict`.
    """
    key_file = await services.keys.export(
        caller.account_id,
        ids.from_wire("job", job_id),
        password=wanted.master_password.get_secret_value(),
        request_id=request_id,
    )
    return key_file_response(key_file, name=f"{job_id}.enc.qkey")
