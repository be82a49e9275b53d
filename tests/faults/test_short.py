"""The most telling rows of `make faults` with small counts, for every run of the tests."""

import pytest

from tests.faults.client import OutsideLedger
from tests.faults.house import running_house
from tests.faults.rows import MATRIX
from tests.faults.running import run_one

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

TELLING = ("failpoint-kill", "redis-flushall", "duplicates", "store-503", "idempotency")


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    with running_house(folder / "house.log") as house:
        ledger = OutsideLedger("", folder / "diary.jsonl")
        yield house, ledger
        ledger.close()


class TestShortForm:
    @pytest.mark.parametrize("name", TELLING)
    def test_nothing_is_lost_and_nothing_is_done_twice(self, outside, name):
        [row] = [row for row in MATRIX if row.name == name]
        result = run_one(row, *outside, short=True, report=print)
        assert result.faults == []
        assert result.counted["accepted"] > 0
        assert result.counted["verified"] > 0
        assert {measure.id: measure.measured for measure in result.measures if measure.ok is False} == {}
