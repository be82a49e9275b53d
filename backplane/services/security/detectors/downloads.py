"""Mass downloads: many older files within an hour, by one user or API key.

Who works with the service fetches what was just made, and a nightly program fetches a thousand of it. Who steals an
archive fetches what has lain there.
"""

from datetime import timedelta
from typing import Final

from backplane import ids
from backplane.db.models import SecurityObservation as Observation
from backplane.services.audit.signals import EXPORTED, FETCHED
from backplane.services.security import rules, windows
from backplane.services.security.detectors.detector import Detector, Finding, State, holder_of, of_holder

OLD: Final = timedelta(days=1)
FACTOR: Final = 3
"""How many times the usual count, which is the highest of the days before."""

USUAL_DAYS: Final = 30
MOST_FILES: Final = 5_000
"""Different files that are remembered."""


class MassDownload(Detector):
    rule = rules.MASS_DOWNLOAD
    signals = frozenset({FETCHED, EXPORTED})
    keeps = timedelta(days=USUAL_DAYS)

    def subject(self, seen: Observation) -> bytes | None:
        holder = holder_of(seen)
        return None if holder is None or seen.account_id is None else seen.account_id.bytes + holder.bytes

    def look(self, state: State, seen: Observation) -> Finding | None:
        usual = _note(state, seen, windows.add(state, "all", seen.at))
        if seen.object_id is None or not is_old(seen):
            return None
        wanted = min(max(self.threshold, FACTOR * usual), MOST_FILES)
        # Parts of one file are one file. The last 32 bits of an id are random.
        count = windows.add_distinct(state, "old", seen.at, seen.object_id.hex[-8:], at_most=MOST_FILES)
        if count < wanted:
            return None
        del state["old"]
        return of_holder(seen, count)


def is_old(seen: Observation) -> bool:
    """Return whether the object of the act is older than a day: its id says when it was made."""
    return seen.object_id is not None and seen.at - ids.time_of(seen.object_id) > OLD


def _note(state: State, seen: Observation, count: int) -> int:
    """Note the count of this hour; return the highest of the days before."""
    today = seen.at.toordinal()
    days = {day: most for day, most in state.get("days", {}).items() if today - int(day) <= USUAL_DAYS}
    days[str(today)] = max(count, days.get(str(today), 0))
    state["days"] = days
    return max((most for day, most in days.items() if int(day) < today), default=0)
