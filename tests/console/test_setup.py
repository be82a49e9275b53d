"""The first visit of an empty installation: operator, sample, analysis."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect

from imageshield.commands.service.up import issue_code
from imageshield.servers.home import scratch
from tests.console.accessibility import violations_of
from tests.console.conftest import PHONE, watched
from tests.support.stack import SystemUnderTest, running_system
from tests.support.users import PASSWORD

pytestmark = pytest.mark.stack

EMAIL = "ada@example.org"


@pytest.fixture(scope="module")
def whole_system() -> Iterator[SystemUnderTest]:
    """A system of its own: those of the other modules have accounts."""
    with scratch() as path, running_system(path) as running:
        yield running


@pytest.fixture
def code(system) -> str:
    """What `imageshield up` prints, made on another thread: this one has the event loop of Playwright."""
    with ThreadPoolExecutor(1) as other:
        made = other.submit(issue_code, system.variables).result()
    assert made is not None
    return made


def test_printed_address_fills_in_the_code(page, code):
    page.goto(f"/setup#operator={code}")
    expect(page.get_by_label("One-time code")).to_have_value(code)
    assert page.evaluate("location.hash") == ""
    page.reload()
    expect(page.get_by_label("One-time code")).to_have_value(code)


def test_first_visit_leads_through_three_steps(page, page_watch, browser, origin, code):
    """Both pages are opened while the installation is empty; each step survives a reload."""
    with watched(browser, origin, viewport=PHONE) as (late, late_watch):
        late.goto("/login")
        late.wait_for_url("**/setup")
        expect(late.get_by_label("Email")).to_be_visible()
        assert late.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.goto("/")
        page.wait_for_url("**/setup")
        expect(page.get_by_label("Email")).to_be_visible()
        assert violations_of(page) == []
        page_watch.allow("status of 403")  # Chromium's own line
        create_operator(page, "A" * len(code))
        expect(page.get_by_text("The operator code is not valid.")).to_be_visible()
        assert violations_of(page) == []
        create_operator(page, code)
        expect(page.get_by_text("Operator created")).to_be_visible()
        late_watch.allow("status of 403")
        create_operator(late, code)
        expect(late.get_by_text("Somebody was first.")).to_be_visible()
    page.reload()
    encrypt_sample(page)
    page.reload()
    expect(page.get_by_role("img", name="Letter A")).to_be_visible()
    expect(page.get_by_role("row", name="Entropy")).to_be_visible()
    assert violations_of(page) == []
    page.get_by_role("link", name="Go to the overview").click()
    page.wait_for_url("**/overview")
    page.goto("/setup")
    page.wait_for_url("**/overview")
    page.goto("/")
    expect(page.get_by_role("link", name="Open the console").first).to_be_visible()


def create_operator(page: Page, code: str) -> None:
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("One-time code").fill(code)
    page.get_by_role("button", name="Create the account").click()


def encrypt_sample(page: Page) -> None:
    page.get_by_role("radio", name="Coffee").check(force=True)
    page.get_by_role("button", name="Encrypt “Coffee”").click()
    page.wait_for_url(re.compile(r"/setup\?job=job_[0-9a-f]{32}$"))
    expect(page.get_by_text("Picture encrypted")).to_be_visible()
