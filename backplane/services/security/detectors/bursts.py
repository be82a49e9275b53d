"""Bursts: the same, too often within an hour."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from backplane.db.models import SecurityObservation as Observation
from backplane.security_thresholds import SecurityThresholds
from backplane.services.audit.signals import IDS_MISSED, LOG_IN_FAILED, UNLOCK_FAILED
from backplane.services.security import rules, windows
from backplane.services.security.detectors.detector import Detector, Finding, State, holder_of, of_holder
from backplane.services.security.rules import Rule

COUNT: Final = "count"


class Burst(Detector):
    """Counts one signal for one subject. After a finding the count starts again."""

    def __init__(
        self,
        rule: Rule,
        threshold: int,
        signal: str,
        subject: Callable[[Observation], bytes | None],
        report: Callable[[Observation, int], Finding],
    ) -> None:
        super().__init__(threshold)
        self.rule = rule
        self.signals = frozenset({signal})
        self._subject = subject
        self._report = report

    def subject(self, seen: Observation) -> bytes | None:
        return self._subject(seen)

    def look(self, state: State, seen: Observation) -> Finding | None:
        count = windows.add(state, COUNT, seen.at, count=int(seen.facts.get("count", 1)))
        if count < self.threshold:
            return None
        del state[COUNT]
        return self._report(seen, count)


def bursts(thresholds: SecurityThresholds) -> list[Detector]:
    found = thresholds
    return [
        Burst(rules.FAILED_LOG_INS, found.security_failed_log_ins, LOG_IN_FAILED, _tried, _of_tried),
        Burst(
            rules.FAILED_LOG_INS_BY_ADDRESS, found.security_failed_log_ins_by_address, LOG_IN_FAILED, _address, _of_none
        ),
        Burst(rules.FAILED_UNLOCKS, found.security_failed_unlocks, UNLOCK_FAILED, _account, of_holder),
        Burst(rules.ID_SCRAPING, found.security_id_scraping, IDS_MISSED, _holder, of_holder),
    ]


def tried_user(seen: Observation) -> UUID | None:
    """Return whose log-in failed. A failed password is nobody's, and in the chain of the personal account."""
    return seen.user_id or seen.account_id


def _tried(seen: Observation) -> bytes | None:
    user_id = tried_user(seen)
    return user_id.bytes if user_id is not None else None


def _address(seen: Observation) -> bytes | None:
    # Under the key of a user who is logged in, the pseudonym would be another one.
    return seen.address if seen.user_id is None else None


def _account(seen: Observation) -> bytes | None:
    return seen.account_id.bytes if seen.account_id is not None else None


def _holder(seen: Observation) -> bytes | None:
    holder = holder_of(seen)
    return holder.bytes if holder is not None else None


def _of_tried(seen: Observation, count: int) -> Finding:
    user_id = tried_user(seen)
    return Finding(user_id, user_id, count)


def _of_none(_seen: Observation, count: int) -> Finding:
    return Finding(None, None, count)
