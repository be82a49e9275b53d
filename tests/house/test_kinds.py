"""Kinds of job: one table of data, and everything that must agree with it."""

import re
from typing import get_args

import pytest

from api.schemas.jobs import Kind as SchemaKind
from backplane.kinds import ANALYSIS, EXPORTED, KINDS, RESULT
from tests.support.databases import query
from worker.runner import WORK


class TestKinds:
    def test_names_are_the_keys(self):
        assert {name: kind.name for name, kind in KINDS.items()} == {name: name for name in KINDS}

    def test_results_are_purposes_of_blobs(self):
        assert {kind.result for kind in KINDS.values()} <= {RESULT, ANALYSIS, EXPORTED}

    def test_every_kind_has_work(self, root):
        """The work of a kind is the module of its name in `worker.kinds`; helpers of several kinds are beside them."""
        modules = {path.stem for path in (root / "worker/kinds").glob("*.py")}
        assert set(WORK) == set(KINDS)
        assert set(KINDS) <= modules
        assert modules - set(KINDS) == {"__init__", "analysis", "equipment"}

    def test_the_schema_lists_every_kind(self):
        assert set(get_args(SchemaKind)) == set(KINDS)

    def test_audit_actions_differ(self):
        assert len({kind.action for kind in KINDS.values()}) == len(KINDS)


@pytest.mark.stack
class TestDatabase:
    def test_check_lists_every_kind(self, database_url):
        [row] = query(
            database_url, "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname = 'ck_jobs_kind'"
        )
        assert set(re.findall(r"'(\w+)'", row["text"])) == set(KINDS)
