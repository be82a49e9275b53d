"""Log-ins and API keys from new networks.

People travel, change their provider and buy devices, and they get a mail at each new device. So a new network with a
new device is no event for a user, unless failed log-ins came before it, or a credential was changed after it. Programs
rarely move: for an API key that was always used from a few networks, a new one is an event.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from backplane.db.models import SecurityObservation as Observation
from backplane.services.audit.signals import (
    CREDENTIAL_CHANGED,
    EXPORTED,
    FACTOR_REMOVED,
    KEY_USED,
    LOG_IN_FAILED,
    LOGGED_IN,
)
from backplane.services.security import rules, windows
from backplane.services.security.detectors.bursts import tried_user
from backplane.services.security.detectors.detector import Detector, Finding, State, of_holder
from backplane.services.security.detectors.downloads import is_old
from shield_core.keys.canonical import b64encode

USES: Final = 5
"""Log-ins, or days of an API key, before its networks are known."""

FAILURES: Final = 5
"""Failed log-ins within a day that make a new network suspicious."""

SUSPICIOUS: Final = timedelta(hours=1)
"""How long after such a log-in a changed credential counts."""

FEW: Final = 3
"""Networks of a program that stays in its place; one with more runs in a cloud that moves it."""

KEPT: Final = 50


class NewNetwork(Detector):
    rule = rules.NEW_NETWORK
    signals = frozenset({LOGGED_IN, LOG_IN_FAILED, KEY_USED, CREDENTIAL_CHANGED, FACTOR_REMOVED, EXPORTED})
    keeps = timedelta(days=90)

    def subject(self, seen: Observation) -> bytes | None:
        if seen.signal == KEY_USED:
            return seen.api_key_id.bytes if seen.api_key_id is not None else None
        user_id = tried_user(seen) if seen.signal == LOG_IN_FAILED else seen.user_id
        return user_id.bytes if user_id is not None else None

    def look(self, state: State, seen: Observation) -> Finding | None:
        if seen.signal == LOG_IN_FAILED:
            windows.add(state, "failures", seen.at, window=windows.DAY)
            return None
        if seen.signal == LOGGED_IN:
            return self._log_in(state, seen)
        if seen.signal == KEY_USED:
            return self._key(state, seen)
        return self._change(state, seen)

    def _log_in(self, state: State, seen: Observation) -> Finding | None:
        settled, new = self._place(state, seen)
        new_device = _note(state, "devices", seen.device or b"", seen.at)
        failures = windows.total(state, "failures", seen.at, window=windows.DAY)
        if not (settled and new and new_device):
            return None
        if failures >= FAILURES:
            state.pop("failures")
            return Finding(seen.user_id, seen.user_id, facts={"variant": "failures", "failures": failures})
        state["suspicious"] = seen.at.timestamp()
        return None

    def _change(self, state: State, seen: Observation) -> Finding | None:
        since = state.get("suspicious")
        if since is None or (seen.signal == EXPORTED and not is_old(seen)):
            return None
        del state["suspicious"]
        if seen.at.timestamp() - since > SUSPICIOUS.total_seconds():
            return None
        return Finding(seen.user_id, seen.user_id, facts={"variant": "change"})

    def _key(self, state: State, seen: Observation) -> Finding | None:
        few = len(state.get("networks", ())) <= FEW
        settled, new = self._place(state, seen)
        return of_holder(seen, 1, variant="api_key") if settled and new and few else None

    def _place(self, state: State, seen: Observation) -> tuple[bool, bool]:
        """Note the network of a use; return whether the networks were known before, and whether this is a new one."""
        since = state.setdefault("since", seen.at.timestamp())
        uses = state.get("uses", 0)
        state["uses"] = uses + 1
        settled = uses >= USES and seen.at.timestamp() - since >= timedelta(days=self.threshold).total_seconds()
        return settled, seen.network is not None and _note(state, "networks", seen.network, seen.at)


def _note(state: State, name: str, value: bytes, at: datetime) -> bool:
    """Note when a value was seen last; return whether it is new."""
    known: dict[str, Any] = state.setdefault(name, {})
    text = b64encode(value)
    new = text not in known
    known[text] = int(at.timestamp())
    if len(known) > KEPT:
        del known[min(known, key=lambda one: known[one])]
    return new
