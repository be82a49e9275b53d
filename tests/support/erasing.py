"""A process that does the erasures that are due, as the relay does, with the settings of its environment."""

import asyncio

from backplane.settings import Settings
from backplane.wiring.erasure import wire_erasure_runs
from backplane.wiring.resources import open_resources


async def erase(settings: Settings) -> None:
    async with open_resources(settings) as resources:
        await wire_erasure_runs(resources).run_due()


if __name__ == "__main__":
    asyncio.run(erase(Settings()))  # type: ignore[call-arg]
