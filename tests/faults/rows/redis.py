"""Redis, which carries notifications: killed, emptied, stopped."""

import time

from tests.faults.injectors import lose_redis_files
from tests.faults.registry import row
from tests.faults.site import Site

CONSUME_SECONDS = 30
RESUME_SECONDS = 10


def _break_and_measure(site: Site, breaking, *, count: int) -> None:
    """Break Redis with jobs queued and followed, and measure until the last of them has ended."""
    site.begin()
    jobs = site.submit(count, at_once=8, follow=[0.0])
    breaking()
    back = time.time()
    jobs += site.submit(2, follow=[0.0])
    site.ledger.do("settle", seconds=90)
    late = [line["at"] - back for line in site.lines("ended") if line["job"] in jobs]
    site.measure("consume_s", max(late, default=0.0), CONSUME_SECONDS, "from Redis being back to the last job's end")
    found = site.reconcile()
    site.measure(
        "resume_s", max(found.resumed, default=0.0), RESUME_SECONDS, "a socket's end to its successor's first message"
    )
    site.expect(len(jobs) == count + 2, "every job was accepted")


@row("redis-kill-aof", "kill -9 of Redis, every write on disk", "G1", "G2", "G5", seconds=150)
def kill_with_log(site: Site) -> None:
    _break_and_measure(site, lambda: site.installation.kill("valkey"), count=site.scale(20, 8))


@row("redis-kill-no-aof", "kill -9 of Redis, nothing on disk", "G1", "G2", "G5", seconds=150)
def kill_without_log(site: Site) -> None:
    def lose() -> None:
        lose_redis_files(site.installation)
        site.installation.kill("valkey")

    _break_and_measure(site, lose, count=site.scale(20, 8))


@row("redis-flushall", "FLUSHALL", "G1", "G2", "G5", seconds=150)
def flush(site: Site) -> None:
    def empty() -> None:
        with site.installation.redis() as client:
            client.flushall()

    _break_and_measure(site, empty, count=site.scale(20, 8))


@row("redis-down", "Redis is away for 120 s", "G1", "G2", "G5", seconds=330)
def away(site: Site) -> None:
    """Meanwhile jobs are accepted, and requests that need no notification are answered."""
    meanwhile: list[str] = []

    def stay_away() -> None:
        site.installation.down("valkey")
        meanwhile.extend(site.submit(6, at_once=3, follow=[0.0]))
        polls = site.ledger.do("poll", path="/jobs", seconds=site.scale(115, 6), every=0.5)
        site.expect(set(polls["statuses"]) == {"200"}, f"/jobs was answered {polls['statuses']} without Redis")
        site.installation.up("valkey")

    _break_and_measure(site, stay_away, count=site.scale(12, 4))
    site.expect(len(meanwhile) == 6, "jobs were accepted while Redis was away")
