"""Workers, gateway and relay: killed, stopped and asked to stop."""

import os
import signal
import time

from tests.faults.injectors import WORKER_POINTS, resume
from tests.faults.registry import row
from tests.faults.site import RESTART_SECONDS, Site
from tests.support.stack import wait_until

LEASE_SECONDS = 15
WORKER_STOP_SECONDS = 30
"""The supervisor gives it 25 s; the rest is for a busy machine."""

GROUP = 4
"""Points that are armed together: few, so that a retried job does not reach three of them."""

SHORT_POINTS = ("worker.claimed", "worker.stored", "worker.completing")
"""For the short form: before the work, after it, and in the middle of writing the end."""


@row("child-kill", "kill -9 of a pool child that works", "G1", "G2", "G3", "G4", seconds=150)
def kill_children(site: Site) -> None:
    site.begin()
    for round_ in range(site.scale(3, 1)):
        site.failpoints.arm("worker.encrypting", "stop")
        jobs = site.submit(1, follow=[0.0])
        pid = site.failpoints.await_taken("worker.encrypting")
        moment = time.time()
        os.kill(pid, signal.SIGKILL)
        site.failpoints.clear()
        site.submit(4, follow=[0.0])
        site.ledger.do("settle", seconds=60)
        site.expect(site.restarts(jobs, moment), f"round {round_}: the job was not started again")
        site.measure_restarts(jobs, moment)
    site.expect(site.reconcile().attempts[2] == site.scale(3, 1), "each killed job took exactly one more attempt")


@row("failpoint-kill", "kill -9 of the child at each of 12 points", "G1", "G2", "G3", "G4", seconds=240)
def kill_children_at_points(site: Site) -> None:
    site.begin()
    moments = {}
    points = SHORT_POINTS if site.short else WORKER_POINTS
    for start in range(0, len(points), GROUP):
        for point in points[start : start + GROUP]:
            site.failpoints.arm(point, "kill")
            [job] = site.submit(1, follow=[0.0])
            site.failpoints.await_taken(point)
            moments[job] = time.time()
        site.ledger.do("settle", seconds=90)
        site.failpoints.clear()
    for job, moment in moments.items():
        site.measure_restarts([job], moment)
    site.reconcile()


@row("worker-kill", "kill -9 of the whole worker at each of 12 points", "G1", "G2", "G3", "G4", seconds=300)
def kill_workers_at_points(site: Site) -> None:
    site.begin()
    points = WORKER_POINTS[: site.scale(12, 4)]
    for start in range(0, len(points), GROUP):
        group = points[start : start + GROUP]
        jobs = []
        for point in group:
            site.failpoints.arm(point, "stop")
            jobs += site.submit(1, follow=[0.0])
            site.failpoints.await_taken(point)
        moment = time.time()
        site.installation.kill("worker")
        site.ledger.do("settle", seconds=90)
        site.measure_restarts(jobs, moment)
        site.failpoints.clear()
    site.reconcile()


@row("gateway-kill", "kill -9 of the gateway before and after its commit", "G1", "G2", "G12", seconds=120)
def kill_gateway(site: Site) -> None:
    """A job without an answer may exist or not; if it exists, it ends, and it is complete."""
    site.begin()
    for point in ("gateway.stored", "gateway.submitted"):
        site.failpoints.arm(point, "kill")
        before = site.installation.starts("gateway")
        [answer] = site.ask("POST", "/encrypt", picture=site.pictures[0])
        site.expect(answer is None, f"{point}: the caller was answered by a gateway that was dead")
        wait_until(lambda before=before: site.installation.starts("gateway") > before, "the gateway is started again")
        site.installation.await_ready()
    site.submit(2)
    found = site.reconcile()
    site.expect(found.ended["completed"] == 3, "of the two unanswered the committed one exists, and no other")


@row("relay-kill", "kill -9 of the relay between telling the queue and its commit", "G1", "G2", "G4", seconds=120)
def kill_relay(site: Site) -> None:
    site.begin()
    moments = {}
    for _ in range(site.scale(3, 1)):
        site.failpoints.arm("relay.published", "kill")
        [job] = site.submit(1, follow=[0.0])
        site.failpoints.await_taken("relay.published")
        moments[job] = time.time()
        site.installation.await_ready()
    site.submit(3)
    for job, moment in moments.items():
        site.measure_restarts([job], moment)
    site.reconcile()


@row("stop-continue", "SIGSTOP for 60 s, then CONT: the late writer is fenced", "G1", "G2", "G3", "G4", seconds=240)
def stop_and_continue(site: Site) -> None:
    site.begin()
    stopped = {}
    for point in ("worker.encrypting", "worker.stored", "worker.completing"):
        site.failpoints.arm(point, "stop")
        [job] = site.submit(1, follow=[0.0])
        stopped[job] = site.failpoints.await_taken(point), time.time()
    others = site.submit(4, follow=[0.0])
    try:
        time.sleep(site.scale(60, LEASE_SECONDS + 8))
        moments = _first_events(site, {job: moment for job, (_, moment) in stopped.items()})
        site.expect(len(moments) == len(stopped), f"only {len(moments)} of {len(stopped)} began again meanwhile")
        if moments:
            how = "from the stop to the next attempt's first event, worst"
            site.measure("restart_s", max(moments), 30, how)
    finally:
        for pid, _ in stopped.values():
            resume(pid)
    found = site.reconcile()
    site.expect(others, "others were accepted meanwhile")
    site.expect(found.attempts[2] == len(stopped), "each stopped job took exactly one more attempt")


def _first_events(site: Site, moments: dict[str, float]) -> list[float]:
    return [seconds for job, moment in moments.items() for seconds in site.restarts([job], moment)]


@row("late-writer", "a stopped worker wakes while another works on its job", "G1", "G2", "G3", "G4", seconds=150)
def wake_late(site: Site) -> None:
    """Only the fencing token tells them apart: the job is in progress, and the late worker has stored a result."""
    site.begin()
    site.failpoints.arm("worker.stored", "stop")
    site.submit(1, follow=[0.0])
    late, moment = site.failpoints.await_taken("worker.stored"), time.time()
    site.failpoints.arm("worker.encrypting", "stop")
    present = site.failpoints.await_taken("worker.encrypting", seconds=60)
    # By this process's clock: the stopped attempt has written no event.
    site.measure("restart_s", time.time() - moment, RESTART_SECONDS, "from the stop to the next attempt's work")
    resume(late)
    time.sleep(2)
    resume(present)
    found = site.reconcile()
    site.expect(found.attempts[2] == 1, "the job took exactly one more attempt")


@row("rollout-worker", "SIGTERM to a worker with 10 jobs in flight", "G1", "G2", "G8", seconds=150)
def roll_out_worker(site: Site) -> None:
    site.begin()
    large = site.picture("large", 3000, 9)
    jobs = site.ledger.do("submit", pictures=[large], count=10, at_once=10, follow=[0.0], within=120)
    site.measure(
        "stop_s", _seconds_to_stop(site, "worker"), WORKER_STOP_SECONDS, "from SIGTERM to the end of the process"
    )
    site.installation.await_ready()
    site.expect(len([job for job in jobs if job]) == 10, "ten were accepted")
    found = site.reconcile()
    site.expect(max(found.attempts) <= 2, "no job needed more than one more attempt")


@row(
    "rollout-gateway", "SIGTERM to the gateway with 10 requests in flight and 10 sockets open", "G1", "G8", seconds=150
)
def roll_out_gateway(site: Site) -> None:
    site.begin()
    site.failpoints.arm("worker.encrypting", "stop")
    [held] = site.submit(1)
    pid = site.failpoints.await_taken("worker.encrypting")
    site.ledger.do("follow", jobs=[held], times=10)
    waiting = site.ledger.start(
        "ask",
        method="POST",
        path="/encrypt",
        picture=site.picture("large", 3000, 9),
        count=10,
        headers={"Prefer": "wait=20"},
    )
    time.sleep(0.4)
    site.measure("stop_s", _seconds_to_stop(site, "gateway"), 25, "from SIGTERM to the end of the process")
    answers = waiting.result(60)
    resume(pid)
    resets = [line for line in site.lines("cut") if line["error"] != "ConnectError"]
    site.measure("resets", len(resets), 0, "requests in flight that were cut")
    site.expect(
        all(answer is None or answer["status"] in {200, 202, 503} for answer in answers), "a request was answered oddly"
    )
    site.installation.await_ready()
    closed = [line["why"] for line in site.lines("socket-lost")]
    site.expect(closed.count("closed 1012") == 10, f"sockets were closed with {sorted(set(closed))}")
    found = site.reconcile()
    if found.resumed:
        site.measure("resume_s", max(found.resumed), 10, "from a socket's end to the next one's first message, worst")


def _seconds_to_stop(site: Site, name: str) -> float:
    pid, before, began = site.installation.pid(name), site.installation.starts(name), time.monotonic()
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: site.installation.starts(name) > before, f"{name} stops", seconds=60)
    return time.monotonic() - began


@row("two-relays", "three relays and sweepers at once, one of them killed", "G1", "G2", "G4", seconds=150)
def several_relays(site: Site) -> None:
    site.begin()
    with site.installation.more_of("relay", 2):
        site.failpoints.arm("worker.encrypting", "kill")
        jobs = site.submit(site.scale(40, 8), at_once=8, follow=[0.0])
        site.failpoints.await_taken("worker.encrypting")
        moment = time.time()
        site.installation.kill("relay")
        site.ledger.do("settle", seconds=60)
        late = [line["at"] - moment for line in site.lines("ended") if line["job"] in jobs]
        site.measure("settled_s", max(late, default=0.0), 30, "from the kill of a worker and a relay to the last end")
    site.reconcile()
