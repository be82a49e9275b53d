"""Start and stop of the application: resources open before the first request and close after the last."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from api.live.counts import Counted, Sort
from api.live.streams import OpenStreams
from api.middleware.bodies import SMALL_BODIES
from api.middleware.budget import BodyBudget
from api.requests.uploads import SUBMISSIONS_AT_ONCE
from api.serving.draining import Draining
from api.serving.loop_lag import loop_lag_measured
from api.serving.readiness import ReadinessCheck
from backplane.logging import configure
from backplane.metrics import UPLOAD_BYTES
from backplane.settings import load_settings
from backplane.wiring.gateway import open_gateway

log = structlog.get_logger()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    # An application that was given its settings runs in another program's process, and does not configure its logs.
    if app.state.settings is None:
        app.state.settings = load_settings()
        configure(app.state.settings.log_level)
        adopt_server_logs()
    draining = Draining()
    async with open_gateway(app.state.settings) as services:
        app.state.services = services
        app.state.draining = draining
        identity, tiers = services.identity, services.usage.tiers
        app.state.streams = OpenStreams(identity.sessions, identity.revocations, draining, tiers)
        app.state.uploads = Counted(Sort.UPLOADS)
        app.state.readiness = ReadinessCheck(services, draining)
        app.state.submission_slots = asyncio.Semaphore(SUBMISSIONS_AT_ONCE)
        app.state.upload_budget = BodyBudget(app.state.settings.upload_memory_bytes, UPLOAD_BYTES)
        app.state.small_body_budget = BodyBudget(SMALL_BODIES)
        log.info("gateway.started", environment=app.state.settings.environment)
        with draining.on_signals():
            async with (
                services.identity.watched(),
                services.security.misses.watched(),
                app.state.streams.watched(),
                loop_lag_measured(),
            ):
                yield
        draining.begin()
    log.info("gateway.stopped")


def adopt_server_logs() -> None:
    """Send uvicorn's logs through ours, without the access lines, which hold query strings."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"
    for name in ("uvicorn.error", "websockets"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns of every malformed form, with what was in it.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
