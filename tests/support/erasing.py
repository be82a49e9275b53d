"""A process that does the erasures that are due, as the relay does, and is killed at a failpoint."""

import asyncio
import os
import warnings
from pathlib import Path

from backplane import failpoints
from backplane.settings import Settings
from backplane.wiring.erasure import wire_erasure_runs
from backplane.wiring.resources import open_resources


async def erase(settings: Settings) -> None:
    async with open_resources(settings) as resources:
        await wire_erasure_runs(resources).run_due()


def erase_in_child(settings: Settings, armed: Path) -> int:
    """Fork a process that erases, with these failpoints, and return its exit code; call it on a thread without a loop.

    A new interpreter would take ten times as long.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child uses no lock of another thread
        child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        failpoints._directory = armed
        asyncio.run(erase(settings))
        code = 0
    finally:
        os._exit(code)
