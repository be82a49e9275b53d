"""Sign-in by a real OpenID provider, in the browser: npm oidc-provider, which refuses requests without PKCE."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from imageshield.servers.home import scratch
from tests.console.accessibility import violations_of
from tests.console.conftest import PHONE, watched
from tests.console.visits import fill_sign_in, sign_in
from tests.support.stack import ROOT, SystemUnderTest, running_system
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

FINISH = "**/auth/oidc/acme/finish"
REDIRECT = "http://localhost/auth/callback/acme"
SECRET = "a secret: of the tests+%"
TABLE = """
[[providers]]
id = "acme"
name = "Acme"
issuer = "{issuer}"
client_id = "imageshield"
client_secret_env = "TEST_ACME_SECRET"
networks = ["127.0.0.0/8"]

[[providers]]
id = "staff"
name = "Staff"
issuer = "https://staff.example"
client_id = "imageshield"
registration = false
"""


@contextmanager
def oidc_provider() -> Iterator[str]:
    """Run the provider; yield its issuer."""
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules/oidc-provider").is_dir():
        pytest.skip("oidc-provider is not installed: make console")
    command = [node, str(ROOT / "tests/console/provider.mjs"), REDIRECT, SECRET]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())["issuer"]
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with oidc_provider() as running:
        yield running


@pytest.fixture(scope="module")
def whole_system(issuer) -> Iterator[SystemUnderTest]:
    """A system of its own, which knows the provider, and has its operator already."""
    with scratch() as path:
        file = Path(path).with_suffix(".toml")
        file.write_text(TABLE.format(issuer=issuer))
        try:
            settings = {"OIDC_PROVIDERS_FILE": str(file), "TEST_ACME_SECRET": SECRET}
            with running_system(path, **settings) as running:
                User(running.url).close()
                yield running
        finally:
            file.unlink()


@pytest.fixture(autouse=True)
def elsewhere(page_watch, issuer):
    """The provider is another host, and has no session to resume is no error here."""
    page_watch.allow(issuer)
    page_watch.allow("status of 401")


def log_in_at_provider(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name="Provider")).to_be_visible()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Log in").click()


def continue_with_acme(page: Page, name: str | None = None, *, at: str = "/login") -> None:
    page.goto(at)
    page.get_by_role("button", name="Continue with Acme").click()
    if name is not None:
        log_in_at_provider(page, name)


def sign_out(page: Page, email: str) -> None:
    page.get_by_role("button", name=email).click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.wait_for_url("**/login")


class TestSignIn:
    def test_signs_up_out_and_in_again(self, page):
        continue_with_acme(page, "grace", at="/register")
        page.wait_for_url("**/overview")
        page.goto("/settings/security")
        expect(page.get_by_text("grace@people.example").first).to_be_visible()
        expect(page.get_by_role("button", name="Unlink")).to_be_visible()
        assert violations_of(page) == []
        sign_out(page, "grace@people.example")
        # The provider has a session, so it asks nothing.
        continue_with_acme(page, at="/login?next=%2Fhistory")
        page.wait_for_url("**/history")

    def test_only_way_in_cannot_be_unlinked(self, page, page_watch):
        page_watch.allow("status of 409")
        continue_with_acme(page, "hedy")
        page.wait_for_url("**/overview")
        page.goto("/settings/security")
        page.get_by_role("button", name="Unlink").click()
        page.get_by_role("dialog").get_by_role("button", name="Unlink").click()
        expect(page.get_by_text("You could not sign in any more.")).to_be_visible()

    def test_provider_that_registers_nobody_is_not_offered(self, page):
        page.goto("/login")
        expect(page.get_by_role("button", name="Continue with Staff")).to_be_visible()
        page.goto("/register")
        expect(page.get_by_role("button", name="Continue with Acme")).to_be_visible()
        expect(page.get_by_role("button", name="Continue with Staff")).to_have_count(0)

    def test_cancelled_sign_in_is_explained(self, page, page_watch):
        page_watch.allow("status of 403")
        continue_with_acme(page)
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("The provider did not sign you in.")).to_be_visible()
        assert "nobody" not in page.content()
        assert violations_of(page) == []
        page.get_by_role("link", name="Back to the sign-in").click()
        page.wait_for_url("**/login")


class TestCallback:
    def test_loading_the_page_changes_nothing(self, page, page_watch):
        """A mail scanner or a preview opens the address without running the page."""
        answers = {}
        hold_answer(page, answers)
        page_watch.allow("ERR_FAILED")
        continue_with_acme(page, "ida")
        expect(page.get_by_role("heading", name="Not signed in")).to_be_visible()
        for _ in range(2):
            assert httpx.get(answers[page], headers={"Accept": "text/html"}, trust_env=False).status_code == 200
        page.unroute(FINISH)
        page.goto(answers[page])
        page.wait_for_url("**/overview")

    def test_answer_leaves_neither_address_nor_history(self, page):
        continue_with_acme(page, "joan")
        page.wait_for_url("**/overview")
        page.go_back()
        assert "code=" not in page.url

    def test_answer_is_good_once(self, page, page_watch):
        page_watch.allow("status of 400")
        visited = []
        page.on("framenavigated", lambda frame: visited.append(frame.url))
        continue_with_acme(page, "katherine")
        page.wait_for_url("**/overview")
        used = next(url for url in visited if "code=" in url)
        page.goto(used)
        expect(page.get_by_text("This sign-in is over.")).to_be_visible()

    def test_two_browsers_cannot_swap_answers(self, page, page_watch, browser, origin, issuer):
        """Somebody who sends a victim an address with an answer of his own does not sign the victim in as himself."""
        page_watch.allow("status of 400")
        page_watch.allow("ERR_FAILED")
        with watched(browser, origin) as (other, other_watch):
            for words in (issuer, "status of 400", "status of 401", "ERR_FAILED"):
                other_watch.allow(words)
            answers = {}
            for who, name in ((page, "lise"), (other, "mary")):
                hold_answer(who, answers)
                continue_with_acme(who, name)
                expect(who.get_by_role("heading", name="Not signed in")).to_be_visible()
            for who, answer in ((page, answers[other]), (other, answers[page])):
                who.unroute(FINISH)
                who.goto(answer)
                expect(who.get_by_text("This sign-in is over.")).to_be_visible()
                who.goto("/overview")
                who.wait_for_url("**/login?next=*")

    def test_page_without_an_answer_leads_to_the_sign_in(self, page):
        page.goto("/auth/callback/acme")
        expect(page.get_by_role("heading", name="There is nothing to finish here")).to_be_visible()
        assert violations_of(page) == []
        page.get_by_role("link", name="Sign in").click()
        page.wait_for_url("**/login")


class TestLinking:
    def test_after_the_password_it_is_linked_and_unlinked(self, page, page_watch, user):
        page_watch.allow("status of 409")
        name = user.email.partition("@")[0]
        sign_in(page, user)
        page.goto("/settings/security")
        page.get_by_role("button", name="Link Acme").click()
        log_in_at_provider(page, name)
        page.wait_for_url("**/settings/security")
        expect(page.get_by_role("button", name="Unlink")).to_be_visible()
        sign_out(page, user.email)
        continue_with_acme(page)
        page.wait_for_url("**/overview")
        page.goto("/settings/security")
        expect(page.get_by_text(user.email).first).to_be_visible()
        page.get_by_role("button", name="Unlink").click()
        page.get_by_role("dialog").get_by_role("button", name="Unlink").click()
        expect(page.get_by_role("button", name="Link Acme")).to_be_visible()

    def test_known_address_is_not_linked_without_proof(self, page, page_watch, system, origin):
        page_watch.allow("status of 409")
        user = User(system.url, email="nellie@people.example")
        continue_with_acme(page, "nellie")
        expect(page.get_by_text("Your address has an account here")).to_be_visible()
        assert violations_of(page) == []
        page.goto("/overview")
        page.wait_for_url("**/login?next=*")
        fill_sign_in(page, user)
        page.goto("/settings/security")
        page.get_by_role("button", name="Link Acme").click()
        page.wait_for_url("**/settings/security")
        expect(page.get_by_role("button", name="Unlink")).to_be_visible()
        user.close()


class TestConfirmation:
    def test_provider_confirms_who_it_is(self, page, page_watch):
        """The clock of the page plays no part: what is refused is played, and the confirmation is real."""
        page_watch.allow("status of 403")
        continue_with_acme(page, "rosalind")
        page.wait_for_url("**/overview")
        page.goto("/settings/security")
        refusal = {"code": "reauthentication-required", "title": "Confirm first who you are", "status": 403}
        body = json.dumps(refusal | {"type": "", "detail": "", "request_id": None, "errors": []})
        page.route(
            "**/auth/oidc/staff/start",
            lambda route: route.fulfill(status=403, content_type="application/problem+json", body=body),
        )
        page.get_by_role("button", name="Link Staff").click()
        page.get_by_role("button", name="Confirm with Acme").click()
        # It asks although it has a session.
        log_in_at_provider(page, "rosalind")
        page.wait_for_url("**/settings/security")
        expect(page.get_by_role("button", name="Unlink")).to_be_visible()


class TestLooks:
    def test_buttons_are_accessible_on_every_screen(self, browser, origin):
        for options in ({}, {"color_scheme": "dark"}, {"viewport": PHONE}):
            with watched(browser, origin, **options) as (page, _):
                for path in ("/login", "/register"):
                    page.goto(path)
                    expect(page.get_by_role("button", name="Continue with Acme")).to_be_visible()
                    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                    assert violations_of(page) == []


def hold_answer(page: Page, answers: dict[Page, str]) -> None:
    """Note the address of the callback, and keep its page from sending the answer on."""

    def note(request) -> None:
        if "/auth/callback/acme?" in request.url:
            answers[page] = request.url

    page.on("request", note)
    page.route(FINISH, lambda route: route.abort())
