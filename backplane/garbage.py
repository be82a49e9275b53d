"""Garbage collection: the objects that a process has loaded are not examined again."""

import gc


def exempt_loaded() -> None:
    """Exempt all objects that are there now from collections; called once, when the process is ready.

    A full collection would examine the hundreds of thousands of objects of code and libraries each time, and stops
    everything in the process meanwhile: in the gateway 0.2 s. In a process that forks, the pages stay shared, too.
    """
    gc.collect()
    gc.freeze()
