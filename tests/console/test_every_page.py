"""Every page of the navigation table, so that a new page is held to the same without being named here."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.console.accessibility import violations_of
from tests.console.conftest import watched
from tests.console.records import decrypt, make_records
from tests.console.rounds import Place, await_drawn, open_place, places_of, unknown_addresses
from tests.console.visits import fill_sign_in, sign_in
from tests.support.receiver import receiving

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

HEAD = """() => ({
  title: document.title,
  headings: document.querySelectorAll("h1").length,
  noindex: document.head.querySelector("meta[name=robots]")?.content === "noindex",
  path: location.pathname + location.search,
})"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
ZOOMED = {"width": 640, "height": 450}
"""1280 pixels at 200 %: with a device scale factor of 2 it is the same to a page."""
SMALLEST = {"width": 320, "height": 640}

PUBLIC = ("/", "/pricing", "/guide", "/login", "/register")
"""The pages for everybody; every other one demands a session."""

DIALOGS = {
    "palette": lambda page: page.keyboard.press("Control+k"),
    "shortcuts": lambda page: page.keyboard.press("?"),
    "delete": lambda page: page.get_by_role("button", name="Delete job…").click(),
}


@pytest.fixture(scope="module")
def records(whole_system):
    with receiving() as receiver:
        made = make_records(whole_system, receiver.url())
        receiver.wait_until(lambda received: len(received) >= len(made.ids["job"]))
        yield made
        made.user.close()


def complaints_about(page: Page, place: Place) -> list[str]:
    """What is wrong with the head of a page that was just loaded, and with its width."""
    seen = page.evaluate(HEAD)
    found = []
    if seen["path"] != place.lands_at:
        found.append(f"landed at {seen['path']}")
    if not re.fullmatch(r"\S.* · ImageShield", seen["title"]) or seen["title"].startswith("Not found"):
        found.append(f"title {seen['title']!r}")
    if seen["headings"] != 1:
        found.append(f"{seen['headings']} headings of level 1")
    if seen["noindex"] == place.indexed:
        found.append("noindex in the page, and not in the navigation table, or the reverse")
    return found


def overflows(page: Page) -> list[str]:
    found = []
    for size in (ZOOMED, SMALLEST):
        page.set_viewport_size(size)
        if (pixels := page.evaluate(OVERFLOW)) > 0:
            found.append(f"{pixels} pixels too wide at {size['width']}")
    page.set_viewport_size(ZOOMED)
    return found


class TestRound:
    def test_each_page_is_named_and_fits(self, browser, origin, records):
        """Without axe; `watched` fails on violations of the policy, errors, and requests to other hosts."""
        found = []
        with watched(browser, origin, viewport=ZOOMED, device_scale_factor=2) as (page, _):
            sign_in(page, records.user)
            for place in places_of(records, decryption=decrypt(records)):
                answer = open_place(page, place.address)
                wrong = complaints_about(page, place) + overflows(page)
                if ("noindex" in answer.headers.get("x-robots-tag", "")) == place.indexed:
                    wrong.append("X-Robots-Tag is not that of the navigation table")
                found += [f"{place.address}: {one}" for one in wrong]
        assert not found, "\n".join(found)

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_axe_finds_nothing(self, browser, origin, records, theme):
        found = []
        with watched(browser, origin, color_scheme=theme, reduced_motion="reduce") as (page, _):
            sign_in(page, records.user)
            for place in places_of(records, decryption=decrypt(records)):
                open_place(page, place.address)
                assert page.locator("html").get_attribute("data-theme") == theme
                found += [f"{place.address}: {one}" for one in violations_of(page)]
        assert not found, "\n".join(found)

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_axe_finds_nothing_in_dialogs(self, browser, origin, records, theme):
        found = []
        with watched(browser, origin, color_scheme=theme, reduced_motion="reduce") as (page, _):
            sign_in(page, records.user)
            open_place(page, f"/jobs/{records.analyzed[0]}")
            for name, show in DIALOGS.items():
                show(page)
                expect(page.locator("dialog:modal")).to_be_visible()
                await_drawn(page)
                found += [f"{name}: {one}" for one in violations_of(page)]
                page.keyboard.press("Escape")
                expect(page.locator("dialog:modal")).to_have_count(0)
        assert not found, "\n".join(found)

    def test_unknown_id_is_said(self, page, page_watch, records):
        page_watch.allow("status of 404")  # the answer of the API
        sign_in(page, records.user)
        addresses = list(unknown_addresses())
        assert addresses
        for address in addresses:
            open_place(page, address)
            expect(page.get_by_role("main"), address).to_contain_text(re.compile("There is no(thing| such)"))
            expect(page.get_by_role("main").get_by_role("link").first, address).to_be_visible()
            expect(page.get_by_role("heading", level=1), address).to_have_count(1)

    def test_signed_out_visitor_comes_back(self, page, page_watch, records):
        page_watch.allow("status of 401")  # no session to resume
        for place in places_of(records, decryption=records.ids["job"][0]):
            if place.address in PUBLIC:
                continue
            page.goto(place.address, wait_until="commit")
            page.wait_for_url("**/login?next=*")
            assert parse_qs(urlsplit(page.url).query)["next"] == [place.address]
        fill_sign_in(page, records.user)
        page.wait_for_url(f"**{place.address}")
        await_drawn(page)
