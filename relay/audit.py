"""The periodic acts of the audit trail: sealing, checkpoints, old keys of person data, and the rules that watch it."""

import asyncio
from typing import Final

from backplane.services.security.watch import SecurityWatch
from backplane.wiring.audit import Sealing
from relay.sweeps import COLLECT_SECONDS, SWEEP_SECONDS, Act

SEAL_SECONDS: Final = 0.75
"""An entry has its place within a second."""


def audit_acts(sealing: Sealing, security: SecurityWatch, *, days: int) -> dict[Act, float]:
    """List the acts with their intervals in seconds. Each is separate: a hanging store must not delay the sealing."""

    async def destroy_expired_person_keys() -> None:
        await asyncio.to_thread(sealing.persons.destroy_expired, days)

    return {
        sealing.sealer.seal_all: SEAL_SECONDS,
        sealing.sealer.measure: SWEEP_SECONDS,
        sealing.checkpoints.make_due: SWEEP_SECONDS,
        security.watch_all: SWEEP_SECONDS,
        security.collect: COLLECT_SECONDS,
        destroy_expired_person_keys: COLLECT_SECONDS,
    }
