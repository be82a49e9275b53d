"""Wiring of the ends of jobs: their followers, in order."""

from dataclasses import dataclass
from typing import Self

from backplane.services.audit.trail import AuditTrail
from backplane.services.batches.endings import BatchEnds
from backplane.services.batches.mails import BatchMails
from backplane.services.exports.notices import ExportNotices
from backplane.services.jobs.endings import Endings, Follower
from backplane.services.mail.outgoing import Mails
from backplane.services.usage.ledger import QuotaRefund
from backplane.services.webhooks.events import WebhookEvents
from backplane.wiring.resources import Resources


@dataclass(frozen=True, slots=True)
class EndServices:
    """The services that end jobs and batches."""

    jobs: Endings
    batches: BatchEnds

    @classmethod
    def wire(cls, resources: Resources) -> Self:
        mails = Mails.from_settings(resources.settings, resources.vault)
        webhooks = WebhookEvents()
        batches = BatchEnds(webhooks, BatchMails(mails))
        followers: list[Follower] = [AuditTrail(), webhooks, batches, QuotaRefund(), ExportNotices(mails)]
        return cls(Endings(resources.bus, followers=followers), batches)
