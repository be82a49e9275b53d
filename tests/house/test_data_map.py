"""The data map against the tables and the backups."""

import re

import pytest

from backplane.db import models  # noqa: F401 - it registers the tables
from backplane.db.base import Base
from backplane.db.repositories.dumps import LEFT_OUT


@pytest.fixture(scope="module")
def rows(root):
    page = (root / "docs/reference/data-map.md").read_text()
    found = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("| `")]
    return {cells[0].strip().strip("`"): [cell.strip() for cell in cells[1:]] for cells in found}


class TestDataMap:
    def test_has_every_table_and_no_other(self, rows):
        assert set(rows) == set(Base.metadata.tables) | {"alembic_version"}

    def test_says_of_each_what_holds(self, rows):
        for table, cells in rows.items():
            assert len(cells) == 4, table
            assert all(cells), table

    def test_backups_have_what_it_says(self, rows):
        assert {table for table, cells in rows.items() if cells[-1] == "no"} == LEFT_OUT
        assert {cells[-1] for cells in rows.values()} == {"yes", "no"}

    def test_is_in_order(self, root):
        page = (root / "docs/reference/data-map.md").read_text()
        names = re.findall(r"(?m)^\| `(\w+)` \|", page)
        assert names == sorted(names)
