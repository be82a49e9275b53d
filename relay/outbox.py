"""The loop that publishes the outbox: on a notification of the database, and once a second without one."""

import structlog

from backplane.alive import alive_file
from backplane.db.notifications import Notifications
from backplane.db.repositories.outbox import AT_ONCE
from backplane.errors import ApplicationError
from backplane.services.upkeep.outbox import OutboxRelay

log = structlog.get_logger()

LOOK_SECONDS = 1.0
"""How often the outbox is looked at where no notification comes: one may be lost while the listener reconnects."""


async def drain_outbox(relay: OutboxRelay, notifications: Notifications) -> None:
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
