"""Acts that are worth an event by themselves: a dormant API key that is used, and changes of privileges."""

from datetime import timedelta
from typing import Final

from backplane import ids
from backplane.db.models import SecurityObservation as Observation
from backplane.services.audit.signals import FACTOR_REMOVED, FACTORS_RESET, KEY_WOKEN, OPERATOR_MADE, ROLE_GIVEN
from backplane.services.security import rules, windows
from backplane.services.security.detectors.detector import Detector, Finding, State, of_holder

RANKS: Final = {"auditor": 1, "member": 2, "admin": 3, "owner": 4}
POWERFUL: Final = RANKS["admin"]

VARIANTS: Final = {ROLE_GIVEN: "role", OPERATOR_MADE: "operator", FACTOR_REMOVED: "factor", FACTORS_RESET: "reset"}

SETTING_UP: Final = timedelta(days=1)
"""A new account gets its admins: that is no news."""


class DormantApiKey(Detector):
    rule = rules.DORMANT_API_KEY
    signals = frozenset({KEY_WOKEN})

    def subject(self, seen: Observation) -> bytes | None:
        return seen.api_key_id.bytes if seen.api_key_id is not None else None

    def look(self, state: State, seen: Observation) -> Finding | None:
        days = int(seen.facts.get("days", 0))
        # Each gateway that is asked at that moment may note it.
        if days < self.threshold or windows.add(state, "woken", seen.at) > 1:
            return None
        return of_holder(seen, 1, days=days)


class PrivilegeChange(Detector):
    rule = rules.PRIVILEGE_CHANGE
    signals = frozenset({ROLE_GIVEN, OPERATOR_MADE, FACTOR_REMOVED, FACTORS_RESET})

    def subject(self, seen: Observation) -> bytes | None:
        """Return who did it, and what kind of change it is."""
        if seen.account_id is None or not _is_power(seen):
            return None
        return VARIANTS[seen.signal].encode() + (seen.user_id or seen.account_id).bytes

    def look(self, state: State, seen: Observation) -> Finding | None:
        if windows.add(state, "changes", seen.at) < self.threshold:
            return None
        facts = {"variant": VARIANTS[seen.signal]}
        if seen.signal == OPERATOR_MADE:
            return Finding(None, seen.object_id, facts=facts)
        if seen.signal == ROLE_GIVEN:
            return Finding(seen.account_id, None, facts={**facts, **_given(seen)})
        return Finding(seen.account_id, seen.account_id, facts=facts)


def _is_power(seen: Observation) -> bool:
    if seen.signal == FACTOR_REMOVED:
        return seen.facts.get("last") is True
    if seen.signal != ROLE_GIVEN:
        return True
    if "account_id" in seen.facts:
        return False  # the copy in the member's own trail
    before, after = RANKS.get(seen.facts.get("from", ""), 0), RANKS.get(_role(seen), 0)
    young = seen.account_id is not None and seen.at - ids.time_of(seen.account_id) < SETTING_UP
    return after >= POWERFUL and after > before and not young


def _role(seen: Observation) -> str:
    return str(seen.facts.get("to") or seen.facts.get("role") or "")


def _given(seen: Observation) -> dict[str, str]:
    member = {} if seen.object_id is None else {"member_id": ids.to_wire("usr", seen.object_id)}
    return {"role": _role(seen), **member}
