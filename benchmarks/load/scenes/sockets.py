"""A thousand sockets, fifty of which never read: the delay of the last event, and the memory per socket."""

import asyncio
import contextlib
import os
import signal

from benchmarks.goals import lower
from benchmarks.load import processes
from benchmarks.load.client import at_once, form, heard_end, joined
from benchmarks.load.figures import share
from benchmarks.pictures import photograph

JOBS = 20
ENDS = "SELECT id, extract(epoch FROM completed_at)::float8 AS ended FROM jobs WHERE id = ANY($1::uuid[])"
OPENED_AT_ONCE = 20


async def run(stage):
    count, dead = (100, 5) if stage.quick else (1000, 50)
    async with joined(stage.url) as client, contextlib.AsyncExitStack() as open_ones:
        with halted(stage):
            job_ids = [await client.submit(form(photograph(512, 512))) for _ in range(JOBS)]
            for writer in [await never_read(client, job_ids[number % JOBS]) for number in range(dead)]:
                open_ones.callback(writer.close)
            before = processes.resident_bytes(stage.pid("gateway"))
            followed = [job_ids[number % JOBS] for number in range(count - dead)]
            sockets = await at_once(
                (open_ones.enter_async_context(client.socket(one)) for one in followed), OPENED_AT_ONCE
            )
            await asyncio.gather(*(socket.recv() for socket in sockets))  # the snapshot: every socket is set up
            grown = processes.resident_bytes(stage.pid("gateway")) - before
        heard = await asyncio.gather(*map(heard_end, sockets))
        rows = await stage.query(ENDS, [one.removeprefix("job_") for one in job_ids])
    ended = {row["id"].hex: row["ended"] for row in rows}
    late = [at - ended[one.removeprefix("job_")] for one, (_, at) in zip(followed, heard, strict=True)]
    how = f"{count} sockets on {JOBS} jobs, {dead} of them never read"
    return [
        lower(
            "terminal_event_s", max(late), 2, None, f"{how}: from the end's transaction to the slowest of the others"
        ),
        lower("terminal_event_p50_s", share(late, 0.5), None, None, "the same, median"),
        lower(
            "socket_kb", grown / len(sockets) / 1000, 50, None, f"growth of the gateway's resident set / {len(sockets)}"
        ),
    ]


@contextlib.contextmanager
def halted(stage):
    """Stop the relay, so that no job runs while the sockets connect."""
    os.kill(stage.pid("relay"), signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(stage.pid("relay"), signal.SIGCONT)


async def never_read(client, job_id):
    """Complete the handshake of a socket and then read nothing more, with the smallest possible window."""
    host, _, port = client.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    writer.write(
        f"GET /ws/progress/{job_id} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: {client.headers['Authorization']}\r\n\r\n".encode()
    )
    answer = await reader.readuntil(b"\r\n\r\n")
    if b" 101 " not in answer:
        raise ConnectionError(answer)
    reader._transport.pause_reading()
    return writer
