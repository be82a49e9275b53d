"""Callers that are many, late or impatient, that hang up, and that repeat requests."""

import time

from celery import Celery

from backplane.queue import NAME, TASK
from tests.faults.injectors import WORKER_POINTS, execute, resume
from tests.faults.registry import row
from tests.faults.site import Site
from tests.support.stack import wait_until

HEARD_SECONDS = 2


@row("sockets", "1,000 sockets on one job, 50 of which never read", "G1", "G9", seconds=240)
def crowd_a_job(site: Site) -> None:
    site.begin()
    site.failpoints.arm("worker.encrypting", "stop")
    [job] = site.submit(1)
    pid = site.failpoints.await_taken("worker.encrypting")
    unread, readers = site.scale(50, 5), site.scale(950, 45)
    try:
        site.ledger.do("leave_unread", job=job, count=unread)
        for _ in range(0, readers, 50):
            site.ledger.do("follow", jobs=[job], times=min(50, readers))
            wanted = min(readers, 50)
            heard = len({line["listener"] for line in site.lines("message")}) + wanted
            wait_until(lambda least=heard: len(_listeners(site)) >= least, "they are connected", seconds=60)
    finally:
        resume(pid)
    missing = site.ledger.do("heard", seconds=60)
    site.measure("missing", missing, 0, "readers that did not get the end")
    [end] = execute(
        site.installation,
        "SELECT created_at FROM job_events WHERE job_id = $1::uuid AND type = 'completed'",
        job.rpartition("_")[2],
    )
    last = [line["at"] for line in site.lines("message") if line["type"] == "completed"]
    site.measure(
        "heard_s", max(last, default=0) - end["created_at"].timestamp(), HEARD_SECONDS, "commit to last reader"
    )
    site.result.counted |= {"sockets": unread + readers, "heard": len(last)}
    site.reconcile()


def _listeners(site: Site) -> set[str]:
    return {line["listener"] for line in site.lines("message")}


@row("uploads-dropped", "200 uploads of which 20 hang up half-way", "G1", "G2", "G10", "G12", seconds=240)
def drop_uploads(site: Site) -> None:
    site.begin()
    dropped, kept = site.scale(20, 4), site.scale(180, 12)
    before = len(site.installation.objects())
    dropping = site.ledger.start("drop", pictures=[site.picture("medium", 700, 8)], count=dropped)
    jobs = site.submit(kept, at_once=50)
    dropping.result(60)
    found = site.reconcile(settle=180)
    site.expect(len(jobs) == kept, "every upload that was finished became a job")
    encryptions = execute(
        site.installation,
        "SELECT count(*) AS found FROM jobs WHERE kind = 'encrypt' AND account_id = ANY($1::uuid[])",
        [account.rpartition("_")[2] for account in site.accounts],
    )[0]["found"]
    site.measure("jobs_of_dropped", encryptions - kept, 0, "jobs of uploads that broke off")
    site.result.counted |= {"dropped": dropped, "objects_before": before, "orphaned_uploads": found.orphans}
    site.measure("orphans", found.orphans, 0, "objects of these jobs that no row names")


@row("late-connect", "connect 0, 10, 100 and 1000 ms after the 202, 500 times", "G1", "G5", seconds=300)
def connect_late(site: Site) -> None:
    site.begin()
    count = site.scale(500, 40)
    jobs = site.submit(count, at_once=8, follow=[0.0, 0.01, 0.1, 1.0])
    missing = site.ledger.do("heard", seconds=120)
    site.measure("not_heard", missing, 0, "listeners that did not get the end")
    site.expect(len(jobs) == count, "every job was accepted")
    site.reconcile()
    # A listener that comes after the end gets the same events.
    site.ledger.do("follow", jobs=jobs[:20])
    site.measure("not_heard_after", site.ledger.do("heard", seconds=20), 0, "listeners that came after the end")


@row("duplicates", "every message three times, and out of order", "G1", "G2", "G18", seconds=240)
def publish_again(site: Site) -> None:
    site.begin()
    celery = Celery("again", broker=site.installation.variables["REDIS_URL"], set_as_current=False)
    jobs: list[str] = []
    sent = 0
    for _ in range(site.scale(15, 4)):
        jobs += site.submit(4, at_once=4, follow=[0.0])
        for job in reversed(jobs[-6:]):
            for _ in range(2):
                celery.send_task(TASK, [str(_uuid(job))], queue=NAME)
                sent += 1
    site.ledger.do("settle", seconds=60)
    for job in reversed(jobs):
        celery.send_task(TASK, [str(_uuid(job))], queue=NAME)
    celery.close()
    site.result.counted["sent_again"] = sent + len(jobs)
    found = site.reconcile()
    site.expect(max(found.attempts) == 1, "a job ran again for a repeated message")


def _uuid(job: str) -> str:
    text = job.rpartition("_")[2]
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


@row("idempotency", "50 parallel requests with one idempotency key", "G1", "G2", seconds=180)
def ask_again(site: Site) -> None:
    site.begin()
    rounds = site.scale(5, 2)
    for number in range(rounds):
        key = {"Idempotency-Key": f"fault-run-{number:04d}"}
        answers = site.ask("POST", "/encrypt", picture=site.pictures[2], count=50, headers=key)
        statuses = [answer["status"] for answer in answers if answer]
        site.expect(set(statuses) <= {202, 409, 503}, f"answered {sorted(set(statuses))}")
        site.expect(202 in statuses, "no request was answered 202")
        jobs = {answer["body"]["job_id"] for answer in answers if answer and answer["status"] == 202}
        site.expect(len(jobs) == 1, f"one key made {len(jobs)} jobs")
        again = site.ask_one("POST", "/encrypt", picture=site.pictures[2], headers=key)
        site.expect(again["status"] == 202 and again["body"]["job_id"] in jobs, "a replay gave something else")
        other = site.ask_one("POST", "/encrypt", picture=site.pictures[3], headers=key)
        site.expect(
            (other["status"], other["code"]) == (422, "idempotency-mismatch"), "another body under the same key"
        )
    found = site.reconcile()
    site.measure("jobs_per_key", found.ended["completed"] / rounds, 1, "jobs in the database for each key")


@row("cancel", "cancel at each stage, 50 times", "G1", "G2", seconds=300)
def cancel_everywhere(site: Site) -> None:
    """A job ends once; a job whose cancel was answered with 200 or 202 does not complete."""
    site.begin()
    asked: dict[str, int] = {}
    points = (*WORKER_POINTS, "")
    for number in range(site.scale(50, 6)):
        point = points[number % len(points)]
        if point:
            site.failpoints.arm(point, "sleep 0.25")
        [job] = site.submit(1, follow=[0.0])
        if point:
            site.failpoints.await_taken(point)
        asked[job] = site.ask_one("POST", f"/jobs/{job}/cancel")["status"]
        site.failpoints.clear()
    site.ledger.do("settle", seconds=90)
    ended = {line["job"]: line["status"] for line in site.lines("ended")}
    promised = [job for job, status in asked.items() if status in {200, 202}]
    site.result.counted |= {"asked": len(asked), "granted": len(promised)}
    site.measure(
        "cancelled_late",
        sum(ended.get(job) == "completed" for job in promised),
        0,
        "granted and completed all the same",
    )
    site.expect(set(asked.values()) <= {200, 202, 409}, f"cancel was answered {sorted(set(asked.values()))}")
    site.expect(len(promised) >= len(asked) // 3, "hardly anything was cancelled: the fault was not injected")
    site.reconcile()


@row(
    "webhooks",
    "webhooks while their worker and their relay are killed",
    "G1",
    "G2",
    seconds=240,
    WEBHOOK_ALLOW_NETWORKS="127.0.0.0/8",
)
def deliver(site: Site) -> None:
    """The receiver refuses the first three, and the relay is killed in between; each event keeps its id."""
    site.begin()
    url = site.ledger.do("receive", refusals=3)
    made = site.ask_one("POST", "/webhooks", body={"url": url, "events": ["job.completed", "job.failed"]})
    site.expect(made["status"] == 201, f"a webhook was answered {made['status']} {made['code']}")
    site.failpoints.arm("worker.completed", "kill")
    jobs = site.submit(site.scale(12, 4), at_once=4)
    time.sleep(1)
    site.installation.kill("relay")
    site.ledger.do("settle", seconds=60)
    wait_until(lambda: _delivered(site) >= set(jobs), "every end is delivered", seconds=site.scale(120, 60))
    site.reconcile()


def _delivered(site: Site) -> set[str]:
    taken = [line["body"] for line in site.lines("delivery") if not line["refused"]]
    return {body["data"]["job_id"] for body in taken if body.get("type", "").startswith("job.")}
