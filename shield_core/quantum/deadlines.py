"""Calls to sources with a deadline, because a remote source may be slow.

A local source is called inline. A source that waits for a network or a device has `deadline_seconds`; it is called on a
separate thread, which is abandoned after the deadline: the image continues without it.
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
    """One request to a source, and its result."""

    n_bits: int
    answered: threading.Event = field(default_factory=threading.Event)
    raw: bytes | None = field(default=None, repr=False)
    error: Exception | None = field(default=None, repr=False)

    def run(self, source: EntropySource, line: "_Line") -> None:
        try:
            self.raw = source.measure(self.n_bits)
        except Exception as error:  # noqa: BLE001 - the requesting thread raises it again
            self.error = error
        finally:
            self.answered.set()
            line.free.release()


@dataclass(slots=True)
class _Line:
    """The connection to one source: it allows one request at a time, and knows whether one is overdue."""

    free: threading.Lock = field(default_factory=threading.Lock)
    overdue: _Request | None = None

    @property
    def is_stalled(self) -> bool:
        return self.overdue is not None and not self.overdue.answered.is_set()


_LINES: Final[WeakKeyDictionary[EntropySource, _Line]] = WeakKeyDictionary()


def ask(source: EntropySource, n_bits: int) -> bytes:
    """Return the unchecked result of the source, within its deadline.

    Args:
        source: If it has `deadline_seconds`, this is the longest wait, and again the longest wait for an earlier
            request of another thread.
        n_bits: The number of bits to request.

    Raises:
        SourceFailed: the deadline passed, or an earlier request is still unanswered after its deadline.
        Exception: any exception of the source.
    """
    seconds: float | None = getattr(source, "deadline_seconds", None)
    if seconds is None:
        return source.measure(n_bits)
    line = _LINES.setdefault(source, _Line())
    # A source that hangs does not get a second thread, and the next image does not wait for it.
    if line.is_stalled or not line.free.acquire(timeout=seconds):
        raise SourceFailed("it has not answered an earlier request yet")
    request = _Request(n_bits)
    try:
        threading.Thread(target=request.run, args=(source, line), name=f"ask {source.name}", daemon=True).start()
    except RuntimeError:  # the system cannot start another thread
        line.free.release()
        raise
    if not request.answered.wait(seconds):
        line.overdue = request
        raise SourceFailed(f"it did not answer within {seconds:g} s")
    if request.error is not None:
        raise request.error
    return request.raw  # type: ignore[return-value]  # unchecked: the caller checks it


# The thread that would release a line does not exist in a forked child.
os.register_at_fork(after_in_child=_LINES.clear)
