"""Accounts that people share: made, chosen, and entered by an invitation, in the browser."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.console.accessibility import violations_of
from tests.console.letters import link_in
from tests.console.visits import sign_in
from tests.support.stack import SystemUnderTest
from tests.support.users import PASSWORD, User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture
def invited(system: SystemUnderTest) -> Iterator[User]:
    made = User(system.url)
    yield made
    made.close()


def make_account(page: Page, name: str) -> None:
    page.goto("/members")
    page.get_by_role("button", name="New account").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_text(f"of {name}; you are its owner")).to_be_visible()


def invite(page: Page, system: SystemUnderTest, email: str) -> str:
    """Invite an address, and return the fragment of the link in its mail."""
    page.get_by_role("button", name="Invite").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Email").fill(email)
    assert violations_of(page) == []
    dialog.get_by_role("button", name="Invite").click()
    expect(page.get_by_role("table", name="Open invitations").get_by_text(email)).to_be_visible()
    return link_in(system, email, "/invitation")


class TestMembers:
    def test_invited_person_joins_and_is_removed(
        self, page: Page, system: SystemUnderTest, user: User, invited: User, open_page: Callable[..., Page]
    ):
        sign_in(page, user)
        make_account(page, "Radiology")
        fragment = invite(page, system, invited.email)
        assert violations_of(page) == []
        other, asked = open_page(), []
        other.on("request", lambda request: asked.append(request.url))
        other.goto(f"/invitation#{fragment}")
        other.get_by_role("link", name="Sign in").click()
        other.get_by_label("Password", exact=True).wait_for()
        sign_in_again(other, invited)
        other.get_by_role("button", name="Accept the invitation").click()
        other.wait_for_url("**/overview")
        expect(other.get_by_role("button", name=invited.email)).to_contain_text("Radiology")
        assert not [address for address in asked if fragment.partition("=")[2] in address]
        page.reload()
        page.get_by_role("button", name=f"Role of {invited.email}").click()
        page.get_by_role("menuitem", name="Remove…").click()
        page.get_by_role("button", name="Remove the member").click()
        expect(page.get_by_text("The member is removed")).to_be_visible()

    def test_menu_chooses_the_account(self, page: Page, user: User):
        sign_in(page, user)
        make_account(page, "Cardiology")
        chosen: list[str | None] = []
        page.on(
            "request", lambda request: "/api/v1/jobs" in request.url and chosen.append(request.headers.get("x-account"))
        )
        page.goto("/history")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.get_by_role("button", name=user.email).click()
        page.get_by_role("menuitem", name="Personal account").click()
        page.wait_for_url("**/overview")
        expect(page.get_by_role("button", name=user.email)).not_to_contain_text("Cardiology")
        page.goto("/history")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert (chosen[0] or "").startswith("acc_")
        assert chosen[-1] is None


def sign_in_again(page: Page, user: User) -> None:
    """Sign in and come back to a page without the console's frame."""
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
