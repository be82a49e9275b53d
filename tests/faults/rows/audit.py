"""The audit trail: no entry is lost or sealed twice, whatever is killed while it is sealed and signed."""

import json
import subprocess
import sys
from typing import Any

from tests.faults.injectors import execute
from tests.faults.registry import row
from tests.faults.site import Site
from tests.support.stack import wait_until

SEALING = ("audit.sealing", "audit.rows_sealed", "audit.heads_advanced", "audit.sealed")
SIGNING = ("audit.checkpoint_signed", "audit.checkpoint_committed", "audit.checkpoint_stored")
CHECKPOINT_SECONDS = 90.0
"""A checkpoint is made every 60 seconds."""

OWN = "SELECT seq, action, object_id FROM audit_events WHERE account_id = $1::uuid ORDER BY seq"
UNSEALED = "SELECT count(*) AS waiting FROM audit_events WHERE seq IS NULL"
UNCHECKED = (
    "SELECT count(*) AS waiting FROM audit_chains WHERE chain_id = $1::uuid AND checked_seq IS DISTINCT FROM seq"
)


@row("audit", "kill -9 of the relay at each step of sealing and signing", "G1", "G2", "G4", seconds=360)
def seal_once(site: Site) -> None:
    site.begin()
    jobs = [job for point in SEALING for job in _kill_while_writing(site, point)]
    for point in SIGNING:
        site.failpoints.arm(point, "kill")
    for point in SIGNING:
        _await_killed(site, point, seconds=CHECKPOINT_SECONDS)
    site.reconcile()
    _await_none(site, UNSEALED)
    _await_none(site, UNCHECKED, _account(site), seconds=CHECKPOINT_SECONDS)
    entries = execute(site.installation, OWN, _account(site))
    numbers = [entry["seq"] for entry in entries]
    site.expect(numbers == list(range(1, len(numbers) + 1)), f"the chain has no gap and no number twice: {numbers}")
    site.measure(
        "jobs_without_their_entries", len(_unrecorded(jobs, entries)), 0, "submitted jobs without both entries"
    )
    _verify(site)


def _kill_while_writing(site: Site, point: str) -> list[str]:
    site.failpoints.arm(point, "kill")
    jobs = site.submit(2, follow=[0.0])
    _await_killed(site, point)
    return jobs


def _await_killed(site: Site, point: str, *, seconds: float = 60.0) -> None:
    site.failpoints.await_taken(point, seconds=seconds)
    site.installation.await_ready()


def _await_none(site: Site, statement: str, *arguments: Any, seconds: float = 60.0) -> None:
    def none_wait() -> bool:
        [found] = execute(site.installation, statement, *arguments)
        return not found["waiting"]

    wait_until(none_wait, "every entry is sealed and signed", seconds=seconds)


def _unrecorded(jobs: list[str], entries: list[Any]) -> list[str]:
    """List the jobs that lack the entry of their submission or of their end, or have one twice."""
    recorded = [str(entry["object_id"]) for entry in entries if entry["action"] == "image.encrypt"]
    return [job for job in jobs if sum(job.rpartition("_")[2] == one.replace("-", "") for one in recorded) != 2]


def _verify(site: Site) -> None:
    """Verify an export offline, as an auditor does."""
    export = _fetch(site, "/audit/export", "audit.jsonl")
    keys = _fetch(site, f"{site.installation.url}/.well-known/jwks.json", "jwks.json")
    command = [sys.executable, "-m", "imageshield", "audit", "verify", export, "--keys", keys, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    site.expect(done.returncode == 0, f"the export verifies: {done.stdout[-300:]}{done.stderr[-300:]}")


def _fetch(site: Site, path: str, name: str) -> str:
    answer = site.ask_one("GET", path)
    site.expect(answer["status"] == 200, f"{path} answers: {answer['status']}")
    body = answer["text"] if answer["body"] is None else json.dumps(answer["body"])
    return site.file(name, body.encode())


def _account(site: Site) -> str:
    return site.accounts[0].rpartition("_")[2]
