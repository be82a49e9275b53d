"""Wiring of jobs: submissions, views, progress, and the actions of owners and operators."""

from dataclasses import dataclass
from typing import Self

from backplane.services.jobs.dead_letters import DeadLetters
from backplane.services.jobs.estimates import Estimates
from backplane.services.jobs.progress import ProgressFeed
from backplane.services.jobs.steering import Steering
from backplane.services.jobs.submissions import Submissions
from backplane.services.jobs.views import Jobs
from backplane.services.usage.quotas import Quotas
from backplane.services.webhooks.targets import WebhookTargets
from backplane.wiring.endings import EndServices
from backplane.wiring.resources import Resources


@dataclass(frozen=True, slots=True)
class JobServices:
    submissions: Submissions
    views: Jobs
    progress: ProgressFeed
    steering: Steering
    dead_letters: DeadLetters

    @classmethod
    def wire(cls, resources: Resources, ends: EndServices, targets: WebhookTargets, quotas: Quotas) -> Self:
        settings, database, vault = resources.settings, resources.database, resources.vault
        steering = Steering(database, vault, ends.jobs, quotas)
        return cls(
            submissions=Submissions(
                database,
                resources.store,
                vault,
                targets,
                Estimates(database, resources.bus, max_pending=settings.max_pending_jobs),
                quotas=quotas,
                retention_days=settings.job_retention_days or None,
            ),
            views=Jobs(database, vault),
            progress=ProgressFeed(database, resources.bus),
            steering=steering,
            dead_letters=DeadLetters(database, steering, ends.jobs),
        )
