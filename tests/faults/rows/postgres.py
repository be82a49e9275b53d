"""PostgreSQL: restarted, cut off, out of connections, and refusing rows of the audit log."""

import signal
import threading
import time

from tests.faults.injectors import execute, refusing_audit, resume, terminate_backends
from tests.faults.registry import row
from tests.faults.site import Site

COUNT = "SELECT count(*) AS found FROM {} "


def _expect_healthy(site: Site, *, after: float) -> None:
    """Check that no process has kept a broken connection."""
    time.sleep(after)
    polls = site.ledger.do("poll", path="/jobs", seconds=3, every=0.02)
    poisoned = sum(count for status, count in polls["statuses"].items() if status != "200")
    site.measure("poisoned", poisoned, 0, f"answers that are not 200, {after:.0f} s later")


@row("postgres-restart", "immediate restart of PostgreSQL", "G1", "G2", "G6", seconds=200)
def restart(site: Site) -> None:
    site.begin()
    site.submit(10, at_once=5, follow=[0.0])
    polling = site.ledger.start("poll", path="/jobs", seconds=12.0)
    time.sleep(0.3)
    moment = time.time()
    site.installation.kill("postgres", signal.SIGQUIT)
    polls = polling.result(60)
    site.measure(
        "first_success_s", max(0.0, polls["last_failure"] - moment), 10, "from the restart to the last failure"
    )
    site.expect("200" in polls["statuses"], "nothing was answered with 200")
    _expect_healthy(site, after=site.scale(60, 4))
    site.reconcile()


@row("postgres-terminate", "pg_terminate_backend of every connection, 100 times", "G1", "G2", "G6", seconds=240)
def terminate(site: Site) -> None:
    site.begin()
    submitting = site.start_submitting(20, at_once=2, every=0.3, follow=[0.0])
    broken = 0
    for _ in range(site.scale(100, 15)):
        broken += terminate_backends(site.installation)
        time.sleep(0.1)
    submitting.result(120)
    site.result.counted["terminated"] = broken
    _expect_healthy(site, after=site.scale(30, 2))
    site.reconcile(settle=120)


@row("pool-of-5", "a pool of 5 connections under 100 requests", "G6", seconds=120, DATABASE_POOL_SIZE="5")
def crowd_the_pool(site: Site) -> None:
    """Every connection is held for seconds: a request that waits for one gets a quick 503."""
    site.begin()
    site.submit(1)
    site.ledger.do("settle", seconds=30)
    locked = threading.Thread(target=execute, args=(site.installation, LOCKED_FOR_SECONDS))
    locked.start()
    time.sleep(0.5)
    answers = site.ask("GET", "/jobs", count=100)
    locked.join()
    refused = [answer for answer in answers if answer and answer["status"] == 503]
    site.expect(all(answer is not None for answer in answers), "a request was cut")
    site.expect(refused, "no request had to wait for a connection: the fault was not injected")
    site.expect({answer["status"] for answer in answers if answer} <= {200, 503}, "an answer is neither 200 nor 503")
    if refused:
        slowest = max(answer["seconds"] for answer in refused)
        site.measure("refusal_s", slowest, 3.5, "the slowest 503: two seconds of waiting for one of five connections")
    site.result.counted["refused"] = len(refused)
    _expect_healthy(site, after=1)
    site.reconcile()


LOCKED_FOR_SECONDS = "DO $$ BEGIN LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE; PERFORM pg_sleep(5); END $$"


@row("audit-refused", "the audit log takes no rows", "G1", "G2", "G13", seconds=200)
def refuse_audit(site: Site) -> None:
    """An act whose audit entry cannot be written does not happen, at a request or at a job's end."""
    site.begin()
    site.failpoints.arm("worker.stored", "stop")
    [held] = site.submit(1, follow=[0.0])
    [done] = site.submit(1)
    pid = site.failpoints.await_taken("worker.stored")
    site.ledger.do("settle", seconds=2)
    before = _acts(site)
    with refusing_audit(site.installation):
        resume(pid)
        answers = [answer for one in _audited(site, done, held) for answer in one]
        time.sleep(site.scale(25, 3))
        site.expect(_acts(site) == before, f"something happened unaudited: {before} became {_acts(site)}")
    for answer in answers:
        named = answer and f"{answer['method']} {answer['path']}: {answer['status']} {answer['code']}"
        site.expect(answer and answer["status"] >= 400, f"not refused: {named}")
    site.result.counted["refused"] = len(answers)
    site.submit(1)
    site.reconcile(may_fail=True, settle=120)


def _audited(site: Site, done: str, held: str):
    picture = site.pictures[0]
    yield site.ask("POST", "/encrypt", picture=picture)
    yield site.ask("POST", f"/jobs/{held}/cancel")
    yield site.ask("DELETE", f"/jobs/{done}")
    yield site.ask("POST", "/analysis/avalanche", picture=picture)


def _acts(site: Site) -> dict[str, int]:
    """Count what audited acts leave behind."""
    tables = {
        "jobs": COUNT.format("jobs"),
        "ended": COUNT.format("jobs") + "WHERE status IN ('completed', 'failed', 'cancelled')",
        "asked to cancel": COUNT.format("jobs") + "WHERE cancel_requested_at IS NOT NULL",
        "deleted": COUNT.format("jobs") + "WHERE deleted_at IS NOT NULL",
        "keys": COUNT.format("keys"),
        "audited": COUNT.format("audit_events"),
    }
    return {name: execute(site.installation, query)[0]["found"] for name, query in tables.items()}
