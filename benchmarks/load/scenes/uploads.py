"""Two hundred simultaneous uploads of 5 MB: each is accepted or answered with Retry-After, and leaves no files."""

import asyncio
from collections import Counter
from contextlib import suppress

import httpx

from benchmarks.goals import lower
from benchmarks.load import processes
from benchmarks.load.client import form, joined
from benchmarks.pictures import jpeg_of_5_mb

LOOK_SECONDS = 0.02


async def run(stage):
    count = 30 if stage.quick else 200
    async with joined(stage.url) as client:
        picture = form(jpeg_of_5_mb(), "photo.jpg")
        watching = asyncio.create_task(watch_peak(stage.pid("gateway")))
        answers = await asyncio.gather(*(client.post(picture) for _ in range(count)), return_exceptions=True)
        watching.cancel()
        peak = await watching
        left = len(list(stage.temporary.rglob("*.tmp"))) + sum(path.stat().st_size > 1_000_000 for path in files(stage))
        await asyncio.gather(*(clear(client, answer) for answer in answers))
    outcomes = Counter(map(outcome, answers))
    said = ", ".join(f"{number} x {name}" for name, number in sorted(outcomes.items()))
    how = f"{count} uploads of {len(picture[0]) / 1e6:.1f} MB at once: {said}"
    wrong = sum(number for name, number in outcomes.items() if name not in {"202", "503 with Retry-After"})
    return [
        lower("uploads_refused_otherwise", wrong, 0, None, f"{how}; other than 2xx or 503 with Retry-After"),
        lower("uploads_peak_mb", peak / 1e6, 600, None, "highest resident set of the gateway meanwhile, all of it"),
        lower(
            "uploads_files_left", left, 0, None, "files of more than 1 MB, or *.tmp, in its temporary directory after"
        ),
    ]


def files(stage):
    return [path for path in stage.temporary.rglob("*") if path.is_file()]


async def watch_peak(pid):
    peak = 0
    try:
        while True:
            peak = max(peak, processes.resident_bytes(pid))
            await asyncio.sleep(LOOK_SECONDS)
    except asyncio.CancelledError:
        return peak


def outcome(answer):
    if isinstance(answer, BaseException):
        return type(answer).__name__
    return f"{answer.status_code}" + (
        " with Retry-After" if "Retry-After" in answer.headers and answer.is_error else ""
    )


async def clear(client, answer):
    """Cancel an accepted job: this scene does not measure its completion."""
    if not isinstance(answer, BaseException) and answer.is_success:
        with suppress(httpx.RemoteProtocolError):  # the server may close an idle connection at any time
            await client.http.post(f"/jobs/{answer.json()['job_id']}/cancel")
