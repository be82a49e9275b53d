"""Settings, General: address, mails, export and the end of the account, in the browser."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.console.accessibility import violations_of
from tests.console.keyboard import tab_to
from tests.console.letters import link_in
from tests.console.visits import sign_in
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

BANNER = re.compile(r"^Your account will be erased on \d+ \w+ \d{4}\.")


@pytest.fixture
def settings(page: Page, user: User) -> Page:
    """The page, for a user who has just signed in."""
    sign_in(page, user)
    page.goto("/settings")
    return page


class TestAddress:
    def test_link_goes_to_the_new_address(self, settings, system, user):
        new = f"new.{user.email}"
        settings.get_by_role("button", name="Change address…").click()
        dialog = settings.get_by_role("dialog")
        expect(dialog.get_by_label("New address")).to_be_focused()
        dialog.get_by_label("New address").fill(new)
        settings.keyboard.press("Enter")
        expect(settings.get_by_text("Look in your mail.")).to_be_visible()
        assert violations_of(settings) == []
        token = link_in(system, new, "/confirm-email").partition("token=")[2]
        assert user.http.get("/me").json()["email"] == user.email
        user.http.post("/auth/email/confirm", json={"token": token}).raise_for_status()
        settings.reload()
        expect(settings.locator("#profile").get_by_text(new, exact=True)).to_be_visible()

    def test_without_mail_only_the_operator_changes_it(self, settings):
        def without_mail(route: Route) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, json=answer.json() | {"mail": False})

        settings.route("**/api/v1/setup", without_mail)
        settings.reload()
        expect(settings.get_by_text("only its operator can change it")).to_be_visible()
        expect(settings.get_by_role("button", name="Change address…")).to_have_count(0)
        expect(settings.get_by_text("This installation sends no mail.")).to_be_visible()
        assert violations_of(settings) == []


class TestMails:
    def test_choices_are_kept(self, settings, user):
        batches = settings.get_by_role("switch", name="Batches")
        expect(batches).not_to_be_checked()
        expect(settings.get_by_text("Always sent")).to_be_visible()
        tab_to(settings, batches)
        with settings.expect_response("**/me/mail-preferences"):
            settings.keyboard.press("Space")
        settings.reload()
        expect(batches).to_be_checked()
        assert user.http.get("/me/mail-preferences").json() == {"batches": True, "limits": True, "keys": True}

    def test_refused_choice_goes_back(self, settings, page_watch):
        page_watch.allow("status of 503")
        body = '{"code": "unavailable", "title": "Unavailable", "status": 503}'
        limits = settings.get_by_role("switch", name="Limits")
        expect(limits).to_be_checked()
        settings.route(
            "**/me/mail-preferences",
            lambda route: (
                route.fulfill(status=503, content_type="application/problem+json", body=body)
                if route.request.method == "PATCH"
                else route.continue_()
            ),
        )
        limits.uncheck(force=True)
        expect(settings.get_by_text("Nothing has changed")).to_be_visible()
        expect(limits).to_be_checked()


class TestExport:
    def test_zip_is_made_and_downloaded(self, settings, system, user):
        settings.get_by_role("button", name="Make an export").click()
        settings.get_by_role("link", name=re.compile("Follow it|Download it")).click()
        settings.wait_for_url("**/jobs/job_*")
        expect(settings.get_by_role("heading", level=1, name="Export of the account")).to_be_visible()
        button = settings.get_by_role("button", name="Download the zip")
        expect(button).to_be_visible(timeout=60_000)
        assert violations_of(settings) == []
        with settings.expect_download() as started:
            button.click()
        with zipfile.ZipFile(Path(started.value.path())) as archive:
            assert "manifest.json" in archive.namelist()
        settings.goto("/history?kind=export")
        expect(settings.get_by_role("link", name="Export of the account")).to_be_visible()
        settings.goto("/settings")
        expect(settings.get_by_role("link", name="Download it")).to_be_visible()


def close_account(page: Page, user: User, grace: str) -> None:
    page.get_by_role("button", name="Close my account…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Close my account")).to_be_disabled()
    dialog.get_by_label("Erase it").select_option(grace)
    dialog.get_by_label(re.compile("^Type")).fill(user.email)
    assert violations_of(page) == []
    dialog.get_by_role("button", name="Close my account").click()


class TestClosing:
    def test_scheduled_erasure_is_said_and_cancelled(self, settings, page_watch, user):
        page_watch.allow("status of 403")  # the account is closed
        close_account(settings, user, "In 7 days")
        expect(settings.get_by_text(BANNER)).to_be_visible()
        expect(settings.get_by_role("button", name="Close my account…")).to_have_count(0)
        assert user.http.get("/me/erasure").json()["state"] == "scheduled"
        settings.goto("/overview")
        expect(settings.get_by_text(BANNER)).to_be_visible()
        assert violations_of(settings) == []
        settings.get_by_role("button", name="Keep my account").click()
        expect(settings.get_by_text("Your account stays")).to_be_visible()
        expect(settings.get_by_text(BANNER)).to_have_count(0)
        assert user.http.get("/me/erasure").status_code == 404

    def test_shared_account_is_closed_and_kept(self, settings, page_watch, user):
        page_watch.allow("status of 403")
        user.http.post("/accounts", json={"name": "Radiology"}).raise_for_status()
        settings.reload()
        settings.get_by_role("button", name=user.email).click()
        settings.get_by_role("menuitem", name="Radiology").click()
        settings.wait_for_url("**/overview")
        settings.goto("/members")
        settings.get_by_role("button", name="Close the account…").click()
        dialog = settings.get_by_role("dialog")
        dialog.get_by_label("Erase it").select_option("In 30 days")
        dialog.get_by_label(re.compile("^Type")).fill("Radiology")
        assert violations_of(settings) == []
        dialog.get_by_role("button", name="Close the account").click()
        expect(settings.get_by_text("The account is closed")).to_be_visible()
        settings.goto("/settings")
        settings.get_by_role("button", name="Keep the account").click()
        expect(settings.get_by_text("The account is open again")).to_be_visible()
