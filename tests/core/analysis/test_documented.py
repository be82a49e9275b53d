"""Tests that docs/reference/analysis.md describes the code."""

import re
from pathlib import Path

import pytest

from shield_core.analysis.caveats import TESTS
from shield_core.analysis.charts import MAX_POINTS
from shield_core.analysis.document import SMALLEST, VERSION
from shield_core.analysis.grade import LEAST_KEY_SPACE, SCALE
from shield_core.analysis.measures import differential
from shield_core.analysis.measures.findings import FALSE_ALARM, UNUSUAL, Verdict
from tests.core.analysis.reports import analysis_of

PAGE = (Path(__file__).parents[3] / "docs/reference/analysis.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in PAGE.splitlines() if line.startswith("|")
]


def named(cell):
    return re.findall(r"`([\w.]+)`", cell)


class TestPage:
    def test_every_test_has_formula_and_dated_source(self):
        rows = [row for row in ROWS if len(row) == 5 and row[0].startswith("`")]
        assert {name for row in rows for name in named(row[0])} == set(TESTS) - {"key_space"}
        sources = [row[4] for row in rows]
        assert all(re.search(r"(18|19|20)\d\d", source) or source == "the same" for source in sources)

    def test_every_test_states_what_it_does_not_show(self):
        section = PAGE.split("## What a number does not show")[1].split("\n## ")[0]
        said = {
            name: row[1]
            for row in ROWS
            if len(row) == 2 and " ".join(row)
            for name in named(row[0])
            if row[1] in section
        }
        assert {name: said[name] for name in TESTS} == {name: words.does_not_show for name, words in TESTS.items()}

    def test_lists_every_letter_as_the_code_does(self):
        assert {row[0]: row[1] for row in ROWS if row[0] in SCALE} == SCALE

    @pytest.mark.parametrize("side", [256, 512, 1024])
    def test_critical_values_are_those_of_the_code(self, side):
        row = next(row for row in ROWS if row[0] == f"{side} x {side}")
        npcr = differential.critical_npcr(side * side, top=255).values()
        uaci = differential.critical_uaci(side * side, top=255).values()
        assert row[1:4] == [f"{value:.4f}" for value in npcr]
        assert row[4:] == [f"{low:.4f} to {high:.4f}" for low, high in uaci]

    def test_limits_are_those_of_the_code(self):
        assert f"`{Verdict.UNUSUAL}` (p < {UNUSUAL:g}" in PAGE
        assert f"`{Verdict.FAILED}` (p < {FALSE_ALARM:.5f})" in PAGE
        assert f"below {SMALLEST:,} bytes" in PAGE
        assert f"at least {LEAST_KEY_SPACE} bits" in PAGE
        assert f"at most {MAX_POINTS:,} points" in PAGE
        assert f"of measures and rules: {VERSION} " in PAGE

    def test_names_every_field_of_the_json(self):
        analysis = analysis_of("regions")
        section = PAGE.split("## JSON")[1].split("\n## ")[0]
        fields = set(named(section))
        for key in (
            *analysis,
            *analysis["metrics"],
            *analysis["regions"],
            *analysis["pictures"]["original"],
            *analysis["tests"][0],
        ):
            assert key in fields or any(
                field.split(".")[-1] == key or field.startswith(f"{key}.") for field in fields
            ), key
        for part in (*analysis["metrics"]["npcr"], *analysis["security_grade"], *analysis["charts"]["entropy_gauge"]):
            assert part in fields, part
