"""A wrong clock for one process: Python imports this module at its start if this directory is on PYTHONPATH.

CLOCK_SHIFT_SECONDS is JSON: a word of the command line and the seconds by which its process is ahead. The machine's
clock is not changed, and no library is preloaded.
"""

import datetime as dt
import json
import os
import sys
import time

shifts = json.loads(os.environ.get("CLOCK_SHIFT_SECONDS", "{}"))
ahead = next((seconds for word, seconds in shifts.items() if word in sys.orig_argv), 0)

if ahead:
    true_time, true_time_ns = time.time, time.time_ns
    TrueDatetime = dt.datetime

    class Likeness(type):
        """A datetime that the interpreter itself makes is an instance too."""

        def __instancecheck__(cls, instance):
            return isinstance(instance, TrueDatetime)

        def __subclasscheck__(cls, other):
            return issubclass(other, TrueDatetime)

    class ShiftedDatetime(TrueDatetime, metaclass=Likeness):
        @classmethod
        def now(cls, tz=None):
            return TrueDatetime.now(tz) + dt.timedelta(seconds=ahead)

        @classmethod
        def utcnow(cls):
            return TrueDatetime.now(dt.UTC).replace(tzinfo=None) + dt.timedelta(seconds=ahead)

    true_utime = os.utime

    def shifted_utime(path, times=None, **options):
        """Touched files get this process's time, as if the machine's clock were wrong."""
        if times is None and "ns" not in options:
            times = (time.time(), time.time())
        true_utime(path, times, **options)

    os.utime = shifted_utime
    time.time = lambda: true_time() + ahead
    time.time_ns = lambda: true_time_ns() + ahead * 1_000_000_000
    dt.datetime = ShiftedDatetime
