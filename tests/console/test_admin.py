"""The administration in the browser: accounts, users, resets of second factors, figures and settings."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.console.accessibility import violations_of
from tests.console.database import ask
from tests.console.keyboard import press, tab_to
from tests.console.letters import mails_to
from tests.console.people import add_app, make_operator
from tests.console.visits import sign_in
from tests.support.stack import SystemUnderTest, wait_until
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture
def people(system: SystemUnderTest) -> Iterator[Callable[[], User]]:
    made: list[User] = []

    def person() -> User:
        made.append(User(system.url))
        return made[-1]

    yield person
    for one in made:
        one.close()


@pytest.fixture
def operator(system: SystemUnderTest, people: Callable[[], User]) -> User:
    person = people()
    make_operator(system, person)
    return person


def agree(page: Page, button: str, *, reason: str | None = None) -> None:
    """Open the question of an act, and answer it."""
    page.get_by_role("button", name=f"{button}…").click()
    dialog = page.get_by_role("dialog")
    if reason is not None:
        dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_have_count(0)


def open_user(page: Page, email: str) -> None:
    page.goto("/admin?view=users")
    page.get_by_label("Address").fill(email)
    page.get_by_role("link", name=email).click()
    expect(page.get_by_role("heading", level=1, name=email)).to_be_visible()


class TestEntrance:
    def test_others_are_told_and_see_no_entry(self, page: Page, user: User):
        sign_in(page, user)
        expect(page.get_by_role("link", name="Members")).to_be_visible()
        expect(page.get_by_role("link", name="Administration")).to_have_count(0)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto("/admin")
        expect(page.get_by_text("This is for operators of the installation.")).to_be_visible()
        assert violations_of(page) == []
        assert not [address for address in asked if "/api/v1/admin" in address]

    def test_operator_goes_there_by_keyboard(self, page: Page, operator: User):
        sign_in(page, operator)
        tab_to(page, page.get_by_role("link", name="Administration"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1, name="Administration")).to_be_focused()
        tab_to(page, page.get_by_role("tab", name="Accounts"))
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name="Users")).to_be_focused()
        expect(page).to_have_url(re.compile("view=users"))
        expect(page.get_by_role("table", name="Users")).to_be_visible()
        tab_to(page, page.get_by_label("Address"))
        page.keyboard.type(operator.email)
        expect(page.get_by_role("table", name="Users").get_by_role("row")).to_have_count(2)


class TestAccounts:
    def test_tier_and_suspension_change(self, page: Page, operator: User, user: User):
        sign_in(page, operator)
        page.goto("/admin")
        page.get_by_label("Name or address").fill(user.email)
        page.get_by_role("link", name=user.email).click()
        expect(page.get_by_role("table", name="Members").get_by_text(user.email)).to_be_visible()
        page.get_by_role("button", name="Change the tier…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Tier").select_option("pro")
        assert violations_of(page) == []
        dialog.get_by_role("button", name="Change the tier").click()
        expect(dialog).to_have_count(0)
        assert user.http.get("/me").json()["tier"] == "pro"
        agree(page, "Suspend", reason="abuse")
        expect(page.get_by_text("Its requests are refused.")).to_be_visible()
        assert user.http.get("/jobs").json()["code"] == "account-suspended"
        agree(page, "Reinstate")
        expect(page.get_by_text("Its requests are refused.")).to_have_count(0)
        assert user.http.get("/jobs").status_code == 200


class TestUsers:
    def test_sessions_end_and_user_is_unlocked(self, page: Page, operator: User, user: User):
        sign_in(page, operator)
        open_user(page, user.email)
        agree(page, "Unlock")
        agree(page, "End all sessions")
        assert user.http.get("/jobs").status_code == 401

    def test_last_operator_cannot_resign(self, page: Page, page_watch, operator: User, system: SystemUnderTest):
        page_watch.allow("status of 409")
        ask(system, "UPDATE users SET operator = false WHERE email <> $1", operator.email)
        sign_in(page, operator)
        open_user(page, operator.email)
        page.get_by_role("button", name="Take the rights…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Take the rights").click()
        expect(dialog.get_by_role("alert")).to_contain_text("This is the last operator.")


class TestFactorReset:
    @pytest.fixture
    def lost(self, people: Callable[[], User]) -> User:
        """A user with an authenticator app, which is lost."""
        person = people()
        add_app(person)
        return person

    def request(self, page: Page, operator: User, lost: User) -> None:
        sign_in(page, operator)
        open_user(page, lost.email)
        agree(page, "Reset the second factor", reason="Asked by phone")
        expect(page.get_by_text("A reset waits for its confirmation.")).to_be_visible()
        expect(page.get_by_role("button", name="Confirm the reset…")).to_have_count(0)
        assert violations_of(page) == []

    def link_of(self, system: SystemUnderTest, lost: User) -> str:
        def found() -> list[str]:
            bodies = [letter.get_body(("plain",)) for letter in mails_to(system, lost.email)]
            texts = [body.get_content() for body in bodies if body is not None]
            return [one for text in texts for one in re.findall(r"/reset-factors#(token=[\w-]+)", text)]

        wait_until(found, "the mail is sent")
        return found()[0]

    @pytest.fixture
    def second(self, system: SystemUnderTest, people: Callable[[], User]) -> User:
        person = people()
        make_operator(system, person)
        return person

    def test_second_operator_confirms(self, page: Page, operator: User, lost: User, second: User, open_page):
        self.request(page, operator, lost)
        other = open_page()
        sign_in(other, second)
        other.goto("/admin?view=users&only=resets")
        other.get_by_role("link", name=lost.email).click()
        expect(other.get_by_text("Asked by phone")).to_be_visible()
        agree(other, "Confirm the reset")
        expect(other.get_by_text("None. A password or a provider signs this user in.")).to_be_visible()
        assert lost.http.get("/jobs").status_code == 401
        sign_in(open_page(), lost)

    def test_user_confirms_with_the_link(
        self, page: Page, system: SystemUnderTest, operator: User, lost: User, open_page
    ):
        self.request(page, operator, lost)
        other, asked = open_page(), []
        other.on("request", lambda request: asked.append(request.url))
        fragment = self.link_of(system, lost)
        other.goto(f"/reset-factors#{fragment}")
        expect(other.get_by_role("button", name="Remove my second factors")).to_be_visible()
        assert violations_of(other) == []
        assert fragment not in other.url
        other.reload()
        press(other, "Remove my second factors")
        expect(other.get_by_text("Your second factors are removed.")).to_be_visible()
        assert not [address for address in asked if fragment.partition("=")[2] in address]
        other.get_by_role("link", name="Sign in").click()
        sign_in(other, lost)

    def test_user_refuses_with_the_link(
        self, page: Page, system: SystemUnderTest, operator: User, lost: User, open_page
    ):
        self.request(page, operator, lost)
        other = open_page()
        other.goto(f"/reset-factors#{self.link_of(system, lost)}")
        other.get_by_role("button", name="I did not ask for it").click()
        expect(other.get_by_text("Nothing was removed.")).to_be_visible()
        page.reload()
        expect(page.get_by_role("button", name="Reset the second factor…")).to_be_visible()

    def test_address_without_a_request(self, page: Page):
        page.goto("/reset-factors")
        expect(page.get_by_text("There is no request in this address.")).to_be_visible()


class TestFigures:
    def test_usage_pools_and_settings(self, page: Page, operator: User, system: SystemUnderTest):
        sign_in(page, operator)
        page.goto("/admin?view=usage")
        expect(page.get_by_text("Active accounts", exact=True)).to_be_visible()
        expect(page.get_by_role("table", name="Accounts by tier").get_by_text("enterprise")).to_be_visible()
        page.get_by_role("tab", name="Dead letters").click()
        expect(page.get_by_text("No job was given up.")).to_be_visible()
        page.get_by_role("tab", name="Entropy pools").click()
        expect(page.get_by_role("table", name="Entropy pools")).to_be_visible()
        page.get_by_role("tab", name="Settings").click()
        page.get_by_label("Name of a setting").fill("secret access")
        row = page.get_by_role("table", name="Settings").get_by_role("row").nth(1)
        expect(row).to_contain_text("AWS_SECRET_ACCESS_KEY")
        expect(row).to_contain_text("set, not shown")
        assert system.variables["AWS_SECRET_ACCESS_KEY"] not in page.content()
