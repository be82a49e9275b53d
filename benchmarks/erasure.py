"""Measure how long the erasure of an account with 1,000 jobs takes; the goal is a minute.

`python -m benchmarks.erasure [JOBS]`, on servers of its own. Each job has an input and an encrypted image.
"""

import asyncio
import sys
import time
from datetime import timedelta
from uuid import UUID

from backplane import ids
from backplane.db.models import Blob, Job
from backplane.db.repositories import blobs, jobs
from backplane.services.identity.revocations import Revocations
from backplane.services.mail.outgoing import Mails
from backplane.services.requests.caller import Caller
from backplane.settings import Settings
from backplane.wiring.erasure import ErasureServices, wire_erasure_runs
from backplane.wiring.resources import Resources, open_resources
from imageshield.servers.home import scratch
from tests.support.accounts import add_account
from tests.support.stack import running_stack

GOAL_SECONDS = 60.0
JOBS = 1000
AT_ONCE = 50
PICTURE = b"\0" * 100_000


async def measure(settings: Settings, count: int) -> float:
    """Erase an account with so many jobs, and return the seconds."""
    async with open_resources(settings) as resources:
        account = await add_account(resources, "ada@example.org")
        for _ in range(0, count, AT_ONCE):
            await asyncio.gather(*(_add_job(resources, account.id) for _ in range(AT_ONCE)))
        mails, revocations = (
            Mails.from_settings(settings, resources.vault),
            Revocations(resources.database, resources.bus),
        )
        schedule = ErasureServices.wire(resources, revocations, mails).schedule
        await schedule.erase_user(Caller(account.id, user_id=account.id, role="owner"), grace=timedelta(0))
        started = time.perf_counter()
        assert await wire_erasure_runs(resources).run(account.id)
        return time.perf_counter() - started


async def _add_job(resources: Resources, account_id: UUID) -> None:
    job = Job(id=ids.new(), account_id=account_id, kind="encrypt", status="completed", estimated_ms=1)
    names = {"input": f"uploads/{job.id.hex}/input", "result": f"results/{job.id.hex}/1/picture"}
    for name in names.values():
        await resources.store.put(name, PICTURE, media_type="image/png")
    async with resources.database.transaction() as session:
        await jobs.add(session, job)
        await blobs.add_all(
            session,
            [
                Blob(id=ids.new(), job_id=job.id, purpose=purpose, object_key=name, size=1, media_type="image/png")
                for purpose, name in names.items()
            ],
        )


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else JOBS
    with scratch() as place, running_stack(place) as stack, stack.databases.lend() as url:
        seconds = asyncio.run(measure(stack.settings(database_url=url, redis_url=stack.redis_url()), count))
    print(f"{count} jobs: {seconds:.1f} s (goal: {GOAL_SECONDS:.0f} s)")
    return 0 if seconds <= GOAL_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
