"""The fault harness: its ledger imports nothing of the product, its matrix is documented, its reconciler works."""

import json
import subprocess
import sys
from collections import Counter
from uuid import uuid4

import pytest

from tests.faults import reconciler
from tests.faults.measures import Measure, Result
from tests.faults.reconciler import Findings
from tests.faults.rows import MATRIX
from tests.support.stack import ROOT

PRODUCT = {"api", "backplane", "imageshield", "relay", "shield_core", "worker"}


def job(status="completed", **changes):
    facts = {
        "id": uuid4(),
        "kind": "encrypt",
        "status": status,
        "attempts": 1,
        "retries": 0,
        "event_seq": 2,
        "fencing_token": 1,
    }
    return {**facts, "error_code": None, **changes}


def rows(of, **changes):
    """Return the database's rows of a job without faults."""
    ended = {"completed": "success", "failed": "failure"}[of["status"]]
    last = {"completed": "completed", "failed": "error"}[of["status"]]
    events = [{"job_id": of["id"], "seq": 1, "type": "progress"}, {"job_id": of["id"], "seq": 2, "type": last}]
    result = {
        "job_id": of["id"],
        "purpose": "result",
        "object_key": f"results/{of['id'].hex}/1/result",
        "size": 9,
        "kept": True,
    }
    return {
        "jobs": [of],
        "events": events,
        "blobs": [result],
        "keys": [{"job_id": of["id"], "keys": 1}],
        "audit": [{"object_id": of["id"], "outcome": ended, "entries": 1}],
    } | changes


def wire(of):
    return f"job_{of['id'].hex}"


class TestLedger:
    def test_knows_nothing_of_the_product(self):
        code = "import json, sys, tests.faults.outside.__main__; print(json.dumps(sorted(sys.modules)))"
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
        assert "httpx" in loaded
        assert loaded & PRODUCT == set()


class TestMatrix:
    def test_names_each_row_once(self):
        assert [name for name, count in Counter(row.name for row in MATRIX).items() if count > 1] == []

    def test_is_the_table_of_the_document(self):
        text = (ROOT / "docs/explanation/reliability.md").read_text()
        assert [row.name for row in MATRIX if f"| `{row.name}` |" not in text] == []

    def test_covers_every_goal(self):
        assert {goal for row in MATRIX for goal in row.goals} == {f"G{number}" for number in range(1, 19)}


class TestReconciler:
    def test_finds_nothing_where_all_is_well(self):
        one, found = job(), Findings()
        reconciler._count_jobs(found, [{"kind": "accepted", "job": wire(one)}], [one])
        reconciler._count_effects(found, rows(one))
        reconciler._count_gaps(found, [], rows(one))
        reconciler._count_objects(found, rows(one), {f"results/{one['id'].hex}/1/result": 9})
        assert found.violations() == {}
        assert found.counted()["accepted"] == found.ended["completed"] == 1

    @pytest.mark.parametrize("status", ["pending", "processing"])
    def test_job_that_does_not_end_is_lost(self, status):
        one, found = job(status), Findings()
        reconciler._count_jobs(found, [{"kind": "accepted", "job": wire(one)}], [one])
        assert found.lost == [f"{one['id']}: {status}"]

    def test_promised_job_without_a_row_is_lost(self):
        """Unless its owner has deleted it."""
        gone, promised = job(), Findings()
        accepted = {"kind": "accepted", "job": wire(gone)}
        reconciler._count_jobs(promised, [accepted], [])
        assert promised.lost == [f"{gone['id']}: no row"]
        deleted, found = {"kind": "answer", "method": "DELETE", "status": 204, "path": f"/x/{wire(gone)}"}, Findings()
        reconciler._count_jobs(found, [accepted, deleted], [])
        assert found.lost == []

    @pytest.mark.parametrize(
        "changed",
        [
            {"keys": lambda one: [{"job_id": one["id"], "keys": 2}]},
            {"audit": lambda one: [{"object_id": one["id"], "outcome": "success", "entries": 2}]},
            {"audit": lambda one: []},
            {"blobs": lambda one: rows(one)["blobs"] * 2},
            {"events": lambda one: [*rows(one)["events"], {"job_id": one["id"], "seq": 3, "type": "completed"}]},
        ],
        ids=["two keys", "two audited ends", "no audited end", "two results", "two last events"],
    )
    def test_double_or_missing_effect_is_found(self, changed):
        one, found = job(), Findings()
        reconciler._count_effects(found, rows(one, **{name: make(one) for name, make in changed.items()}))
        assert found.doubled != []

    def test_result_of_a_fenced_attempt_is_found(self):
        one, found = job(fencing_token=3), Findings()
        reconciler._count_effects(found, rows(one))
        assert found.doubled == [f"results/{one['id'].hex}/1/result: of an attempt that was fenced off"]

    def test_retried_job_may_end_once_more(self):
        one, found = job(retries=1), Findings()
        two = [{"object_id": one["id"], "outcome": outcome, "entries": 1} for outcome in ("failure", "success")]
        events = [*rows(one)["events"], {"job_id": one["id"], "seq": 3, "type": "error"}]
        reconciler._count_effects(found, rows(one, audit=two, events=events))
        assert found.doubled == []

    def test_short_or_missing_blob_is_half(self):
        one = job()
        for objects in ({}, {f"results/{one['id'].hex}/1/result": 8}):
            found = Findings()
            reconciler._count_objects(found, rows(one), objects)
            assert len(found.half) == 1

    def test_missing_number_is_a_gap(self):
        """In the rows, and at a listener."""
        one, found = job(event_seq=3), Findings()
        heard = [{"kind": "message", "listener": "a", "seq": seq} for seq in (1, 3)]
        reconciler._count_gaps(found, heard, rows(one))
        assert len(found.gaps) == 2

    def test_wrong_and_unverified_plaintexts_are_found(self):
        """A completed job whose plaintext was not compared is unverified."""
        found = Findings()
        ended = [{"kind": "ended", "job": name, "status": "completed"} for name in ("a", "b")]
        reconciler._count_plaintexts(found, [*ended, {"kind": "plaintext", "job": "a", "same": False}])
        assert (found.wrong, found.unverified) == (["a"], ["b"])

    @pytest.mark.parametrize(
        ("status", "retry_after", "odd"),
        [(500, None, 1), (503, None, 1), (503, "5", 0), (507, None, 0), (404, None, 0)],
    )
    def test_only_temporary_failures_are_allowed(self, status, retry_after, odd):
        """A 503 needs a Retry-After; a 507 does not."""
        found = Findings()
        answer = {"method": "GET", "path": "/x", "status": status, "retry_after": retry_after, "request_id": "r"}
        reconciler._count_answers(found, [{"kind": "answer", **answer}])
        assert len(found.odd_answers) == odd

    def test_two_ids_of_one_event_are_two_effects(self):
        found = Findings()
        body = {"type": "job.completed", "data": {"job_id": "job_1"}}
        lines = [{"kind": "delivery", "headers": {"webhook-id": name}, "body": body} for name in ("a", "a", "b")]
        reconciler._count_deliveries(found, lines)
        assert (found.deliveries, len(found.doubled)) == (3, 1)


class TestResult:
    def test_missed_goal_makes_it_broken(self):
        result = Result("row", "fault", ("G4",), measures=[Measure("row.restart_s", 31, 30, "lower", "how")])
        result.judge()
        assert result.status == "BROKEN"
