"""One answer to every failed decryption: in the job, its events, its webhook and its audit entry."""

import json
import re
from collections.abc import Collection
from typing import Any

import httpx
import pytest

from shield_core.errors import DecryptionError
from tests.support.databases import query
from tests.support.receiver import receiving
from tests.support.stack import SystemUnderTest
from tests.support.users import User
from tests.vectors import reading
from tests.vectors.reading import Vector

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

FAILURES = {error.failure for error in DecryptionError.__subclasses__()}
LATER = b"QSMT\x02"
"""The first bytes of material of a later version, which is refused as `later-version` before any key is tried."""

VECTORS = [
    vector
    for vector in reading.every()
    if vector.expect in FAILURES and vector.header is None and not (vector.material or b"").startswith(LATER)
]


def some_of_each() -> list[Vector]:
    """Return the first and the last vector of each rung, kind and custody; tests/worker/test_failures.py takes all."""
    ways: dict[tuple[object, ...], list[Vector]] = {}
    for vector in VECTORS:
        secrets = (vector.passphrase is None, vector.identity is None)
        way = (vector.expect, vector.path.parent.name, vector.fields.get("purity"), *secrets)
        ways.setdefault(way, []).append(vector)
    return [vector for found in ways.values() for vector in (found[0], *found[1:][-1:])]


OWN = {"job_id", "key_id", "created_at", "started_at", "completed_at", "expires_at", "job_url"}
PUBLIC = {"layout", "estimated_time"}
"""What the readable header of the picture says."""
COMMENT = re.compile(r"^:.*\n\n?", re.MULTILINE)
"""A stream has one every 15 seconds while its job waits, as it does on a busy machine."""


def submit(user: User, vector: Vector, prefer: str = "respond-async") -> httpx.Response:
    files = {"encrypted_image": ("n.png", vector.image), "key_file": ("n.qkey", vector.key_file)}
    if vector.material is not None:
        files["material"] = ("n.qmat", vector.material)
    form = {"master_password": vector.passphrase} if vector.passphrase is not None else {}
    return user.http.post("/decrypt", files=files, data=form, headers={"Prefer": prefer} if prefer else {})


def normal(value: dict[str, Any]) -> str:
    return json.dumps({name: one for name, one in value.items() if name not in OWN | PUBLIC}, sort_keys=True)


def audited(system: SystemUnderTest, job_ids: Collection[str]) -> set[str]:
    """Return the distinct audit entries of the ends of these jobs."""
    url = system.variables["DATABASE_URL"].replace("postgresql+asyncpg", "postgresql")
    statement = """
        SELECT string_agg(concat_ws(' ', action, outcome, details::text), ', ' ORDER BY id)
        FROM audit_events WHERE object_id = ANY($1::uuid[]) GROUP BY object_id
    """
    return {row[0] for row in query(url, statement, [job_id.removeprefix("job_") for job_id in job_ids])}


def observe(user: User, job_id: str) -> tuple[str, str]:
    """Wait for the end of a job; return what its owner sees, without what differs between jobs."""
    stream = user.http.get(f"/jobs/{job_id}/events", params={"last_seq": 0}).text.replace(job_id, "")
    events = COMMENT.sub("", stream)
    return normal(user.job(job_id)), events[events.index("event: progress") :]


class TestFailures:
    def test_look_alike_everywhere(self, user: User, system: SystemUnderTest):
        with receiving() as receiver:
            endpoint = {"url": receiver.url(), "events": ["job.failed"]}
            user.http.post("/webhooks", json=endpoint).raise_for_status()
            failures = {}
            for vector in some_of_each():
                answer = submit(user, vector)
                if answer.status_code == 202:
                    failures[answer.json()["job_id"]] = vector.expect
            seen: dict[tuple[str, str], set[str]] = {}
            for job_id, failure in failures.items():
                seen.setdefault(observe(user, job_id), set()).add(failure)
            sockets = {
                failure: json.dumps(user.follow(job_id)).replace(job_id, "")
                for failure, job_id in {failure: job_id for job_id, failure in failures.items()}.items()
            }
            deliveries = receiver.wait_until(
                lambda received: len({one.id for one in received}) >= len(failures), seconds=60
            )
        assert set(failures.values()) == FAILURES
        assert len(failures) > 25
        assert len(seen) == 1, str(seen)
        assert len(set(sockets.values())) == 1, sockets
        assert len({normal(one.message["data"]) for one in deliveries}) == 1
        assert len(audited(system, failures)) == 1
        ((job, events),) = seen
        assert (json.loads(job)["stage"], json.loads(job)["progress"]) == ("verifying", 0)
        assert events.count("event: progress") == 3, "queued, validating, verifying"

    def test_are_one_problem_for_a_waiting_request(self, user: User):
        """So is a wrong header, which is public and refused before a job exists."""
        answers = {}
        for vector in {vector.expect: vector for vector in VECTORS if vector.identity is None}.values():
            for prefer in ("", "respond-async"):
                answer = submit(user, vector, prefer)
                if answer.status_code != 202:
                    answers[vector.path.name, prefer] = (answer.status_code, answer.json() | {"request_id": ""})
        assert len(answers) >= len(FAILURES)
        assert all(answer == next(iter(answers.values())) for answer in answers.values()), answers
