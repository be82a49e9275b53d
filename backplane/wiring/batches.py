"""Batches of pictures."""

from dataclasses import dataclass
from typing import Self

from backplane.services.batches.endings import BatchEnds
from backplane.services.batches.intake import BatchIntake
from backplane.services.batches.progress import BatchFeed
from backplane.services.batches.results import BatchResults
from backplane.services.batches.steering import BatchSteering
from backplane.services.batches.views import Batches
from backplane.services.keys.exports import Keys
from backplane.wiring.jobs import JobServices
from backplane.wiring.pictures import PictureServices
from backplane.wiring.resources import Resources


@dataclass(frozen=True, slots=True)
class BatchServices:
    intake: BatchIntake
    views: Batches
    progress: BatchFeed
    steering: BatchSteering
    results: BatchResults

    @classmethod
    def wire(
        cls, resources: Resources, ends: BatchEnds, jobs: JobServices, pictures: PictureServices, keys: Keys
    ) -> Self:
        database, vault = resources.database, resources.vault
        views = Batches(database, vault)
        return cls(
            intake=BatchIntake(database, vault, jobs.submissions, pictures.encryptions, ends),
            views=views,
            progress=BatchFeed(views, jobs.progress),
            steering=BatchSteering(database, jobs.steering, views),
            results=BatchResults(views, jobs.views, pictures.results, keys),
        )
