"""The pages around the sign-in: registration by mail, links of mails, invitations, the outbox."""

import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import altcha
import httpx
import pytest
from playwright.sync_api import Page, expect

from imageshield.commands.service.up import issue_code
from imageshield.servers.home import scratch
from tests.console.accessibility import violations_of
from tests.console.database import ask
from tests.console.letters import newest_link
from tests.support.stack import SystemUnderTest, running_system
from tests.support.users import PASSWORD

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

NEW = "another horse battery"
OPERATOR = "root@example.org"
NARROW = {"width": 320, "height": 640}
COUNTER = itertools.count(1)
AN_HOUR_AGO = "UPDATE one_time_tokens SET expires_at = now() - interval '1 hour' WHERE used_at IS NULL"


@pytest.fixture(scope="module")
def whole_system() -> Iterator[SystemUnderTest]:
    """A system of its own, that confirms addresses and wants a proof of work, with an operator."""
    with scratch() as path, running_system(path, MAIL_VERIFICATION="true", PROOF_OF_WORK="true") as running:
        with ThreadPoolExecutor(1) as other:
            code = other.submit(issue_code, running.variables).result()
        with httpx.Client(base_url=running.url + "/api/v1", trust_env=False, timeout=60) as http:
            new = {"email": OPERATOR, "password": PASSWORD, "operator_code": code}
            http.post("/auth/register", json=new).raise_for_status()
        yield running


@pytest.fixture
def http(system):
    with httpx.Client(base_url=system.url + "/api/v1", trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def email() -> str:
    return f"ada{next(COUNTER)}@example.org"


@pytest.fixture
def registered(http, system, email) -> str:
    """A user who has confirmed the address."""
    new = {"email": email, "password": PASSWORD, "proof_of_work": solve(http)}
    assert http.post("/auth/register", json=new).raise_for_status().status_code == 202
    token = newest_link(system, email).partition("=")[2]
    http.post("/auth/verify-email", json={"token": token}).raise_for_status()
    return email


def solve(http: httpx.Client) -> str:
    challenge = altcha.Challenge.from_dict(http.get("/auth/challenge").json())
    return altcha.Payload(challenge, altcha.solve_challenge(challenge)).to_base64()


def fill(page: Page, email: str, password: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    fill(page, email, password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/overview")


def assert_fits(page: Page) -> None:
    """Check the state that is shown: accessible, and not wider than the smallest phone."""
    assert violations_of(page) == []
    before = page.viewport_size
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    assert before is not None
    page.set_viewport_size(before)


def open_link(page: Page, link: str) -> list[str]:
    """Open the link of a mail; return a list that grows by every request that changes something."""
    path, _, token = link.partition("#token=")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method != "GET" else None)
    page.on("request", lambda request: posts.append("the token is in an address") if token in request.url else None)
    page.goto(link, wait_until="networkidle")
    assert page.evaluate("location.pathname + location.hash") == path
    return posts


class TestRegistration:
    def test_address_is_confirmed_by_its_mail(self, page, page_watch, open_page, system, email):
        page.goto("/register")
        fill(page, email, PASSWORD)
        page.get_by_role("button", name="Create the account").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Look in your mail")
        assert_fits(page)
        link = newest_link(system, email)
        page.get_by_role("button", name="Send it again").click()
        expect(page.get_by_text("Sent again.")).to_be_visible()
        assert newest_link(system, email, mails=2) != link
        scanned = open_page()
        assert open_link(scanned, link) == []
        posts = open_link(page, link)
        assert posts == []
        assert_fits(page)
        page.reload()
        page.get_by_role("button", name="Confirm and make the account").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your account is made")
        assert_fits(page)
        page.get_by_role("link", name="Sign in").click()
        expect(page.get_by_label("Email")).to_have_value(email)
        sign_in(page, email)
        page_watch.allow("status of 410")
        open_link(page, link)
        page.get_by_role("button", name="Confirm and make the account").click()
        expect(page.get_by_text("The link was used before")).to_be_visible()
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()

    def test_taken_address_looks_like_a_free_one(self, page, registered):
        page.goto("/register")
        fill(page, registered, PASSWORD)
        page.get_by_role("button", name="Create the account").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Look in your mail")

    @pytest.mark.parametrize(
        ("address", "password", "fault"),
        [
            ("eve@ex\u0430mple.org", PASSWORD, "The domain mixes letters of several alphabets"),
            ("eve@example.org", "passwordpassword", "among the most common ones"),
        ],
        ids=["look-alike", "common-password"],
    )
    def test_fault_stands_at_its_field(self, page, page_watch, address, password, fault):
        page_watch.allow("status of 422")
        page.goto("/register")
        fill(page, address, password)
        page.get_by_role("button", name="Create the account").click()
        wrong = page.locator("[aria-invalid=true]")
        expect(page.get_by_role("alert")).to_contain_text(fault)
        expect(wrong).to_have_count(1)
        assert_fits(page)

    @pytest.mark.parametrize(
        ("policy", "words"),
        [
            ("closed", "Nobody can register here."),
            ("invitation", "The address to which you were invited."),
            ("domains", "An address of your organization."),
        ],
    )
    def test_page_says_who_may_register(self, page, http, policy, words):
        setup = json.dumps(http.get("/setup").json() | {"registration": policy})
        page.route("**/api/v1/setup", lambda route: route.fulfill(body=setup, content_type="application/json"))
        page.goto("/register")
        expect(page.get_by_text(words)).to_be_visible()
        assert_fits(page)
        page.goto("/login", wait_until="networkidle")
        expect(page.get_by_role("link", name="Create one")).to_have_count(0 if policy == "closed" else 1)


class TestPassword:
    def test_forgotten_one_is_replaced(self, page, page_watch, system, registered):
        page_watch.allow("status of 422")
        page.goto("/login")
        page.get_by_role("link", name="Forgot your password?").click()
        page.get_by_label("Email").fill(registered)
        assert_fits(page)
        page.get_by_role("button", name="Send the link").click()
        expect(page.get_by_text(f"If {registered} has an account")).to_be_visible()
        assert_fits(page)
        assert open_link(page, newest_link(system, registered, mails=2)) == []
        page.get_by_label("New password").fill("passwordpassword")
        page.get_by_role("button", name="Set the password").click()
        expect(page.get_by_role("alert")).to_contain_text("among the most common ones")
        assert_fits(page)
        page.get_by_label("New password").fill(NEW)
        page.get_by_role("button", name="Set the password").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("The new password is set")
        assert_fits(page)
        page.get_by_role("link", name="Sign in").click()
        sign_in(page, registered, NEW)

    def test_unknown_address_gets_the_same_words(self, page):
        page.goto("/forgot-password?email=nobody@example.org")
        page.get_by_role("button", name="Send the link").click()
        expect(page.get_by_text("If nobody@example.org has an account")).to_be_visible()

    def test_without_mail_there_is_no_link(self, page, http):
        setup = json.dumps(http.get("/setup").json() | {"mail": False})
        page.route("**/api/v1/setup", lambda route: route.fulfill(body=setup, content_type="application/json"))
        page.goto("/login", wait_until="networkidle")
        expect(page.get_by_role("link", name="Forgot your password?")).to_have_count(0)
        page.goto("/forgot-password")
        expect(page.get_by_text("This installation sends no mail.")).to_be_visible()

    def test_wrong_ones_make_the_page_wait(self, page, page_watch, registered):
        page_watch.allow("status of 401")
        page_watch.allow("status of 429")
        page.goto("/login")
        for _ in range(9):
            fill(page, registered, "wrong horse battery")
            with page.expect_response("**/api/v1/auth/session") as answer:
                page.get_by_role("button", name="Sign in").click()
            if answer.value.status == 429:
                break
        expect(page.get_by_role("alert")).to_contain_text("Too many wrong attempts.")
        expect(page.get_by_role("alert")).to_contain_text("Try again in")
        assert_fits(page)


class TestLinks:
    @pytest.mark.parametrize(
        ("path", "button", "next_step"),
        [
            ("/verify-email", "Confirm and make the account", "Register again"),
            ("/confirm-email", "Confirm the address", "Open the settings"),
            ("/reset-password", "Set the password", "Have a new link sent"),
        ],
    )
    def test_unknown_one_names_the_next_step(self, page, page_watch, path, button, next_step):
        page_watch.allow("status of 404")
        open_link(page, f"{path}#token={'A' * 43}")
        if path == "/reset-password":
            page.get_by_label("New password").fill(NEW)
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("alert")).to_contain_text("There is no such link.")
        expect(page.get_by_role("link", name=next_step)).to_be_visible()
        expect(page.get_by_role("button", name=button)).to_have_count(0)
        assert_fits(page)

    def test_expired_one_names_the_next_step(self, page, page_watch, http, system, email):
        page_watch.allow("status of 410")
        http.post("/auth/register", json={"email": email, "password": PASSWORD, "proof_of_work": solve(http)})
        link = newest_link(system, email)
        ask(system, AN_HOUR_AGO)
        open_link(page, link)
        page.get_by_role("button", name="Confirm and make the account").click()
        expect(page.get_by_role("alert")).to_contain_text("The link has expired.")
        page.get_by_role("link", name="Register again").click()
        page.wait_for_url("**/register")

    def test_second_one_replaces_the_first_in_its_tab(self, page, page_watch):
        page_watch.allow("status of 404")
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
        page.goto(f"/verify-email#token={'A' * 43}", wait_until="networkidle")
        page.goto(f"/verify-email#token={'B' * 43}", wait_until="networkidle")
        page.get_by_role("button", name="Confirm and make the account").click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert [json.loads(body)["token"] for body in sent] == ["B" * 43]

    def test_changed_address_is_confirmed(self, page, http, system, registered):
        form = {"grant_type": "password", "username": registered, "password": PASSWORD}
        token = http.post("/auth/token", data=form).raise_for_status().json()["access_token"]
        new = f"new-{registered}"
        http.post("/auth/email", json={"email": new}, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
        assert open_link(page, newest_link(system, new)) == []
        page.get_by_role("button", name="Confirm the address").click()
        expect(page.get_by_text(f"You sign in with {new}.")).to_be_visible()
        assert_fits(page)
        page.goto("/login")
        sign_in(page, new)


class TestInvitation:
    def test_stranger_registers_and_accepts(self, page, open_page, http, system, registered):
        guest = f"guest-{registered}"
        form = {"grant_type": "password", "username": registered, "password": PASSWORD}
        http.headers["Authorization"] = f"Bearer {http.post('/auth/token', data=form).json()['access_token']}"
        made = http.post("/accounts", json={"name": "Radiology"}, headers={"Idempotency-Key": guest}).json()
        http.post(
            f"/accounts/{made['account_id']}/invitations",
            json={"email": guest, "role": "member"},
            headers={"Idempotency-Key": guest},
        ).raise_for_status()
        page.goto(newest_link(system, guest))
        page.get_by_role("link", name="Create an account").click()
        expect(page.get_by_label("Email")).to_have_value(guest)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Create the account").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Look in your mail")
        other = open_page()
        open_link(other, newest_link(system, guest, mails=2))
        other.get_by_role("button", name="Confirm and make the account").click()
        expect(other.get_by_role("heading", level=1)).to_have_text("Your account is made")
        page.get_by_role("link", name="Sign in").click()
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Accept the invitation").click()
        page.wait_for_url("**/overview")
        expect(page.get_by_role("button", name=guest)).to_contain_text("Radiology")


class TestOutbox:
    def test_operator_reads_a_mail(self, page, system, registered):
        page.goto("/login?next=/outbox")
        fill(page, OPERATOR, PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("table", name="Mails, newest first")).to_be_visible()
        assert_fits(page)
        page.get_by_role("row").filter(has_text=registered).get_by_role("link").first.click()
        dialog = page.get_by_role("dialog", name="Confirm your mail address")
        expect(dialog.get_by_role("link").first).to_contain_text("/verify-email#token=")
        assert_fits(page)
        page.keyboard.press("Escape")
        page.goto("/overview")
        expect(page.get_by_role("navigation", name="Console").get_by_role("link", name="Outbox")).to_be_visible()

    def test_others_are_refused(self, page, page_watch, registered):
        page_watch.allow("status of 403")
        page.goto("/login?next=/outbox")
        fill(page, registered, PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("This is for operators.")).to_be_visible()
        expect(page.get_by_role("navigation", name="Console").get_by_role("link", name="Outbox")).to_have_count(0)
        assert_fits(page)
