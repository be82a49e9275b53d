"""`imageshield relay`: the outbox and the sweeper, in one process. Any number of them may run."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import structlog

from backplane import logging
from backplane.db.notifications import Notifications
from backplane.errors import ApplicationError
from backplane.services.relay import Relay
from backplane.services.sweeper import Sweeper
from backplane.settings import Settings, load_settings
from backplane.wiring import open_relay
from worker.alive import alive_file

log = structlog.get_logger()

LOOK_SECONDS = 1.0
"""How often the outbox is looked at where no notification comes: one may be lost while the listener reconnects."""

SWEEP_SECONDS = 5.0
COLLECT_SECONDS = 3600.0


async def drain_outbox(relay: Relay, notifications: Notifications) -> None:
    while True:
        try:
            while await relay.drain():
                pass
        except ApplicationError as error:
            log.warning("relay.waiting", code=error.code, detail=error.detail)
        alive_file("relay").touch()
        await notifications.wait(LOOK_SECONDS)


async def repeat(name: str, seconds: float, *acts: Callable[[], Awaitable[None]]) -> None:
    """Do the acts for ever; what is down now is tried again next time."""
    while True:
        for act in acts:
            try:
                await act()
            except ApplicationError as error:
                log.warning("sweeper.waiting", what=name, code=error.code, detail=error.detail)
        await asyncio.sleep(seconds)


async def destroy_keys(sweeper: Sweeper) -> None:
    await asyncio.to_thread(sweeper.destroy_expired_keys)


async def run(settings: Settings) -> None:
    """Relay and sweep until SIGTERM or SIGINT."""
    async with open_relay(settings) as (relay, sweeper), Notifications(settings) as notifications:
        work = asyncio.gather(
            drain_outbox(relay, notifications),
            repeat("jobs", SWEEP_SECONDS, sweeper.recover_jobs, sweeper.delete_due_objects),
            repeat("objects", COLLECT_SECONDS, sweeper.collect_unreferenced, lambda: destroy_keys(sweeper)),
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, work.cancel)
        log.info("relay.ready")
        try:
            await work
        except asyncio.CancelledError:
            log.info("relay.stopped")


def main() -> None:
    settings = load_settings()
    logging.configure(settings.log_level)
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
