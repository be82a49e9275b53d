"""Settings, Security: password, second factors, recovery codes and login sessions, in the browser."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.console.accessibility import violations_of
from tests.console.authenticators import attach_authenticator
from tests.console.conftest import watched
from tests.console.keyboard import press, tab_to
from tests.console.visits import sign_in
from tests.support.users import PASSWORD, User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

NEW_PASSWORD = "four words that stay together"
CODE = re.compile(r"^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def security(page: Page, user: User) -> Page:
    """The page, for a user who has just signed in."""
    sign_in(page, user)
    page.goto("/settings/security")
    return page


@pytest.fixture
def other(browser: Browser, origin: str) -> Iterator[Page]:
    """A page in another browser, whose session ends."""
    with watched(browser, origin, user_agent=FIREFOX) as (opened, watch):
        watch.allow("status of 401")
        yield opened


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("main").locator(f"#{name}")


def begin_app(page: Page) -> str:
    """Begin to set an app up; return the secret that the dialog shows as text."""
    page.get_by_role("button", name="Set up an app…").click()
    dialog = page.get_by_role("dialog")
    picture = dialog.get_by_role("img", name="The secret as a QR code")
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
    return dialog.get_by_title(re.compile("^[A-Z2-7]{32}$")).get_attribute("title") or ""


def add_app(page: Page) -> list[str]:
    """Set an app up; return the recovery codes that are shown then."""
    secret = begin_app(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Code").fill(pyotp.TOTP(secret).now())
    dialog.get_by_role("button", name="Add the app").click()
    codes = page.get_by_role("dialog", name="Your recovery codes").get_by_role("listitem")
    expect(codes).to_have_count(10)
    return codes.all_inner_texts()


def change_password(dialog: Locator, current: str, new: str) -> None:
    dialog.get_by_label("Current password", exact=True).fill(current)
    dialog.get_by_label("New password", exact=True).fill(new)
    dialog.get_by_role("button", name="Change the password").click()


class TestPassword:
    def test_change_ends_the_other_sessions(self, security, user):
        security.get_by_role("button", name="Change password…").click()
        change_password(security.get_by_role("dialog"), PASSWORD, NEW_PASSWORD)
        expect(security.get_by_text("Your password is changed")).to_be_visible()
        expect(section(security, "sessions").get_by_text("This one")).to_be_visible()
        assert user.http.get("/me").status_code == 401
        form = {"grant_type": "password", "username": user.email, "password": NEW_PASSWORD}
        assert user.http.post("/auth/token", data=form).status_code == 200

    def test_refusals_keep_what_was_typed(self, security, page_watch):
        page_watch.allow("status of 403")
        page_watch.allow("status of 422")
        security.get_by_role("button", name="Change password…").click()
        dialog = security.get_by_role("dialog")
        change_password(dialog, "another horse battery", NEW_PASSWORD)
        expect(dialog.get_by_text("The password is wrong.")).to_be_visible()
        expect(dialog.get_by_label("New password", exact=True)).to_have_value(NEW_PASSWORD)
        change_password(dialog, PASSWORD, "password12345")
        expect(dialog.get_by_text("This password is easy to guess.")).to_be_visible()
        assert violations_of(security) == []

    def test_keyboard_alone_changes_it(self, security, user):
        press(security, "Change password…")
        expect(security.get_by_label("Current password", exact=True)).to_be_focused()
        security.keyboard.type(PASSWORD)
        tab_to(security, security.get_by_label("New password", exact=True))
        security.keyboard.type(NEW_PASSWORD)
        security.keyboard.press("Enter")
        expect(security.get_by_text("Your password is changed")).to_be_visible()
        expect(security.get_by_role("button", name="Change password…")).to_be_focused()


class TestAuthenticatorApp:
    def test_code_adds_it_and_shows_recovery_codes(self, security, user, tmp_path):
        codes = add_app(security)
        assert all(CODE.match(code) for code in codes)
        assert violations_of(security) == []
        security.keyboard.press("Escape")
        dialog = security.get_by_role("dialog")
        with security.expect_download() as started:
            dialog.get_by_role("button", name="Save as text").click()
        kept = Path(started.value.path()).read_text()
        assert started.value.suggested_filename == "recovery-codes.txt"
        assert user.email in kept
        assert all(code in kept for code in codes)
        dialog.get_by_role("button", name="I have kept them").click()
        expect(section(security, "factors").get_by_text("10 codes left")).to_be_visible()
        assert not any(code in security.content() for code in codes)
        assert user.http.get("/auth/factors").json()["second_factor"]

    def test_wrong_codes_are_explained(self, security, page_watch, user):
        page_watch.allow("status of 403")
        secret = begin_app(security)
        dialog = security.get_by_role("dialog")
        early = pyotp.TOTP(secret).at(int(time.time()) + 150)
        for code, sentence in (("000000", "This is not the code of now."), (early, "The clock of your phone")):
            dialog.get_by_label("Code").fill(code)
            dialog.get_by_role("button", name="Add the app").click()
            expect(dialog.get_by_text(sentence)).to_be_visible()
        dialog.get_by_role("button", name="Cancel").click()
        assert not user.http.get("/auth/factors").json()["second_factor"]

    def test_removed_last_factor_ends_the_codes(self, security, user):
        add_app(security)
        security.get_by_role("button", name="I have kept them").click()
        security.get_by_role("button", name="Remove the app…").click()
        dialog = security.get_by_role("dialog")
        expect(dialog.get_by_text("It is your last factor")).to_be_visible()
        dialog.get_by_role("button", name="Remove the app").click()
        expect(security.get_by_role("button", name="Set up an app…")).to_be_visible()
        expect(section(security, "factors").get_by_text("Recovery codes")).to_have_count(0)
        assert not user.http.get("/auth/factors").json()["second_factor"]


class TestPasskeys:
    def test_passkey_is_added_renamed_and_removed(self, page, user):
        attach_authenticator(page)
        sign_in(page, user)
        page.goto("/settings/security")
        page.get_by_role("button", name="Add a passkey…").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_label("Name")).to_have_value(re.compile("Chrom"))
        dialog.get_by_label("Name").fill("<b>Key</b> ring")
        dialog.get_by_role("button", name="Add the passkey").click()
        page.get_by_role("button", name="I have kept them").click()
        page.get_by_role("button", name="Passkey <b>Key</b> ring").click()
        page.get_by_role("menuitem", name="Rename…").click()
        page.get_by_role("dialog").get_by_label("Name").fill("Laptop")
        page.get_by_role("dialog").get_by_role("button", name="Rename").click()
        expect(section(page, "factors").get_by_text("Laptop")).to_be_visible()
        assert violations_of(page) == []
        page.get_by_role("button", name="Passkey Laptop").click()
        page.get_by_role("menuitem", name="Remove…").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove the passkey").click()
        expect(section(page, "factors").get_by_text("Laptop")).to_have_count(0)
        assert user.http.get("/auth/factors").json()["passkeys"] == []

    def test_same_device_is_refused_twice(self, page, user):
        attach_authenticator(page)
        sign_in(page, user)
        page.goto("/settings/security")
        for _ in range(2):
            page.get_by_role("button", name="Add a passkey…").click()
            page.get_by_role("dialog").get_by_role("button", name="Add the passkey").click()
            kept = page.get_by_role("button", name="I have kept them")
            expect(kept.or_(page.get_by_text("This device has a passkey of yours"))).to_be_visible()
            if kept.is_visible():
                kept.click()
        expect(page.get_by_text("This device has a passkey of yours")).to_be_visible()
        assert len(user.http.get("/auth/factors").json()["passkeys"]) == 1


class TestRecoveryCodes:
    def test_new_ones_replace_the_others(self, security, user):
        before = add_app(security)
        security.get_by_role("button", name="I have kept them").click()
        security.get_by_role("button", name="Make new codes…").click()
        security.get_by_role("dialog").get_by_role("button", name="Make new codes").click()
        codes = security.get_by_role("dialog", name="Your recovery codes").get_by_role("listitem")
        expect(codes).to_have_count(10)
        assert not set(before) & set(codes.all_inner_texts())


class TestSessions:
    def test_one_and_then_all_others_are_ended(self, security, user, other):
        sign_in(other, user)
        security.reload()
        rows = security.get_by_role("table", name="Login sessions").get_by_role("row")
        expect(rows.filter(has_text="This one")).to_have_count(1)
        expect(rows.filter(has_text="program")).to_have_count(1)
        assert violations_of(security) == []
        security.get_by_role("button", name="End the session of Firefox on Linux").click()
        expect(rows.filter(has_text="Firefox")).to_have_count(0)
        security.get_by_role("button", name="End all others…").click()
        security.get_by_role("dialog").get_by_role("button", name="End all others").click()
        expect(rows).to_have_count(2)
        expect(security.get_by_role("button", name="End all others…")).to_be_disabled()
        assert user.http.get("/me").status_code == 401

    def test_link_of_a_mail_leads_to_them(self, page, page_watch, user):
        page_watch.allow("status of 401")  # no session to resume
        page.set_viewport_size({"width": 1440, "height": 500})
        page.goto("/settings/security#sessions")
        page.get_by_label("Email").fill(user.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/settings/security#sessions")
        expect(section(page, "sessions").get_by_role("heading")).to_be_in_viewport()


class TestAdvice:
    def test_owner_is_advised_until_there_is_a_factor(self, security, user):
        advice = security.get_by_text("Add a second factor.")
        expect(section(security, "factors").get_by_text("Off", exact=True)).to_be_visible()
        expect(advice).to_have_count(0)
        user.http.post("/accounts", json={"name": "Radiology"}).raise_for_status()
        security.reload()
        expect(advice).to_be_visible()
        add_app(security)
        security.get_by_role("button", name="I have kept them").click()
        expect(advice).to_have_count(0)
