"""The application: routers, middleware and error handlers."""

from typing import Any

from fastapi import FastAPI

from api import errors
from api.lifespan import lifespan
from api.middleware.access import AccessLog
from api.middleware.bodies import Bodies
from api.middleware.context import RequestContext
from api.middleware.failures import Failures
from api.middleware.handover import Handover
from api.middleware.headers import SecurityHeaders
from api.middleware.origins import AllowedOrigins
from api.middleware.proxies import TrustedProxies
from api.middleware.rates import RateHeaders
from api.middleware.replays import Replays
from api.middleware.signatures import Signatures
from api.openapi.document import customize
from api.routes import (
    accounts,
    admin,
    administration,
    analyses,
    api_keys,
    audit,
    auth,
    batches,
    confirmations,
    credentials,
    decrypt,
    encrypt,
    entropy,
    erasures,
    events,
    exports,
    factor_resets,
    factors,
    federation,
    health,
    installation,
    invitations,
    jobs,
    keys,
    login_sessions,
    mail,
    members,
    operations,
    outbox,
    pages,
    profile,
    security_events,
    sessions,
    tickets,
    usage,
    webhooks,
    well_known,
)
from api.routing import UploadLimits
from api.site.console import Console
from api.site.route import ConsoleRoute
from api.ws import progress
from backplane.settings import Settings
from shield_core import __version__

ROUTERS = (
    # A request tries them in this order: jobs come first, because most requests are about them.
    encrypt.router,
    decrypt.router,
    analyses.router,
    batches.router,
    jobs.router,
    events.router,
    tickets.router,
    keys.router,
    auth.router,
    auth.tokens,
    credentials.router,
    sessions.router,
    federation.router,
    confirmations.router,
    login_sessions.router,
    factors.router,
    profile.router,
    api_keys.router,
    accounts.router,
    members.router,
    erasures.router,
    erasures.of_accounts,
    exports.router,
    invitations.router,
    invitations.links,
    mail.router,
    mail.of_user,
    webhooks.router,
    usage.router,
    entropy.router,
    audit.router,
    audit.system,
    security_events.router,
    admin.router,
    administration.router,
    factor_resets.router,
    factor_resets.links,
    operations.router,
    outbox.router,
    security_events.of_installation,
    health.router,
    well_known.router,
    installation.router,
    pages.router,
    progress.router,
)

MIDDLEWARE = (
    Bodies,
    Replays,
    AllowedOrigins,
    Failures,
    RateHeaders,
    Signatures,
    AccessLog,
    RequestContext,
    SecurityHeaders,
    TrustedProxies,
    Handover,
)


class Gateway(FastAPI):
    def openapi(self) -> dict[str, Any]:
        return customize(self)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the gateway; without settings it reads them from the environment when it starts."""
    app = Gateway(
        title="Quantum-Seed ImageShield",
        version=__version__,
        summary="A self-hosted service that encrypts images with quantum-seeded keys",
        lifespan=lifespan,
        # A redirect would be built from the Host header, which the caller chooses.
        redirect_slashes=False,
        # FastAPI's own pages load scripts from outside: api.routes.pages has ours.
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.settings = settings
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.router.routes.append(ConsoleRoute(Console.read()))
    app.state.upload_limits = UploadLimits(ROUTERS)
    # The last one added is the outermost: api.middleware lists the order.
    for middleware in MIDDLEWARE:
        app.add_middleware(middleware)
    return app
