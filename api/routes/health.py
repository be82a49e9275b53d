"""Routes for operators and monitoring: health, readiness, metrics, and public signing keys."""

from fastapi import Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from api.answers.problems import problems
from api.dependencies import Audit, Entropy, Identity, SignatureKeys
from api.routing import Router
from api.schemas.auth import PublicKeys
from api.schemas.health import Health, Readiness
from api.serving.readiness import ReadinessCheck
from backplane.metrics import registry_of
from backplane.services.identity.key_ring import JWKS_SECONDS

router = Router(tags=["service"])

REGISTRY = registry_of("gateway")


@router.get("/health", responses=problems())
async def health() -> Health:
    """Report that the process runs. Nothing else is checked, so a restart helps if this fails."""
    return Health()


@router.get(
    "/ready",
    response_model=Readiness,
    responses=problems()
    | {503: {"model": Readiness, "description": "The database or the object store fails, or the gateway stops"}},
)
async def ready(request: Request) -> Response:
    """Report whether requests should be sent here.

    All services are checked at the same time, within two seconds. Without Redis or a worker the gateway still accepts
    jobs: 200 and `degraded`.
    """
    check: ReadinessCheck = request.app.state.readiness
    readiness = await check.read()
    return JSONResponse(readiness.model_dump(), status_code=503 if readiness.status == "down" else 200)


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {"description": "Metrics", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **problems(),
    },
)
async def metrics() -> Response:
    """Metrics of the gateway, for Prometheus. Relay and workers export their own, where METRICS_PORT is set.

    They contain routes and counts and no data of accounts; still, do not publish them.
    """
    return Response(await run_in_threadpool(generate_latest, REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})


@router.get("/.well-known/jwks.json", responses=problems())
async def public_keys(
    identity: Identity, entropy: Entropy, signatures: SignatureKeys, audit: Audit, response: Response
) -> PublicKeys:
    """Get the public keys of this service, as a JWK Set (RFC 7517).

    Each key says in `imageshield_use` what it verifies, and verifies nothing else: `access-token`, `receipt` or
    `audit-checkpoint` for every key that ever signed one, or `response-signature` for answers to `Accept-Signature`.
    Keep a copy: with it, receipts and exports of the audit trail can be verified even without this service.

    A new key for access tokens is here ten minutes before it signs, and goes when its last token has expired: read the
    set again every five minutes, or where a token names a key that you do not know.
    """
    response.headers["Cache-Control"] = f"public, max-age={JWKS_SECONDS}"
    kept = [await run_in_threadpool(keys.public_keys) for keys in (entropy.receipts, signatures, audit.keys)]
    return PublicKeys(keys=[*identity.tokens.public_keys(), *(key for keys in kept for key in keys)])
