"""The watch: the step of the relay that shows the rules what the sealer has seen. One at a time works, of all relays.

A step is one transaction: what the rules remember, what they found, and that the observations are done. So each
finding comes once, whatever is killed.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from backplane import failpoints
from backplane.db.models import SecurityObservation as Observation
from backplane.db.repositories import audit_chains, security_events
from backplane.db.repositories import security_observations as observations
from backplane.db.repositories.security_observations import WATCHING, Tally
from backplane.db.session import Database, Session
from backplane.metrics import SECURITY_EVENTS
from backplane.services.security.alarms import Alarm
from backplane.services.security.detectors.detector import Detector, State
from backplane.services.security.notices import SecurityNotices
from backplane.services.security.rules import Rule

AT_ONCE: Final = 500
"""Observations in one transaction: a few tens of milliseconds."""

EVENT_DAYS: Final = 400


class SecurityWatch:
    def __init__(self, database: Database, detectors: Sequence[Detector], notices: SecurityNotices) -> None:
        self._database = database
        self._detectors = detectors
        self._notices = notices

    async def watch_all(self) -> None:
        """Look at whatever waits."""
        while await self.watch() == AT_ONCE:
            pass

    async def watch(self) -> int:
        """Look at the oldest observations, and return their number; 0 also if another process looks."""
        new: list[Rule] = []
        async with self._database.transaction() as session:
            if not await audit_chains.try_lock(session, WATCHING):
                return 0
            waiting = await observations.waiting(session, limit=AT_ONCE)
            if waiting:
                alarms = await self._look(session, waiting)
                failpoints.reach("security.looked")
                new = [alarm.rule for alarm in alarms if await self._raise(session, alarm)]
                failpoints.reach("security.raised")
                await observations.forget(session, until=waiting[-1].id)
        failpoints.reach("security.watched")
        for rule in new:
            SECURITY_EVENTS.labels(rule=rule.name).inc()
        return len(waiting)

    async def collect(self) -> None:
        """Delete what nobody needs any more."""
        async with self._database.transaction() as session:
            await observations.delete_expired_tallies(session)
            await security_events.delete_older(session, days=EVENT_DAYS)

    async def _look(self, session: Session, waiting: Sequence[Observation]) -> list[Alarm]:
        found = [look for seen in waiting for look in looks(self._detectors, seen)]
        states = await observations.tallies(session, {key for _, key, _ in found})
        tallies: dict[bytes, Tally] = {}
        alarms: dict[bytes, Alarm] = {}
        for detector, key, seen in found:
            state: State = states.setdefault(key, {})
            finding = detector.look(state, seen)
            tallies[key] = Tally(key, detector.rule.name, state, seen.at + detector.keeps)
            if finding is not None:
                known = alarms.get(key)
                alarms[key] = (
                    known.again(finding, seen.at) if known else Alarm(detector.rule, key, finding, seen.at, seen.at)
                )
        await observations.store(session, list(tallies.values()))
        return list(alarms.values())

    async def _raise(self, session: Session, alarm: Alarm) -> bool:
        """Write a security event with what follows it; a repetition only counts. Return whether it is a new one."""
        count = alarm.finding.count
        if await security_events.repeat(
            session, alarm.subject, count=count, first_at=alarm.first_at, last_at=alarm.last_at
        ):
            return False
        return await self._notices.raise_event(session, alarm)


def looks(detectors: Sequence[Detector], seen: Observation) -> list[tuple[Detector, bytes, Observation]]:
    """Return the detectors that an observation concerns, with the keys of what they remember."""
    found = []
    for detector in detectors:
        subject = detector.subject(seen) if seen.signal in detector.signals else None
        if subject is not None:
            found.append((detector, sha256(detector.rule.name.encode() + b"\0" + subject).digest(), seen))
    return found
