"""API keys in the browser: made, shown once, used, changed, rotated and revoked; and what each role sees."""

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.console.accessibility import violations_of
from tests.console.database import ask
from tests.console.keyboard import press, tab_to
from tests.console.visits import sign_in
from tests.support.stack import SystemUnderTest
from tests.support.users import PASSWORD, User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

OVERFLOW = "(element) => element.scrollWidth - element.clientWidth"
KEY = re.compile(r"qis_test_[0-9A-Za-z]{49}")
JOIN = """
INSERT INTO memberships (account_id, user_id, role) VALUES ($1::uuid, $2::uuid, $3)
ON CONFLICT (account_id, user_id) DO UPDATE SET role = excluded.role
"""
LONG_AGO = "UPDATE login_sessions SET auth_time = now() - interval '11 minutes' WHERE browser AND user_id = $1::uuid"


@pytest.fixture
def keys_page(page: Page, user: User) -> Page:
    sign_in(page, user)
    page.goto("/api-keys")
    return page


@pytest.fixture
def colleague(system: SystemUnderTest) -> Iterator[User]:
    made = User(system.url)
    yield made
    made.close()


def make(page: Page, name: str) -> str:
    """Make a key with the usual rights, and return its text."""
    page.get_by_role("button", name="New key").click()
    page.get_by_role("dialog").get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Make the key").click()
    return stored(page)


def stored(page: Page) -> str:
    shown = page.get_by_role("dialog").get_by_text(KEY).inner_text()
    page.get_by_role("button", name="I have stored it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    return shown


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=name)


def act(page: Page, name: str, item: str) -> Locator:
    """Act on the newest key of a name."""
    page.get_by_role("button", name=f"More of {name}").first.click()
    page.get_by_role("menuitem", name=item).click()
    return page.get_by_role("dialog")


def status(user: User, secret: str) -> int:
    return httpx.get(f"{user.url}/api/v1/auth/keys/current", headers={"X-API-Key": secret}, trust_env=False).status_code


class TestKeys:
    def test_key_is_made_used_rotated_and_revoked(self, keys_page: Page, user: User):
        page = keys_page
        expect(page.get_by_text("No API keys yet.")).to_be_visible()
        assert violations_of(page) == []
        secret = make(page, "nightly archive")
        assert status(user, secret) == 200
        assert secret not in page.content()
        expect(row(page, "nightly archive")).to_contain_text("jobs:read, jobs:write, results:read")
        expect(row(page, "nightly archive")).to_contain_text("Active")
        act(page, "nightly archive", "Rotate…").get_by_label("The old key").select_option(label="ends at once")
        page.get_by_role("button", name="Make a new one").click()
        new = stored(page)
        assert (status(user, secret), status(user, new)) == (401, 200)
        expect(row(page, "Replaced")).to_have_count(1)
        act(page, "nightly archive", "Revoke…")
        assert violations_of(page) == []
        page.get_by_role("button", name="Revoke the key").click()
        expect(row(page, "Revoked")).to_have_count(1)
        expect(page.get_by_role("button", name="More of nightly archive")).to_have_count(0)
        assert status(user, new) == 401
        assert violations_of(page) == []

    def test_bounds_are_set_and_changed(self, keys_page: Page, page_watch):
        page = keys_page
        page_watch.allow("status of 422")  # the network that is none
        page.get_by_role("button", name="New key").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name", exact=True).fill("gate")
        dialog.get_by_label("Only from").fill("192.0.2.1/24")
        dialog.get_by_label("Jobs an hour").fill("30")
        dialog.get_by_label("Expires").select_option("7")
        dialog.get_by_label("Fetch key files").check()
        page.get_by_role("button", name="Make the key").click()
        expect(dialog.get_by_label("Only from")).to_have_attribute("aria-invalid", "true")
        assert violations_of(page) == []
        dialog.get_by_label("Only from").fill("192.0.2.0/24")
        page.get_by_role("button", name="Make the key").click()
        stored(page)
        for text in ("keys:export", "from 192.0.2.0/24", "30 jobs an hour", "Ends soon"):
            expect(row(page, "gate")).to_contain_text(text)
        dialog = act(page, "gate", "Change…")
        dialog.get_by_label("Name", exact=True).fill("north gate")
        dialog.get_by_label("Only from").fill("")
        dialog.get_by_role("button", name="Save").click()
        expect(row(page, "north gate")).not_to_contain_text("192.0.2.0")
        expect(row(page, "north gate")).to_contain_text("30 jobs an hour")

    def test_keyboard_makes_a_key(self, keys_page: Page):
        page = keys_page
        press(page, "New key")
        page.keyboard.type("by keyboard")
        tab_to(page, page.get_by_label("See usage and limits"))
        page.keyboard.press("Space")
        press(page, "Make the key")
        expect(page.get_by_role("dialog").get_by_text("It is shown only now.")).to_be_visible()
        page.keyboard.press("Escape")
        press(page, "I have stored it")
        expect(row(page, "by keyboard")).to_contain_text("usage:read")

    def test_old_sign_in_is_confirmed(self, system: SystemUnderTest, keys_page: Page, user: User, page_watch):
        page = keys_page
        page_watch.allow("status of 403")  # the answer that asks for the confirmation
        ask(system, LONG_AGO, user_of(user))
        page.reload()
        page.get_by_role("button", name="New key").click()
        page.get_by_role("dialog").get_by_label("Name", exact=True).fill("late")
        page.get_by_role("button", name="Make the key").click()
        asked = page.get_by_role("dialog", name="Confirm who you are")
        asked.get_by_label("Password", exact=True).fill(PASSWORD)
        asked.get_by_role("button", name="Confirm").click()
        stored(page)
        expect(row(page, "late")).to_be_visible()

    def test_phone_shows_keys_as_cards(self, phone: Page, user: User):
        sign_in(phone, user)
        phone.goto("/api-keys")
        phone.set_viewport_size({"width": 320, "height": 640})
        phone.get_by_role("button", name="New key").click()
        dialog = phone.get_by_role("dialog")
        assert dialog.evaluate(OVERFLOW) <= 0
        dialog.get_by_label("Name", exact=True).fill("a key with a name as long as somebody may like it")
        phone.get_by_role("button", name="Make the key").click()
        expect(dialog.get_by_text("It is shown only now.")).to_be_visible()
        assert dialog.evaluate(OVERFLOW) <= 0
        assert violations_of(phone) == []
        stored(phone)
        assert phone.locator("html").evaluate(OVERFLOW) <= 0
        expect(phone.get_by_role("group", name="API keys")).to_contain_text("never used")
        assert violations_of(phone) == []


class TestRoles:
    def test_auditor_reads_and_member_does_not(
        self, system: SystemUnderTest, user: User, colleague: User, open_page: Callable[..., Page]
    ):
        account = user.http.post("/accounts", json={"name": "Radiology"}).raise_for_status().json()["account_id"]
        new = {"name": "shared", "scopes": ["jobs:read"]}
        user.http.post("/auth/keys", json=new, headers={"X-Account": account}).raise_for_status()
        for role, seen in (("auditor", True), ("member", False)):
            ask(system, JOIN, account.removeprefix("acc_"), user_of(colleague), role)
            page = open_page()
            sign_in(page, colleague)
            page.get_by_role("button", name=colleague.email).click()
            page.get_by_role("menuitem", name="Radiology").click()
            expect(page.get_by_role("button", name=colleague.email)).to_contain_text("Radiology")
            expect(page.get_by_role("navigation", name="Console").get_by_text("API keys")).to_have_count(int(seen))
            page.goto("/api-keys")
            expect(row(page, "shared") if seen else page.get_by_text("are not shown to members")).to_be_visible()
            expect(page.get_by_role("button", name="New key")).to_have_count(0)
            expect(page.get_by_role("button", name="More of shared")).to_have_count(0)


def user_of(user: User) -> str:
    return user.http.get("/me").raise_for_status().json()["user_id"].removeprefix("usr_")
