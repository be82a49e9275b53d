"""The memory budget of request bodies: each body is charged as it arrives, and the account that holds most gives way.

A body is charged for the bytes that it holds and for its next step, never for its declared length: a sender that
declares much and sends little takes little. If a step does not fit, the gateway stops reading that body, and

* another account that holds more gives way at once: its slowest body is cut;
* bodies of the same account wait for each other, until none of them can continue or `WAIT_SECONDS` have passed. Then
  the slowest body of the account that holds most is cut.

A body that has arrived completely is never cut, and a single body always fits.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from prometheus_client import Gauge

from backplane.errors import Overloaded
from backplane.metrics import CONNECTIONS_CUT

STEP = 64 * 1024
"""The most that one read may bring from a slow sender, and the least that an open body is charged for."""

WAIT_SECONDS = 2.0
"""How long a body waits for others of its account: to encrypt and store a picture of 5 MB takes a tenth of a second."""

WINDOW_SECONDS = 5.0
"""A sender that was fast and then stops counts as slow after two of these."""


class Speed:
    """Bytes per second of a sender, measured while the gateway waits for it: its own work does not count."""

    __slots__ = ("_before", "_bytes", "_seconds", "_since")

    def __init__(self) -> None:
        self._bytes = 0
        self._seconds = 0.0
        # A sender that has just begun counts as a fast one for a moment.
        self._before = (STEP, 1.0)
        self._since: float | None = None

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Count the time of this block as waiting for the sender."""
        clock = asyncio.get_running_loop().time
        self._since = clock()
        try:
            yield
        finally:
            self._seconds += clock() - self._since
            self._since = None

    def add(self, size: int) -> None:
        self._bytes += size
        if self._seconds >= WINDOW_SECONDS:
            self._before = (self._bytes, self._seconds)
            self._bytes, self._seconds = 0, 0.0

    def at(self, moment: float) -> float:
        seconds = self._seconds + (moment - self._since if self._since is not None else 0.0)
        if seconds >= 2 * WINDOW_SECONDS:
            return self._bytes / seconds
        return (self._before[0] + self._bytes) / (self._before[1] + seconds)


class Share:
    """The share of one body in the budget."""

    __slots__ = ("account_id", "cut", "granted", "held", "speed", "wait", "wanted")

    def __init__(self, account_id: UUID | None) -> None:
        self.account_id = account_id
        self.held = 0
        self.speed = Speed()
        self.wait: asyncio.Timeout | None = None
        """The timeout of the wait for its sender; rescheduled to end that wait."""
        self.wanted = 0
        self.granted: asyncio.Future[bool] | None = None
        """The result of the wait for room: True where the room is granted, False where the body is cut."""
        self.cut = False

    @property
    def arriving(self) -> bool:
        return self.wait is not None or self.granted is not None


class BodyBudget:
    """Limits the bytes of all bodies that are in memory at once."""

    def __init__(self, limit: int, gauge: Gauge | None = None) -> None:
        self._limit = limit
        self._gauge = gauge
        self._shares: dict[Share, None] = {}
        self._total = 0

    async def reserve(self, share: Share, size: int) -> None:
        """Have the share hold this many bytes; wait if there is no room for them.

        Raises:
            Overloaded: this body had to give way, or no other body could.
        """
        self._shares.setdefault(share)
        if self._fits(share, size):
            self.hold(share, size)
            return
        share.wanted, share.granted = size, asyncio.get_running_loop().create_future()
        try:
            self._make_room(share, late=False)
            await asyncio.wait([share.granted], timeout=WAIT_SECONDS)
            self._make_room(share, late=True)
            if not share.granted.done() or not share.granted.result():
                raise busy()
        finally:
            share.granted = None

    def hold(self, share: Share, size: int) -> None:
        """Charge bytes that have arrived, or return bytes that the body no longer holds."""
        if share not in self._shares:
            return
        change, share.held = size - share.held, size
        self._total += change
        if self._gauge is not None:
            self._gauge.inc(change)
        if change < 0:
            self._distribute()

    def release(self, share: Share) -> None:
        self.hold(share, 0)
        self._shares.pop(share, None)

    def _fits(self, share: Share, size: int) -> bool:
        others = self._total - share.held
        return not others or others + size <= self._limit

    def _distribute(self) -> None:
        """Give room to waiting bodies: first to the account that holds least, and there to the largest body."""
        totals = self._totals()
        waiting = [share for share in self._shares if share.granted is not None and not share.granted.done()]
        for share in sorted(waiting, key=lambda share: (totals[share.account_id], -share.held)):
            if not self._fits(share, share.wanted):
                return
            assert share.granted is not None
            share.granted.set_result(True)
            self.hold(share, share.wanted)

    def _make_room(self, share: Share, *, late: bool) -> None:
        assert share.granted is not None
        while not share.granted.done() and (slowest := self._slowest(share, late=late)):
            self._cut(slowest)

    def _slowest(self, share: Share, *, late: bool) -> Share | None:
        """Choose the body that gives way to this share; None where waiting may help."""
        totals, now = self._totals(), asyncio.get_running_loop().time()
        arriving = [one for one in self._shares if one is share or (one.arriving and one.held)]
        holders = {one.account_id for one in arriving}
        most = max(holders, key=lambda holder: (totals[holder], holder != share.account_id))
        slowest = min((one for one in arriving if one.account_id == most), key=lambda one: one.speed.at(now))
        if most != share.account_id:
            # Without the cut body, the other account must still hold at least as much as this one: two busy accounts
            # would otherwise cut each other's bodies in turn.
            at_once = totals[most] - slowest.held >= totals[share.account_id]
        else:
            # These callers are not known yet: a log-in does not wait for another one.
            at_once = share.account_id is None
        return slowest if at_once or late or self._nothing_moves() else None

    def _nothing_moves(self) -> bool:
        return all(share.granted is not None and not share.granted.done() for share in self._shares)

    def _cut(self, share: Share) -> None:
        CONNECTIONS_CUT.labels(reason="slowest-body").inc()
        share.cut = True
        if share.granted is not None and not share.granted.done():
            share.granted.set_result(False)
        if share.wait is not None:
            share.wait.reschedule(asyncio.get_running_loop().time())
        self.release(share)

    def _totals(self) -> Counter[UUID | None]:
        totals: Counter[UUID | None] = Counter()
        for share in self._shares:
            totals[share.account_id] += share.held
        return totals


def busy() -> Overloaded:
    return Overloaded("Too many bytes of requests are being received, and this one was the slowest; try again soon")
