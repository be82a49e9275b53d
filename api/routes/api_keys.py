"""Routes of API keys."""

from typing import Annotated

from fastapi import Body, Query, Request, Response

from api.admission import principal_of, require_recent
from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import ApiKeyHolder, ApiKeyReader, ApiKeyWriter, Identity
from api.requests.idempotency import CODES, OncePerKey, replayable
from api.routing import Router
from api.schemas.api_keys import (
    API_KEYS,
    ApiKey,
    ApiKeyChange,
    ApiKeyFilter,
    ApiKeyPage,
    ApiKeyRotation,
    ApiKeyWithSecret,
    CreateApiKey,
)
from backplane import ids
from backplane.services.identity.api_keys import MadeApiKey
from backplane.services.requests.caller import Caller
from backplane.services.requests.idempotency import Made
from backplane.services.requests.submission import Submission
from backplane.wiring.identity import IdentityServices

router = Router(prefix=API_KEYS, tags=["API keys"])

CHANGED = ("insufficient-role", "role-changed", "reauthentication-required")
MADE = (*AUTHENTICATED, *WITH_BODY, *CODES, *CHANGED, "gone")
SHOWN_ONCE = {"description": "The key with its secret, which is shown only once"}
DEFAULT = ApiKeyRotation()


@router.post("", status_code=201, responses={201: replayable(SHOWN_ONCE), **problems(*MADE, "too-many-api-keys")})
async def create_api_key(
    *,
    request: Request,
    new: CreateApiKey,
    caller: ApiKeyWriter,
    identity: Identity,
    once: OncePerKey,
    response: Response,
) -> ApiKeyWithSecret:
    """Make an API key for the account, for a program.

    It is for the account, and ends when you leave it: rotated by another member, it becomes theirs. Send it as
    `X-API-Key`, or as a bearer token. It may do what its `scopes` say, and no key may do more than the user or the key
    that makes it. An account has at most 50 valid keys, and as many as its tier allows.
    """
    require_recent(principal_of(request))

    async def create(submission: Submission) -> MadeApiKey:
        return await identity.api_keys.create(submission, new.wanted())

    made = await once.run(Submission(caller), create, lambda made: _shown_again(identity, caller, made), options=new)
    return _show(made, response)


@router.get("", responses=problems(*AUTHENTICATED, "insufficient-role", "validation-failed"))
async def list_api_keys(
    caller: ApiKeyReader, identity: Identity, wanted: Annotated[ApiKeyFilter, Query()]
) -> ApiKeyPage:
    """List the API keys of the account on one page: the valid ones first, then newest first, and at most 200.

    Keys that have ended are kept for 90 days. Revoked ones are in the list if you ask for them.
    """
    found = await identity.api_keys.page(caller, revoked=wanted.revoked)
    return ApiKeyPage(data=[ApiKey.of(facts) for facts in found])


@router.get("/current", responses=problems(*AUTHENTICATED))
async def get_current_api_key(caller: ApiKeyHolder, identity: Identity) -> ApiKey:
    """Get the API key of this request. It needs no scope."""
    assert caller.api_key_id is not None
    return ApiKey.of(await identity.api_keys.get(caller, caller.api_key_id))


@router.delete("/current", status_code=204, responses=problems(*AUTHENTICATED))
async def revoke_current_api_key(caller: ApiKeyHolder, identity: Identity) -> None:
    """Revoke the API key of this request. It needs no scope: a key that was found can be ended."""
    assert caller.api_key_id is not None
    await identity.api_keys.revoke(caller, caller.api_key_id)


@router.get("/{api_key_id}", responses=problems(*AUTHENTICATED, "insufficient-role", "not-found"))
async def get_api_key(api_key_id: str, caller: ApiKeyReader, identity: Identity) -> ApiKey:
    """Get an API key, without its secret."""
    return ApiKey.of(await identity.api_keys.get(caller, ids.from_wire("apk", api_key_id)))


@router.patch(
    "/{api_key_id}",
    responses=problems(*AUTHENTICATED, *WITH_BODY, *CHANGED, "not-found", "api-key-ended"),
)
async def change_api_key(api_key_id: str, change: ApiKeyChange, caller: ApiKeyWriter, identity: Identity) -> ApiKey:
    """Change the name, the networks or the rate of an API key. For other scopes make another key."""
    wanted = ids.from_wire("apk", api_key_id)
    return ApiKey.of(await identity.api_keys.change(caller, wanted, change.changes()))


@router.post(
    "/{api_key_id}/rotate",
    status_code=201,
    responses={201: replayable(SHOWN_ONCE), **problems(*MADE, "not-found", "api-key-ended", "too-many-api-keys")},
)
async def rotate_api_key(
    *,
    request: Request,
    api_key_id: str,
    wanted: Annotated[ApiKeyRotation, Body()] = DEFAULT,
    caller: ApiKeyWriter,
    identity: Identity,
    once: OncePerKey,
    response: Response,
) -> ApiKeyWithSecret:
    """Replace an API key by a new one with the same name and rights.

    The old one is valid for `grace_hours` more, so that you can switch programs over one by one; 0 ends it at once. The
    new one lasts as long as the old one was made for. A key can rotate itself, but does not last longer for it.
    """
    require_recent(principal_of(request))
    key_id = ids.from_wire("apk", api_key_id)

    async def create(submission: Submission) -> MadeApiKey:
        return await identity.api_keys.rotate(submission, key_id, grace_hours=wanted.grace_hours)

    made = await once.run(Submission(caller), create, lambda made: _shown_again(identity, caller, made), options=wanted)
    return _show(made, response)


@router.delete(
    "/{api_key_id}",
    status_code=204,
    responses=problems(*AUTHENTICATED, "insufficient-role", "reauthentication-required", "not-found"),
)
async def revoke_api_key(api_key_id: str, caller: ApiKeyWriter, identity: Identity) -> None:
    """Revoke an API key. Every gateway refuses it within a second, and its sockets and event streams are closed."""
    await identity.api_keys.revoke(caller, ids.from_wire("apk", api_key_id))


async def _shown_again(identity: IdentityServices, caller: Caller, made: Made) -> MadeApiKey:
    """Answer again with the secret that the first request of the idempotency key made."""
    assert made.answer is not None
    return MadeApiKey(await identity.api_keys.get(caller, made.object_id), made.answer.decode())


def _show(made: MadeApiKey, response: Response) -> ApiKeyWithSecret:
    response.headers["Location"] = f"{API_KEYS}/{ids.to_wire('apk', made.key.id)}"
    response.headers["Cache-Control"] = "no-store"
    return ApiKeyWithSecret.made(made)
