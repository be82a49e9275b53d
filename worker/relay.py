"""`imageshield relay`: the outbox, the sweeper and the webhooks, in one process. Any number of them may run."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import structlog

from backplane import logging
from backplane.addresses import Guard
from backplane.db.notifications import Notifications
from backplane.db.repositories.outbox import AT_ONCE
from backplane.db.repositories.webhooks import CHANNEL as WEBHOOKS
from backplane.errors import ApplicationError
from backplane.services.upkeep.outbox import Relay
from backplane.services.upkeep.sweeper import Sweeper
from backplane.services.webhooks.deliveries import Deliveries
from backplane.settings import Settings, load_settings
from backplane.wiring import open_deliveries, open_relay
from worker.alive import alive_file
from worker.exporter import serve_relay
from worker.posting import Poster
from worker.webhooks import Sending

log = structlog.get_logger()

LOOK_SECONDS = 1.0
"""How often the outbox is looked at where no notification comes: one may be lost while the listener reconnects."""

SWEEP_SECONDS = 5.0
COLLECT_SECONDS = 3600.0

Act = Callable[[], Awaitable[None]]


async def drain_outbox(relay: Relay, notifications: Notifications) -> None:
    while True:
        pause = LOOK_SECONDS
        try:
            while await relay.drain() == AT_ONCE:
                pass
            pause = min(LOOK_SECONDS, max(0, await relay.seconds_to_next() or LOOK_SECONDS))
        except ApplicationError as error:
            log.warning("relay.waiting", code=error.code, detail=error.detail)
        alive_file("relay").touch()
        await notifications.wait(pause)


async def repeat(act: Act, seconds: float) -> None:
    """Do it for ever; what fails now is tried again next time, and keeps nothing else from being done."""
    while True:
        try:
            await act()
        except ApplicationError as error:
            log.warning("sweeper.waiting", what=act.__name__, code=error.code, detail=error.detail)
        except Exception:
            log.exception("sweeper.broke", what=act.__name__)
        await asyncio.sleep(seconds)


def acts(sweeper: Sweeper, deliveries: Deliveries) -> dict[Act, float]:
    """List what is repeated, and the seconds between: each by itself, for a store that hangs must not hold up a job."""

    async def destroy_expired_keys() -> None:
        await asyncio.to_thread(sweeper.destroy_expired_keys)

    return {
        sweeper.end_silent_jobs: SWEEP_SECONDS,
        sweeper.reclaim_jobs: SWEEP_SECONDS,
        sweeper.ring_unheard_jobs: SWEEP_SECONDS,
        sweeper.delete_due_objects: SWEEP_SECONDS,
        sweeper.delete_outlived_jobs: SWEEP_SECONDS,
        sweeper.forget_expired: SWEEP_SECONDS,
        sweeper.count_dead_letters: SWEEP_SECONDS,
        sweeper.collect_unreferenced: COLLECT_SECONDS,
        sweeper.renew_store_rules: COLLECT_SECONDS,
        destroy_expired_keys: COLLECT_SECONDS,
        deliveries.measure: SWEEP_SECONDS,
        deliveries.forget: COLLECT_SECONDS,
    }


async def run(settings: Settings) -> None:
    """Relay and sweep until SIGTERM or SIGINT."""
    async with (
        open_relay(settings) as (relay, sweeper),
        open_deliveries(settings) as deliveries,
        Notifications(settings) as outbox,
        Notifications(settings, channel=WEBHOOKS) as webhooks,
    ):
        sending = Sending(deliveries, Poster(Guard(settings.webhook_allow_networks)))
        work = asyncio.gather(
            drain_outbox(relay, outbox),
            sending.run(webhooks),
            *(repeat(act, seconds) for act, seconds in acts(sweeper, deliveries).items()),
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
    serve_relay(settings)
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
