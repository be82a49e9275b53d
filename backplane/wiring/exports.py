"""Wiring of exports: their requests in the gateway, and their archives in a worker."""

from dataclasses import dataclass
from typing import Self

from backplane.services.audit.exports import Exports as AuditExports
from backplane.services.audit.persons import AuditKeys
from backplane.services.exports.archives import Archives
from backplane.services.exports.requests import ExportRequests
from backplane.services.jobs.submissions import Submissions
from backplane.wiring.resources import Resources


@dataclass(frozen=True, slots=True)
class ExportServices:
    requests: ExportRequests

    @classmethod
    def wire(cls, resources: Resources, submissions: Submissions) -> Self:
        return cls(ExportRequests(resources.database, resources.vault, submissions))


def wire_archives(resources: Resources) -> Archives:
    database, store, vault = resources.database, resources.store, resources.vault
    return Archives(database, store, vault, AuditExports(database, AuditKeys(vault)))
