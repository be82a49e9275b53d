"""Usage and limits of an account, in the browser."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from tests.console.accessibility import violations_of
from tests.console.database import ask
from tests.console.keyboard import tab_to
from tests.console.visits import sign_in
from tests.support.stack import SystemUnderTest
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

CHARGE = """
INSERT INTO usage_entries (job_id, run, entry, account_id, kind, quantity, calls, period, created_at)
SELECT gen_random_uuid(), 0, 'charge', id, 'encrypt', 1, 0, $1::date, $1::date + interval '1 hour'
FROM accounts, generate_series(1, $2::integer) WHERE id = $3::uuid
"""
"""Encryptions of a day, without the work."""


@pytest.fixture
def charge(system: SystemUnderTest, user: User) -> Callable[[int], None]:
    """Charge the account on its first day, which is today."""

    def write(number: int) -> None:
        starts = user.http.get("/usage").raise_for_status().json()["period"]["starts"]
        ask(system, CHARGE, date.fromisoformat(starts), number, account_of(user))

    return write


@pytest.fixture
def free(system: SystemUnderTest, user: User) -> None:
    """Give the account the tier that has limits, before the first request."""
    ask(system, "UPDATE accounts SET tier = 'free' WHERE id = (SELECT id FROM users WHERE email = $1)", user.email)


def account_of(user: User) -> str:
    return user.http.get("/me").raise_for_status().json()["account_id"].removeprefix("acc_")


def limits(page: Page):
    return page.locator("section").filter(has=page.get_by_role("heading", name="Limits"))


class TestUsage:
    def test_month_shows_what_was_charged(self, page: Page, user: User, charge: Callable[[int], None], dark: Page):
        charge(1)
        sign_in(page, user)
        page.goto("/usage")
        expect(page.get_by_text("1 picture; today 1 so far")).to_be_visible()
        expect(page.get_by_role("img", name=re.compile("Encryptions a day from"))).to_be_visible()
        page.get_by_role("button", name="As a table").click()
        expect(page.get_by_role("table").get_by_role("row", name=re.compile(r" 1$"))).to_have_count(1)
        page.get_by_role("button", name="As a chart").click()
        expect(limits(page).get_by_text("no limit").first).to_be_visible()
        assert violations_of(page) == []
        sign_in(dark, user)
        dark.goto("/usage?show=sum")
        expect(dark.get_by_role("heading", name="Encryptions, added up")).to_be_visible()
        assert violations_of(dark) == []

    def test_months_follow_by_keyboard(self, page: Page, user: User):
        sign_in(page, user)
        page.goto("/usage")
        before = page.get_by_role("button", name="The month before")
        tab_to(page, before)
        page.keyboard.press("Enter")
        page.wait_for_url("**/usage?month=*")
        expect(page.get_by_text("no jobs")).to_be_visible()
        page.get_by_role("button", name="The month after").click()
        expect(page.get_by_role("button", name="The month after")).to_be_disabled()
        page.get_by_text("API", exact=True).click()
        page.wait_for_url("**show=calls*")

    @pytest.mark.usefixtures("free")
    def test_near_and_reached_say_what_follows(self, page: Page, user: User, charge: Callable[[int], None]):
        sign_in(page, user)
        charge(8)
        page.goto("/usage")
        expect(page.get_by_text("8 of 10 encryptions of this month are used.")).to_be_visible()
        expect(limits(page).get_by_text("Near", exact=True)).to_be_visible()
        expect(page.get_by_text("Card payment is not in this release.")).to_be_visible()
        page.goto("/overview")
        expect(page.get_by_text("Encryptions of this month: near the limit")).to_be_visible()
        charge(2)
        page.goto("/usage?show=sum")
        expect(page.get_by_text("All 10 encryptions of this month are used.")).to_be_visible()
        expect(limits(page).get_by_text("Reached", exact=True)).to_be_visible()
        expect(page.get_by_text("the quota: 10")).to_be_visible()
        assert violations_of(page) == []
        page.goto("/overview")
        page.get_by_role("listitem").filter(has_text="the limit is reached").get_by_role("link", name="Look").click()
        page.wait_for_url("**/usage")

    @pytest.mark.usefixtures("free")
    def test_phone_shows_the_same(self, phone: Page, user: User, charge: Callable[[int], None]):
        charge(9)
        sign_in(phone, user)
        phone.goto("/usage")
        expect(phone.get_by_text("9 of 10 encryptions of this month are used.")).to_be_visible()
        phone.set_viewport_size({"width": 320, "height": 640})
        assert phone.locator("html").evaluate("(element) => element.scrollWidth - element.clientWidth") <= 0
        phone.get_by_role("button", name="Show as a table").click()
        expect(phone.get_by_role("table")).to_be_visible()
        assert violations_of(phone) == []
