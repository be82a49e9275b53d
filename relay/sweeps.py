"""The periodic sweeps, each in its own loop, so that one that hangs delays no other."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from backplane.errors import ApplicationError
from backplane.services.mail.deliveries import MailDeliveries
from backplane.services.webhooks.deliveries import Deliveries
from backplane.wiring.relay import RelayServices

log = structlog.get_logger()

SWEEP_SECONDS = 5.0
MEASURE_SECONDS = 60.0
COLLECT_SECONDS = 3600.0

Act = Callable[[], Awaitable[None]]


async def repeat(act: Act, seconds: float) -> None:
    """Repeat an act forever; a failure is retried at the next turn, and stops no other act."""
    while True:
        try:
            await act()
        except ApplicationError as error:
            log.warning("sweeper.waiting", what=act.__name__, code=error.code, detail=error.detail)
        except Exception:
            log.exception("sweeper.crashed", what=act.__name__)
        await asyncio.sleep(seconds)


def acts(relay: RelayServices, deliveries: Deliveries, mails: MailDeliveries) -> dict[Act, float]:
    """List the acts with their intervals in seconds: each is separate, because a hanging store must not delay a job."""
    sweeper = relay.sweeper

    async def destroy_expired_keys() -> None:
        await asyncio.to_thread(sweeper.destroy_expired_keys)

    return {
        sweeper.end_silent_jobs: SWEEP_SECONDS,
        sweeper.reclaim_jobs: SWEEP_SECONDS,
        sweeper.requeue_unclaimed_jobs: SWEEP_SECONDS,
        sweeper.delete_due_objects: SWEEP_SECONDS,
        sweeper.delete_outlived_jobs: SWEEP_SECONDS,
        sweeper.forget_expired: SWEEP_SECONDS,
        sweeper.count_dead_letters: SWEEP_SECONDS,
        sweeper.forget_login_sessions: COLLECT_SECONDS,
        sweeper.forget_registrations: COLLECT_SECONDS,
        sweeper.forget_invitations: COLLECT_SECONDS,
        sweeper.collect_unreferenced: COLLECT_SECONDS,
        sweeper.renew_store_rules: COLLECT_SECONDS,
        destroy_expired_keys: COLLECT_SECONDS,
        deliveries.measure: SWEEP_SECONDS,
        deliveries.forget: COLLECT_SECONDS,
        mails.measure: SWEEP_SECONDS,
        mails.forget: COLLECT_SECONDS,
        relay.revenue.measure: MEASURE_SECONDS,
        relay.reminders.remind: COLLECT_SECONDS,
        relay.erasures.run_due: SWEEP_SECONDS,
    }
