"""Wiring of webhook endpoints, their logs, and the addresses that come with jobs."""

from dataclasses import dataclass
from typing import Self

from backplane.addresses import Guard
from backplane.services.usage.tiers import Tiers
from backplane.services.webhooks.endpoints import Webhooks
from backplane.services.webhooks.logs import WebhookLogs
from backplane.services.webhooks.targets import WebhookTargets
from backplane.wiring.resources import Resources


@dataclass(frozen=True, slots=True)
class WebhookServices:
    endpoints: Webhooks
    logs: WebhookLogs
    targets: WebhookTargets

    @classmethod
    def wire(cls, resources: Resources) -> Self:
        guard = Guard(resources.settings.webhook_allow_networks)
        return cls(
            endpoints=Webhooks(resources.database, resources.vault, guard, Tiers.from_settings(resources.settings)),
            logs=WebhookLogs(resources.database),
            targets=WebhookTargets(resources.database, resources.vault, guard),
        )
