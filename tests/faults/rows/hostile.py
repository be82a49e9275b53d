"""Pictures that kill their worker, need too much memory, or never end."""

import os
import resource
import signal
import time
from pathlib import Path

from tests.faults.registry import row
from tests.faults.site import Site
from tests.support import pictures
from tests.support.stack import wait_until

MAX_ATTEMPTS = 3
HEADROOM_BYTES = 24 * 1024 * 1024


@row("poison", "a picture that kills its worker every time", "G1", "G2", "G4", "G15", seconds=240)
def poison(site: Site) -> None:
    site.begin()
    alone = _wait_of_others(site)
    deaths = 0
    site.failpoints.arm("worker.encrypting", "kill")
    [job] = site.submit(1, follow=[0.0])
    deadline = time.monotonic() + 150
    waits = []
    while not _has_ended(site, job) and time.monotonic() < deadline:
        if site.failpoints.taken_by("worker.encrypting") is not None:
            deaths += 1
            site.failpoints.clear()
            waits.append(_wait_of_others(site))
            site.failpoints.arm("worker.encrypting", "kill")
        time.sleep(0.05)
    site.failpoints.clear()
    facts = site.ask_one("GET", f"/jobs/{job}")["body"]
    site.result.counted |= {"deaths": deaths, "status": facts["status"]}
    site.measure("attempts", facts["attempts"], MAX_ATTEMPTS, "attempts at the picture that kills")
    site.expect(facts["status"] == "failed" and facts["error"]["code"] == "poison", f"it ended as {facts['error']}")
    if waits:
        site.measure("wait_ratio", max(waits) / alone, 2, "four small jobs after a death / the same before")
    found = site.reconcile(may_fail=True)
    site.expect(len(found.failed) == 1, f"others failed too: {found.failed}")


def _wait_of_others(site: Site) -> float:
    """Time four small jobs; the better of two runs leaves out noise of the machine."""
    return min(_time_four(site) for _ in range(2))


def _time_four(site: Site) -> float:
    began = time.monotonic()
    jobs = site.submit(4, at_once=4)
    wait_until(lambda: all(_has_ended(site, job) for job in jobs), "the others end", seconds=60)
    return time.monotonic() - began


def _has_ended(site: Site, job: str) -> bool:
    [answer] = site.ask("GET", f"/jobs/{job}")
    return answer is not None and answer["status"] == 200 and answer["body"]["status"] in {"completed", "failed"}


@row("out-of-memory", "a picture for which there is no memory", "G1", "G2", "G15", seconds=240)
def run_out_of_memory(site: Site) -> None:
    """Each child gets a memory limit just above what it uses."""
    site.begin()
    large = site.file("large.png", pictures.as_png(pictures.enlarge("astronaut.png", megapixels=25, seed=4)))
    for pid in site.installation.children("worker"):
        used = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
        resource.prlimit(pid, resource.RLIMIT_AS, (used + HEADROOM_BYTES, resource.prlimit(pid, resource.RLIMIT_AS)[1]))
    [job] = site.ledger.do("submit", pictures=[large], count=1, form={"layout": "pixels"})
    wait_until(lambda: _has_ended(site, job), "the picture without memory ends", seconds=120)
    facts = site.ask_one("GET", f"/jobs/{job}")["body"]
    site.result.counted |= {"status": facts["status"], "code": (facts["error"] or {}).get("code")}
    site.measure("attempts", facts["attempts"], MAX_ATTEMPTS, "attempts at the picture without memory")
    site.expect(facts["status"] == "failed", "it did not fail: the fault was not injected")
    for pid in site.installation.children("worker"):
        os.kill(pid, signal.SIGKILL)
    site.submit(4)
    found = site.reconcile(may_fail=True)
    site.expect(len(found.failed) == 1, f"others failed too: {found.failed}")


@row(
    "endless",
    "a picture that never ends",
    "G1",
    "G2",
    "G15",
    seconds=300,
    JOB_TIME_LIMIT_SECONDS="6",
    JOB_HARD_TIME_LIMIT_SECONDS="10",
)
def never_end(site: Site) -> None:
    """The working thread sleeps for an hour at every attempt."""
    site.begin()
    site.failpoints.arm("worker.encrypting", "sleep 3600")
    [job] = site.submit(1, follow=[0.0])
    others: list[str] = []
    deadline = time.monotonic() + 150
    while not _has_ended(site, job) and time.monotonic() < deadline:
        if site.failpoints.taken_by("worker.encrypting") is not None:
            site.failpoints.clear()
            others += site.submit(2)
            site.ledger.do("settle", seconds=1)
            site.failpoints.arm("worker.encrypting", "sleep 3600")
        time.sleep(0.1)
    site.failpoints.clear()
    facts = site.ask_one("GET", f"/jobs/{job}")["body"]
    site.result.counted |= {"status": facts["status"], "code": (facts["error"] or {}).get("code")}
    site.measure("attempts", facts["attempts"], MAX_ATTEMPTS, "attempts at the picture that never ends")
    site.expect(facts["status"] == "failed", f"it ended as {facts['status']}")
    found = site.reconcile(may_fail=True)
    site.expect(len(found.failed) == 1, f"others failed too: {found.failed}")
