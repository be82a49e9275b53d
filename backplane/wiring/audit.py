"""Wiring of the audit trail: its sealing in the relay, and its reading in the gateway."""

from dataclasses import dataclass
from typing import Self

from backplane.services.audit.checkpoints import Checkpoints
from backplane.services.audit.exports import Exports
from backplane.services.audit.persons import AuditKeys
from backplane.services.audit.published import PublishedCheckpoints
from backplane.services.audit.sealer import Sealer
from backplane.services.audit.signers import CheckpointKeys
from backplane.services.audit.verification import ChainVerification
from backplane.services.audit.views import AuditViews
from backplane.wiring.resources import Resources


@dataclass(frozen=True, slots=True)
class AuditServices:
    views: AuditViews
    exports: Exports
    verification: ChainVerification
    keys: CheckpointKeys

    @classmethod
    def wire(cls, resources: Resources) -> Self:
        keys = CheckpointKeys(resources.vault)
        return cls(
            AuditViews(resources.database, AuditKeys(resources.vault)),
            Exports(resources.database, AuditKeys(resources.vault)),
            ChainVerification(resources.database, keys),
            keys,
        )


@dataclass(frozen=True, slots=True)
class Sealing:
    """What the relay does for the audit trail."""

    sealer: Sealer
    checkpoints: Checkpoints
    persons: AuditKeys

    @classmethod
    def wire(cls, resources: Resources) -> Self:
        persons = AuditKeys(resources.vault)
        published = PublishedCheckpoints(resources.store)
        checkpoints = Checkpoints(resources.database, published, CheckpointKeys(resources.vault))
        return cls(Sealer(resources.database, persons), checkpoints, persons)
