"""Comparison of the ledger's record with database, store and audit log, with counts of what differs."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.faults.installation import Installation

TERMINAL = {"completed", "failed", "cancelled"}
ENDS = ("success", "failure", "cancelled")
COME_BACK = {503, 507}

JOBS = """
SELECT id, kind, status, attempts, retries, fencing_token, event_seq, error_code, deleted_at, created_at, completed_at
FROM jobs WHERE account_id = ANY($1)
"""
EVENTS = "SELECT job_id, seq, type, created_at FROM job_events WHERE job_id = ANY($1) ORDER BY job_id, seq"
BLOBS = """
SELECT job_id, purpose, object_key, size, deleted_at IS NULL AND (delete_after IS NULL OR delete_after > now()) AS kept
FROM blobs WHERE job_id = ANY($1)
"""
KEYS = "SELECT job_id, count(*) AS keys FROM keys WHERE job_id = ANY($1) GROUP BY job_id"
AUDIT = """
SELECT object_id, outcome, count(*) AS entries FROM audit_events
WHERE object_id = ANY($1) AND action LIKE 'image.%' AND outcome = ANY($2) GROUP BY object_id, outcome
"""

CHARGES = "SELECT job_id, run, entry FROM usage_entries WHERE account_id = ANY($1)"


@dataclass
class Findings:
    """The counts; each list names the jobs, blobs or answers concerned."""

    accepted: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    attempts: Counter[int] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unverified: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    charges: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    poisoned: list[str] = field(default_factory=list)
    odd_answers: list[str] = field(default_factory=list)
    orphans: int = 0
    """Objects of these jobs that no row names: a killed attempt leaves them, the sweeper collects them after 24 h."""
    deliveries: int = 0
    resumed: list[float] = field(default_factory=list)
    verified: int = 0
    late: int = 0
    """Decryptions that took longer than the half minute for which a request waits."""
    connections_cut: int = 0

    def violations(self, *, may_fail: bool = False) -> dict[str, list[str]]:
        """Return the violations by kind; a failed job is one unless the row's fault may fail it."""
        named = {
            "lost": self.lost,
            "doubled": self.doubled,
            "wrong plaintext": self.wrong,
            "not verified": self.unverified,
            "half blob": self.half,
            "gap in seq": self.gaps,
            "wrong charge": self.charges,
            "odd answer": self.odd_answers,
            **({} if may_fail else {"failed": self.failed}),
        }
        return {name: found for name, found in named.items() if found}

    def counted(self) -> dict[str, Any]:
        """Return the numbers for the table, with the zeros of violations: zero is the goal."""
        return {
            "accepted": self.accepted,
            **dict(self.ended),
            "lost": len(self.lost),
            "doubled": len(self.doubled),
            "wrong": len(self.wrong),
            "verified": self.verified,
            **({"late_decrypts": self.late} if self.late else {}),
            "half": len(self.half),
            "orphans": self.orphans,
            "gaps": len(self.gaps),
            "charges": len(self.charges),
            "poison": len(self.poisoned),
            "attempts": max(self.attempts, default=0),
            "odd": len(self.odd_answers),
            **({"resumed_s": max(self.resumed)} if self.resumed else {}),
            **({"deliveries": self.deliveries} if self.deliveries else {}),
        }


def reconcile(installation: Installation, lines: list[dict[str, Any]], accounts: Iterable[str]) -> Findings:
    """Compare the jobs of these accounts, also those whose answer never arrived at the ledger."""
    found = Findings()
    # Before the rows: the sweeper may delete a downloaded picture meanwhile, and it updates the row first.
    objects = installation.objects()
    rows = asyncio.run(_read(installation, [_uuid(account) for account in accounts]))
    _count_jobs(found, lines, rows["jobs"])
    _count_effects(found, rows)
    _count_charges(found, rows)
    _count_plaintexts(found, lines)
    _count_objects(found, rows, objects)
    _count_gaps(found, lines, rows)
    _count_answers(found, lines)
    _count_deliveries(found, lines)
    return found


async def _read(installation: Installation, accounts: list[UUID]) -> dict[str, list[Any]]:
    connection = await installation.connect()
    try:
        jobs = await connection.fetch(JOBS, accounts)
        ids = [job["id"] for job in jobs]
        return {
            "jobs": jobs,
            "events": await connection.fetch(EVENTS, ids),
            "blobs": await connection.fetch(BLOBS, ids),
            "keys": await connection.fetch(KEYS, ids),
            "charges": await connection.fetch(CHARGES, accounts),
            "audit": await connection.fetch(AUDIT, ids, list(ENDS)),
        }
    finally:
        await connection.close()


def _count_jobs(found: Findings, lines: list[dict[str, Any]], jobs: list[Any]) -> None:
    """A job is lost if it was promised, or has a row, and does not end."""
    status = {job["id"]: job["status"] for job in jobs}
    promised = {_uuid(line["job"]) for line in lines if line["kind"] == "accepted"}
    found.accepted = len(promised)
    deleted = {
        _uuid(line["path"].rpartition("/")[2])
        for line in lines
        if line["kind"] == "answer" and (line["method"], line["status"]) == ("DELETE", 204)
    }
    expected = (promised - deleted) | set(status)
    found.lost = [f"{job}: {status.get(job, 'no row')}" for job in expected if not _ended(status.get(job))]
    for job in jobs:
        found.ended[job["status"]] += job["kind"] == "encrypt" or job["status"] != "completed"
        found.attempts[job["attempts"]] += 1
        if job["error_code"] == "poison":
            found.poisoned.append(str(job["id"]))
        if job["status"] == "failed":
            found.failed.append(f"{job['id']}: {job['error_code']}")
    found.ended += Counter()  # drops the zeros


def _ended(status: str | None) -> bool:
    return status in TERMINAL


def _count_effects(found: Findings, rows: dict[str, list[Any]]) -> None:
    """A job has one result and one key, and for each submission or retry one audited end and one last event."""
    jobs = {job["id"]: job for job in rows["jobs"]}
    results = Counter(
        (blob["job_id"], blob["purpose"]) for blob in rows["blobs"] if not blob["purpose"].startswith("input")
    )
    found.doubled += [f"{job}: {count} of {purpose}" for (job, purpose), count in results.items() if count > 1]
    found.doubled += [f"{row['job_id']}: {row['keys']} keys" for row in rows["keys"] if row["keys"] > 1]
    found.doubled += [f"{key}: of an attempt that was fenced off" for key in _of_fenced_attempts(jobs, rows["blobs"])]
    ends = Counter[UUID]()
    for row in rows["audit"]:
        ends[row["object_id"]] += row["entries"]
    last = Counter(row["job_id"] for row in rows["events"] if row["type"] in {"completed", "error", "cancelled"})
    for job_id, job in jobs.items():
        if _ended(job["status"]):
            expected = 1 + job["retries"]
            if ends[job_id] != expected:
                found.doubled.append(f"{job_id}: {ends[job_id]} audited ends, {expected} expected")
            if last[job_id] != expected:
                found.doubled.append(f"{job_id}: {last[job_id]} last events, {expected} expected")


def _count_charges(found: Findings, rows: dict[str, list[Any]]) -> None:
    """Each run of a job is charged once, and refunded once unless it has completed; nothing else is charged."""
    entries: dict[UUID, Counter[tuple[int, str]]] = defaultdict(Counter)
    for row in rows["charges"]:
        entries[row["job_id"]][row["run"], row["entry"]] += 1
    for job in rows["jobs"]:
        runs = range(job["retries"] + 1)
        expected = Counter((run, "charge") for run in runs)
        expected.update((run, "refund") for run in runs if run < job["retries"] or job["status"] != "completed")
        has = entries.pop(job["id"], Counter[tuple[int, str]]())
        if _ended(job["status"]) and has != expected:
            found.charges.append(f"{job['id']} ({job['status']}): {dict(has)}, expected {dict(expected)}")
    found.charges += [f"{job_id}: charged without a job" for job_id in entries]


def _of_fenced_attempts(jobs: dict[UUID, Any], blobs: list[Any]) -> list[str]:
    """List results of another fencing token than the one the job ended with: their object keys name it."""
    return [
        blob["object_key"]
        for blob in blobs
        if blob["object_key"].startswith("results/")
        and int(blob["object_key"].split("/")[2]) != jobs[blob["job_id"]]["fencing_token"]
    ]


def _count_plaintexts(found: Findings, lines: list[dict[str, Any]]) -> None:
    same = {line["job"]: line["same"] for line in lines if line["kind"] == "plaintext"}
    completed = {line["job"] for line in lines if line["kind"] == "ended" and line["status"] == "completed"}
    found.verified = sum(same.values())
    found.late = sum(line["kind"] == "late-decrypt" for line in lines)
    found.wrong = [job for job, is_same in same.items() if not is_same]
    found.unverified = sorted(completed - set(same))


def _count_objects(found: Findings, rows: dict[str, list[Any]], objects: dict[str, int]) -> None:
    """Each object that a row names must be complete; objects that no row names are only counted."""
    named = {blob["object_key"] for blob in rows["blobs"]}
    for blob in rows["blobs"]:
        size = objects.get(blob["object_key"])
        if blob["kept"] and (size is None or size < blob["size"]):
            found.half.append(f"{blob['object_key']}: {size} bytes of {blob['size']}")
    ours = {job["id"].hex for job in rows["jobs"]}
    found.orphans = sum(key not in named and any(part in ours for part in key.split("/")) for key in objects)


def _count_gaps(found: Findings, lines: list[dict[str, Any]], rows: dict[str, list[Any]]) -> None:
    """`seq` has no gap from 1 in the rows, and each listener got each number once and in order."""
    numbers: dict[Any, list[int]] = defaultdict(list)
    for event in rows["events"]:
        numbers[event["job_id"]].append(event["seq"])
    for job in rows["jobs"]:
        if numbers[job["id"]] != list(range(1, job["event_seq"] + 1)):
            found.gaps.append(f"{job['id']}: rows {numbers[job['id']]}, last {job['event_seq']}")
    heard: dict[str, list[int]] = defaultdict(list)
    for line in lines:
        if line["kind"] == "message":
            heard[line["listener"]].append(line["seq"])
        elif line["kind"] == "resumed":
            found.resumed.append(line["seconds"])
    for listener, seqs in heard.items():
        if seqs != list(range(1, len(seqs) + 1)):
            found.gaps.append(f"{listener}: heard {seqs}")


def _count_answers(found: Findings, lines: list[dict[str, Any]]) -> None:
    """A server error is 503 or 507, and a 503 has a Retry-After."""
    for line in lines:
        if line["kind"] == "answer" and line["status"] >= 500:
            if line["status"] not in COME_BACK:
                found.odd_answers.append(f"{line['method']} {line['path']}: {line['status']} {line['request_id']}")
            elif line["status"] == 503 and not line["retry_after"]:
                found.odd_answers.append(f"{line['method']} {line['path']}: 503 without Retry-After")
    found.connections_cut = sum(line["kind"] == "cut" for line in lines)


def _count_deliveries(found: Findings, lines: list[dict[str, Any]]) -> None:
    """A webhook may arrive twice; the id of its event stays the same."""
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in lines:
        if line["kind"] == "delivery":
            found.deliveries += 1
            about = line["body"].get("data", {}).get("job_id") or line["body"].get("data", {}).get("batch_id")
            ids[line["body"].get("type", ""), str(about)].add(line["headers"].get("webhook-id", ""))
    found.doubled += [
        f"{about}: {len(several)} ids of {kind}" for (kind, about), several in ids.items() if len(several) > 1
    ]


def _uuid(wire: str) -> UUID:
    return UUID(wire.rpartition("_")[2])
