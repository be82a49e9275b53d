"""Counts within the last hour or day, as plain data that a tally can keep."""

from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Any, Final

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PARTS: Final = 12
"""A window moves on by a twelfth of its length."""


def add(state: dict[str, Any], name: str, at: datetime, *, window: timedelta = HOUR, count: int = 1) -> int:
    """Count what happened at a time; return the sum of the window that ends with it."""
    parts, now = _recent(state, name, at, window)
    parts[now] = parts.get(now, 0) + count
    state[name] = parts
    return sum(parts.values())


def total(state: dict[str, Any], name: str, at: datetime, *, window: timedelta = HOUR) -> int:
    return sum(_recent(state, name, at, window)[0].values())


def add_distinct(state: dict[str, Any], name: str, at: datetime, one: Hashable, *, at_most: int) -> int:
    """Note a value; return how many different ones the hour has, of `at_most`."""
    parts, now = _recent(state, name, at, HOUR)
    known = {value for values in parts.values() for value in values}
    if one not in known and len(known) < at_most:
        parts[now] = [*parts.get(now, ()), one]
        known.add(one)
    state[name] = parts
    return len(known)


def _recent(state: dict[str, Any], name: str, at: datetime, window: timedelta) -> tuple[dict[str, Any], str]:
    """Return the parts of the window, and the name of the newest one."""
    # Entries come in the order of their sealing, which may differ from that of their times by seconds.
    kept = state.get(name, {})
    now = max([int(at.timestamp() / (window.total_seconds() / PARTS)), *map(int, kept)])
    return {part: value for part, value in kept.items() if now - int(part) < PARTS}, str(now)
