"""Two hundred connections that never finish their request head: their effect on others, and how long they last."""

import asyncio
import itertools
import time

from benchmarks.goals import lower
from benchmarks.load.client import joined
from benchmarks.load.figures import share
from benchmarks.load.scenes.requests import steadily

PAUSE_SECONDS = 1.0
LONGEST_SECONDS = 60.0


async def run(stage):
    count, seconds = (20, 3) if stage.quick else (200, 15)
    async with joined(stage.url) as client:
        paths = itertools.cycle(["/jobs", "/jobs?limit=5"])
        await steadily(client, paths, 1)
        alone = share(await steadily(client, paths, seconds), 0.95)
        lasting = [asyncio.create_task(trickle(client.url)) for _ in range(count)]
        await asyncio.sleep(1)
        beside = share(await steadily(client, paths, seconds), 0.95)
        lasted = await asyncio.gather(*lasting)
    how = f"{count} connections that send a byte of their head a second"
    return [
        lower("slow_heads_p95_ratio", beside / alone, 2, None, f"p95 of 50 requests a second beside {how} / alone"),
        lower("slow_heads_cut_s", max(lasted), 30, None, f"{how}: the longest that one stayed open"),
    ]


async def trickle(url):
    """Send an endless head, byte by byte, until the server closes the connection. Returns the seconds until then."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    started = time.perf_counter()
    writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    closed = asyncio.create_task(reader.read())
    try:
        while not closed.done() and time.perf_counter() - started < LONGEST_SECONDS:
            writer.write(b"a")
            await asyncio.wait([closed], timeout=PAUSE_SECONDS)
    finally:
        closed.cancel()
        writer.close()
    return time.perf_counter() - started
