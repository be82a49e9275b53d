"""The audit log: search, details, export and verification, in the browser."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.console.accessibility import violations_of
from tests.console.browsers import Watch
from tests.console.database import ask
from tests.console.keyboard import tab_to
from tests.console.letters import link_in
from tests.console.people import make_operator
from tests.console.visits import sign_in
from tests.support.stack import SystemUnderTest
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

KEY = {"name": "ci-2", "scopes": ["jobs:read"]}


@pytest.fixture
def busy(user: User) -> User:
    """A user who has made and revoked an API key, and failed to log in."""
    made = user.http.post("/auth/keys", json=KEY).raise_for_status().json()["id"]
    user.http.delete(f"/auth/keys/{made}").raise_for_status()
    wrong = {"grant_type": "password", "username": user.email, "password": "wrong horse battery"}
    user.http.post("/auth/token", data=wrong)
    return user


@pytest.fixture
def log(page: Page, busy: User) -> Page:
    sign_in(page, busy)
    page.goto("/audit")
    expect(page.get_by_role("table", name="Entries, newest first")).to_be_visible()
    return page


@pytest.fixture
def member(page: Page, user: User, system: SystemUnderTest) -> Iterator[User]:
    """A member of an account of the user's."""
    joined = User(system.url)
    team = user.http.post("/accounts", json={"name": "Radiology"}).raise_for_status().json()["account_id"]
    new = {"email": joined.email, "role": "member"}
    user.http.post(f"/accounts/{team}/invitations", json=new).raise_for_status()
    token = link_in(system, joined.email, "/invitation").removeprefix("token=")
    joined.http.post("/invitations/accept", json={"token": token}).raise_for_status()
    yield joined
    joined.close()


def rows(page: Page):
    return page.get_by_role("table").get_by_role("link")


class TestSearch:
    def test_entries_are_sentences(self, log: Page, busy: User):
        expect(log.get_by_role("link", name=re.compile(f"{busy.email} revoked the API key qis_"))).to_be_visible()
        expect(log.get_by_role("link", name=f"{busy.email} could not sign in")).to_be_visible()

    def test_filters_are_in_the_address(self, log: Page):
        log.get_by_label("Event", exact=True).select_option("api-keys")
        expect(rows(log)).to_have_count(2)
        log.reload()
        expect(rows(log)).to_have_count(2)
        log.get_by_label("Outcome").select_option("failure")
        expect(log.get_by_text("Nothing matches these filters.")).to_be_visible()
        log.get_by_role("button", name="Clear them").click()
        expect(log).to_have_url(re.compile(r"/audit$"))

    def test_pages_follow_each_other(self, page: Page, user: User):
        for _ in range(60):
            user.http.patch("/me/mail-preferences", json={"batches": True}).raise_for_status()
        sign_in(page, user)
        page.goto("/audit")
        expect(rows(page)).to_have_count(50)
        page.get_by_role("button", name="Load 50 more").click()
        expect(page.get_by_text(re.compile(r"6\d shown, newest first"))).to_be_visible()


class TestDetails:
    def test_keyboard_opens_an_entry_that_the_browser_checks(self, log: Page):
        tab_to(log, log.get_by_role("link", name=re.compile("revoked the API key")))
        log.keyboard.press("Enter")
        dialog = log.get_by_role("dialog", name="Entry")
        expect(dialog.get_by_text("This browser has computed the same.")).to_be_visible()
        expect(dialog.get_by_label("Canonical payload")).to_contain_text('"action":"api_key.revoked"')
        assert violations_of(log) == []
        log.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(log).to_have_url(re.compile(r"/audit$"))

    def test_all_about_one_object(self, log: Page):
        log.get_by_role("link", name=re.compile("revoked the API key")).click()
        log.get_by_role("button", name="All entries about this").click()
        expect(rows(log)).to_have_count(2)
        expect(log.get_by_role("link", name=re.compile("made the API key"))).to_be_visible()


class TestVerification:
    def test_export_is_checked_and_a_change_is_named(self, log: Page, page_watch: Watch, tmp_path: Path):
        page_watch.allow("status of 422")
        log.get_by_role("button", name="Export", exact=True).click()
        with log.expect_download() as download:
            log.get_by_role("menuitem", name="Whole log, as JSON lines that verify").click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
        lines = file.read_text().splitlines()
        changed = [line.replace("api_key.created", "api_key.changed") for line in lines]
        first = next(json.loads(line)["seq"] for line in lines if "api_key.created" in line)
        file.write_text("\n".join(changed))
        log.get_by_label("An export to check").set_input_files(file)
        expect(log.get_by_role("alert")).to_contain_text(f"Changed: row {first} is not what was sealed.")
        file.write_text("hello")
        log.get_by_label("An export to check").set_input_files(file)
        expect(log.get_by_role("alert")).to_contain_text("This is no export of an audit log.")
        assert violations_of(log) == []

    def test_stored_chain_is_checked(self, log: Page):
        log.get_by_role("button", name="Check now").click()
        said = log.get_by_text(re.compile("Unchanged: rows 1 to|No signature that this service knows"))
        expect(said).to_be_visible()
        expect(log.get_by_text("Read from the database of this service.")).to_be_visible()

    def test_filtered_table(self, log: Page, tmp_path: Path):
        log.get_by_label("Event", exact=True).select_option("api-keys")
        expect(rows(log)).to_have_count(2)
        log.get_by_role("button", name="Export", exact=True).click()
        with log.expect_download() as download:
            log.get_by_role("menuitem", name="Entries of these filters, as CSV").click()
        file = tmp_path / "audit.csv"
        download.value.save_as(file)
        assert [line.split(",")[3] for line in file.read_text().splitlines()] == [
            "action",
            "api_key.created",
            "api_key.revoked",
        ]


class TestMember:
    def test_is_not_led_there_and_told_why(self, page: Page, member: User):
        sign_in(page, member)
        expect(page.get_by_role("navigation", name="Console").get_by_role("link", name="Audit log")).to_be_visible()
        page.get_by_role("button", name=member.email).click()
        page.get_by_role("menuitem", name="Radiology").click()
        expect(page.get_by_role("navigation", name="Console").get_by_role("link", name="Audit log")).to_have_count(0)
        page.goto("/audit")
        expect(page.get_by_text("The audit log is for owners, admins and auditors.")).to_be_visible()


class TestPhone:
    def test_entries_are_cards(self, phone: Page, busy: User):
        sign_in(phone, busy)
        phone.goto("/audit")
        expect(phone.get_by_role("group", name="Entries, newest first")).to_be_visible()
        assert phone.locator("html").evaluate("(element) => element.scrollWidth - element.clientWidth") == 0


FOUND = """
INSERT INTO security_events (id, account_id, rule, subject, severity, count, facts, first_at, last_at)
SELECT gen_random_uuid(), id, 'id_scraping', 'subject', 'medium', 60, '{}', now(), now() FROM users WHERE email = $1
"""
FOUND_IN_INSTALLATION = """
INSERT INTO security_events (id, rule, subject, severity, count, facts, first_at, last_at)
VALUES (gen_random_uuid(), 'failed_log_ins_by_address', 'subject', 'high', 60, '{}', now(), now())
"""


class TestSecurityEvents:
    def test_overview_leads_there_and_acknowledging_ends_it(self, page: Page, user: User, system: SystemUnderTest):
        ask(system, FOUND, user.email)
        sign_in(page, user)
        page.goto("/overview")
        need = page.get_by_role("listitem").filter(has_text="1 security event to look at")
        need.get_by_role("link", name="Look").click()
        card = page.get_by_role("region", name="Security events")
        expect(card.get_by_text("Medium")).to_be_visible()
        assert violations_of(page) == []
        card.get_by_role("button", name=re.compile("^Acknowledge")).click()
        expect(card.get_by_text("Nothing unusual")).to_be_visible()

    def test_operator_sees_those_of_the_installation(self, page: Page, user: User, system: SystemUnderTest):
        make_operator(system, user)
        ask(system, FOUND_IN_INSTALLATION)
        sign_in(page, user)
        page.goto("/audit?chain=system")
        card = page.get_by_role("region", name="Security events")
        expect(card.get_by_text("High")).to_be_visible()
        card.get_by_role("button", name=re.compile("^Acknowledge")).click()
        expect(card.get_by_text("Nothing unusual")).to_be_visible()
