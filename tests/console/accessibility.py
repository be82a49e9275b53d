"""axe-core on a page: what a person with another way of reading or typing cannot use."""

import os
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# The details of rules that pass are most of the work, and nobody reads them.
RUN = """() => axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
  nodes.map(({ html, any }) => `${id}: ${html.slice(0, 120)} ${any[0]?.message ?? ""}`)))"""


def violations_of(page: Page) -> list[str]:
    """Return what axe complains of. It is brought in by the debugger, which the policy of the page does not bind."""
    page.evaluate(f"{_source()}; void 0")
    return page.evaluate(RUN)


@cache
def _source() -> str:
    if not AXE.is_file() and os.environ.get("REQUIRE_CONSOLE") != "1":
        pytest.skip("axe-core is not installed: make console")
    return AXE.read_text(encoding="utf-8")
