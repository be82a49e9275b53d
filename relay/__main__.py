"""The entry point of the relay, `python -m relay` or `imageshield relay`: it runs until a signal ends it."""

import asyncio
import signal
from collections.abc import Coroutine

import structlog

from backplane import exporter, logging
from backplane.addresses import Guard
from backplane.db.notifications import Notifications
from backplane.db.repositories.mails import CHANNEL as MAILS
from backplane.db.repositories.webhooks import CHANNEL as WEBHOOKS
from backplane.garbage import exempt_loaded
from backplane.mail.transports import transport
from backplane.metrics import registry_of
from backplane.services.mail.deliveries import MailDeliveries
from backplane.settings import Settings, load_settings
from backplane.wiring.relay import open_deliveries, open_mail_deliveries, open_relay
from relay.audit import audit_acts
from relay.mails import MailSending
from relay.outbox import drain_outbox
from relay.posting import Poster
from relay.sweeps import acts, repeat
from relay.webhooks import Sending

log = structlog.get_logger()


async def run(settings: Settings) -> None:
    """Run the outbox, the sweeps, the webhooks and the mails until SIGTERM or SIGINT."""
    async with (
        open_relay(settings) as relay,
        open_deliveries(settings) as deliveries,
        open_mail_deliveries(settings) as mail_deliveries,
        Notifications(settings) as outbox,
        Notifications(settings, channel=WEBHOOKS) as webhooks,
        Notifications(settings, channel=MAILS) as mails,
    ):
        sending = Sending(deliveries, Poster(Guard(settings.webhook_allow_networks)))
        audit = audit_acts(relay.sealing, relay.security, days=settings.audit_person_days)
        work = asyncio.gather(
            drain_outbox(relay.outbox, outbox),
            sending.run(webhooks),
            *(repeat(act, seconds) for act, seconds in audit.items()),
            *send_mails(settings, mail_deliveries, mails),
            *(repeat(act, seconds) for act, seconds in acts(relay, deliveries, mail_deliveries).items()),
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, work.cancel)
        exempt_loaded()
        log.info("relay.ready")
        try:
            await work
        except asyncio.CancelledError:
            log.info("relay.stopped")


def send_mails(
    settings: Settings, deliveries: MailDeliveries, notifications: Notifications
) -> list[Coroutine[None, None, None]]:
    """Return the loop that sends mails; none if this installation sends no mail."""
    found = transport(settings)
    return [] if found is None else [MailSending(deliveries, found).run(notifications)]


def main() -> None:
    settings = load_settings()
    logging.configure(settings.log_level)
    exporter.serve("relay", registry_of("relay"), settings)
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
