"""Every page of the console, with every record that it can show."""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect

from api.site.console import BUILD, ROUTES
from tests.console.records import PREFIXES, UNKNOWN, Records

PARAMETER = re.compile(r":(\w+)")
BUSY = "[role=status] .bg-skeleton"
COMPARED = "/analytics/compare"
VIEWS = ("users", "dead-letters", "usage", "pools", "settings")
"""Of the administration, which begins with the accounts."""

ELSEWHERE = {"/setup": "/overview"}
"""The set-up is over as soon as there is an account."""


@dataclass(frozen=True)
class Place:
    """An address of the console, and whether search engines may list it."""

    address: str
    indexed: bool

    @property
    def lands_at(self) -> str:
        return ELSEWHERE.get(self.address, self.address)


def read_routes() -> list[dict[str, Any]]:
    """Read what the build wrote of the navigation table; without a build there are no pages to test."""
    file = BUILD / ROUTES
    if not file.is_file():
        pytest.skip("the console is not built: make console")
    return json.loads(file.read_text(encoding="utf-8"))


def places_of(records: Records, *, decryption: str) -> Iterator[Place]:
    """Every page; one with a parameter once for each record of that kind."""
    ids = records.ids | {"job": [*records.ids["job"], decryption]}
    for route in read_routes():
        names = PARAMETER.findall(route["path"])
        assert ids.keys() >= set(names), f"tests/console/records.py makes nothing for {route['path']}"
        for values in itertools.product(*(ids[name] for name in names)):
            address = route["path"]
            for name, value in zip(names, values, strict=True):
                address = address.replace(f":{name}", value)
            yield Place(address, route["index"])
    yield Place(f"{COMPARED}?{'&'.join(f'job={one}' for one in records.analyzed)}", indexed=False)
    yield from (Place(f"/admin?view={view}", indexed=False) for view in VIEWS)


def unknown_addresses() -> Iterator[str]:
    """Every page of a record, with an id that nobody has."""
    for route in read_routes():
        if PARAMETER.search(route["path"]):
            yield PARAMETER.sub(lambda name: PREFIXES[name[1]] + UNKNOWN, route["path"])


def open_place(page: Page, address: str) -> Response:
    """Load a page, and wait until all of it is drawn."""
    answer = page.goto(address, wait_until="networkidle")
    assert answer is not None
    await_drawn(page)
    return answer


def await_drawn(page: Page) -> None:
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    expect(page.locator(BUSY)).to_have_count(0)
