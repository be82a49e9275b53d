"""Every page of the navigation table, so that a new page is held to the same without being named here."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.console.accessibility import violations_of
from tests.console.conftest import DESKTOP, PHONE, watched
from tests.console.records import Records, decrypt, make_records
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
OVERFLOW = "(element) => element.scrollWidth - element.clientWidth"
ZOOMED = {"width": 640, "height": 450}
"""A page of 1280 pixels at 200 %."""
SMALLEST = {"width": 320, "height": 640}

PUBLIC = (
    "/",
    "/pricing",
    "/guide",
    "/login",
    "/register",
    "/verify-email",
    "/confirm-email",
    "/forgot-password",
    "/reset-password",
    "/invitation",
    "/reset-factors",
    "/auth/callback/acme",
)
"""The pages for everybody; every other one demands a session."""

OF_A_JOB = {
    "palette": (DESKTOP, lambda page: page.keyboard.press("Control+k")),
    "shortcuts": (DESKTOP, lambda page: page.keyboard.press("?")),
    "delete": (DESKTOP, lambda page: page.get_by_role("button", name="Delete job…").click()),
    "navigation": (PHONE, lambda page: page.get_by_role("button", name="Navigation").click()),
}
OF_SETTINGS = {"address": "Change address…", "closing": "Close my account…"}
OF_SECURITY = {"password": "Change password…", "app": "Set up an app…", "passkey": "Add a passkey…"}


def dialogs(records: Records) -> Iterator[tuple[str, str, dict[str, int], Callable[[Page], None]]]:
    """Every dialog: its name, its page, the size of the window, and how it is opened."""
    for name, (size, show) in OF_A_JOB.items():
        yield name, f"/jobs/{records.analyzed[0]}", size, show
    for address, buttons in (("/settings", OF_SETTINGS), ("/settings/security", OF_SECURITY)):
        for name, button in buttons.items():
            yield name, address, DESKTOP, lambda page, button=button: page.get_by_role("button", name=button).click()


@pytest.fixture(scope="module")
def records(whole_system):
    with receiving() as receiver:
        made = make_records(whole_system, receiver.url())
        receiver.wait_until(lambda received: len(received) >= len(made.ids["job"]))
        yield made
        made.user.close()


def complaints_about(page: Page, place: Place, answer: Response) -> list[str]:
    """What is wrong with the head of a page that was just loaded."""
    seen = page.evaluate(HEAD)
    found = []
    if seen["path"] != place.lands_at:
        found.append(f"landed at {seen['path']}")
    if not re.fullmatch(r"\S.* · ImageShield", seen["title"]) or seen["title"].startswith("Not found"):
        found.append(f"title {seen['title']!r}")
    if seen["headings"] != 1:
        found.append(f"{seen['headings']} headings of level 1")
    if seen["noindex"] == place.indexed:
        found.append("the robots of the document are not those of the navigation table")
    if ("noindex" in answer.headers.get("x-robots-tag", "")) == place.indexed:
        found.append("X-Robots-Tag is not that of the navigation table")
    return found


def overflows(page: Page, *, in_: Locator | None = None) -> list[str]:
    """Where a page, or a dialog in it, would have to be scrolled sideways. The size is then what it was."""
    found = []
    before = page.viewport_size
    for size in (ZOOMED, SMALLEST):
        page.set_viewport_size(size)
        if (pixels := (in_ or page.locator("html")).evaluate(OVERFLOW)) > 0:
            found.append(f"{pixels} pixels too wide at {size['width']}")
    page.set_viewport_size(before)
    return found


def violations_in_both_themes(page: Page) -> list[str]:
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        found += [f"{theme}: {one}" for one in violations_of(page)]
    return found


class TestRound:
    def test_each_page_is_named_fits_and_is_accessible(self, browser, origin, records):
        found = []
        with watched(browser, origin, reduced_motion="reduce") as (page, watch):
            sign_in(page, records.user)
            for place in places_of(records, decryption=decrypt(records)):
                answer = open_place(page, place.address)
                wrong = complaints_about(page, place, answer) + overflows(page)
                # Every load is a new document, so until here there is no axe in it.
                watch.settle(page)
                assert watch.complaints == [], place.address
                wrong += violations_in_both_themes(page)
                found += [f"{place.address}: {one}" for one in wrong]
        assert not found, "\n".join(found)

    def test_dialogs_fit_and_are_accessible(self, page, records):
        found = []
        page.emulate_media(reduced_motion="reduce")
        sign_in(page, records.user)
        for name, address, size, show in dialogs(records):
            page.set_viewport_size(size)
            open_place(page, address)
            show(page)
            dialog = page.locator("dialog:modal")
            expect(dialog).to_be_visible()
            wrong = overflows(page, in_=dialog) + violations_in_both_themes(page)
            found += [f"{name}: {one}" for one in wrong]
            page.keyboard.press("Escape")
            expect(dialog).to_have_count(0)
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
