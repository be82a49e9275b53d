"""Rows of `make faults` with small counts, part of every test run."""

import pytest

from tests.faults.installation import running_installation
from tests.faults.ledger import OutsideLedger
from tests.faults.rows import MATRIX
from tests.faults.running import run_one

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

ROWS = ("failpoint-kill", "redis-flushall", "duplicates", "store-503", "idempotency")


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    with running_installation(folder / "installation.log") as installation:
        ledger = OutsideLedger("", folder / "record.jsonl")
        yield installation, ledger
        ledger.close()


class TestShortForm:
    @pytest.mark.parametrize("name", ROWS)
    def test_nothing_is_lost_and_nothing_is_done_twice(self, outside, name):
        [row] = [row for row in MATRIX if row.name == name]
        result = run_one(row, *outside, short=True, report=print)
        assert result.faults == []
        assert result.counted["accepted"] > 0
        assert result.counted["verified"] > 0
        assert {measure.id: measure.measured for measure in result.measures if measure.ok is False} == {}
