"""Wait for a source that may be slow, and no longer than it is worth.

A source of this machine is asked inline. One that waits for a network or a device names its `deadline_seconds`; it is
asked on a thread of its own, which is left behind where the deadline passes: the image goes on without it.
"""

import os
import threading
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from shield_core.errors import SourceFailed
from shield_core.quantum.sources import EntropySource


@dataclass(slots=True)
class _Request:
    """One question to a source, and its answer."""

    n_bits: int
    answered: threading.Event = field(default_factory=threading.Event)
    raw: bytes | None = field(default=None, repr=False)
    error: Exception | None = field(default=None, repr=False)

    def run(self, source: EntropySource, line: "_Line") -> None:
        try:
            self.raw = source.measure(self.n_bits)
        except Exception as error:  # noqa: BLE001 - raised again by whoever asked
            self.error = error
        finally:
            self.answered.set()
            line.free.release()


@dataclass(slots=True)
class _Line:
    """The line to one source: a question at a time, and whether one is overdue."""

    free: threading.Lock = field(default_factory=threading.Lock)
    overdue: _Request | None = None

    @property
    def is_stalled(self) -> bool:
        return self.overdue is not None and not self.overdue.answered.is_set()


_LINES: Final[WeakKeyDictionary[EntropySource, _Line]] = WeakKeyDictionary()


def ask(source: EntropySource, n_bits: int) -> bytes:
    """Return what the source gives, whatever that is, within its deadline.

    Args:
        source: Where it has `deadline_seconds`, that long is waited at most, and as long again for an earlier
            question of another thread.
        n_bits: Bits to ask for.

    Raises:
        SourceFailed: the deadline passed, or an earlier question has not been answered since its own did.
        Exception: whatever the source raised.
    """
    seconds: float | None = getattr(source, "deadline_seconds", None)
    if seconds is None:
        return source.measure(n_bits)
    line = _LINES.setdefault(source, _Line())
    # A source that hangs gets no second thread, and costs the next image no time.
    if line.is_stalled or not line.free.acquire(timeout=seconds):
        raise SourceFailed("it has not answered an earlier request yet")
    request = _Request(n_bits)
    try:
        threading.Thread(target=request.run, args=(source, line), name=f"ask {source.name}", daemon=True).start()
    except RuntimeError:  # the machine has no thread left
        line.free.release()
        raise
    if not request.answered.wait(seconds):
        line.overdue = request
        raise SourceFailed(f"it did not answer within {seconds:g} s")
    if request.error is not None:
        raise request.error
    return request.raw  # type: ignore[return-value]  # whatever the source gave: the caller looks at it


# The thread that would release a line does not exist in a child.
os.register_at_fork(after_in_child=_LINES.clear)
