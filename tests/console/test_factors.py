"""Passkeys and second factors in Chromium, with its virtual authenticator; and the question who is there."""

import json

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.console.accessibility import violations_of
from tests.console.authenticators import attach_authenticator
from tests.console.database import ask
from tests.console.people import add_app
from tests.console.visits import sign_in
from tests.support import pictures
from tests.support.stack import SystemUnderTest
from tests.support.users import PASSWORD, User

pytestmark = pytest.mark.stack

ADD_PASSKEY = """async ({ email, password }) => {
  const own = { "Content-Type": "application/json", "X-CSRF": "1" };
  const post = async (path, body, token) => {
    const headers = token ? { ...own, Authorization: `Bearer ${token}` } : own;
    const answer = await fetch("/api/v1/auth" + path, { method: "POST", headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  const { access_token } = await post("/session", { email, password });
  const { options } = await post("/factors/passkeys/options", undefined, access_token);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await navigator.credentials.create({ publicKey });
  return post("/factors/passkeys", { name: "Chromium", credential: credential.toJSON() }, access_token);
}"""
LONG_AGO = "UPDATE login_sessions SET auth_time = now() - interval '11 minutes' WHERE browser AND user_id = $1"
WHO = "SELECT id FROM users WHERE email = $1"


@pytest.fixture
def authenticator(page: Page) -> str:
    """Give the page an authenticator with a screen lock."""
    return attach_authenticator(page)


def add_passkey(page: Page, user: User) -> list[str]:
    page.goto("/login")
    added = page.evaluate(ADD_PASSKEY, {"email": user.email, "password": PASSWORD})
    assert added["name"] == "Chromium"
    page.context.clear_cookies()
    return added["recovery_codes"]


def pass_time(page: Page, system: SystemUnderTest, user: User) -> None:
    """Let the sign-in be eleven minutes ago; the page takes a token that says so."""
    [row] = ask(system, WHO, user.email)
    ask(system, LONG_AGO, row["id"])
    page.reload()
    expect(page.locator("#content")).to_be_visible()


def forget_used_codes(system: SystemUnderTest) -> None:
    ask(system, "UPDATE one_time_passwords SET last_step = NULL")


def delete_job(page: Page) -> None:
    page.get_by_role("button", name="More of this job").click()
    page.get_by_role("menuitem", name="Delete job").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()


def test_passkey_signs_in_alone(page, page_watch, authenticator, user):
    add_passkey(page, user)
    page.goto("/login")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/overview")
    expect(page.locator("#content")).to_be_visible()


def test_passkey_is_the_second_factor(page, page_watch, authenticator, user):
    add_passkey(page, user)
    page_watch.allow("status of 403")  # Chromium's own line
    page.goto("/login")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    assert violations_of(page) == []
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/overview")


def test_code_of_an_app_signs_in(page, page_watch, system, user):
    secret = add_app(user)
    forget_used_codes(system)
    page_watch.allow("status of 403")
    page.goto("/login")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("The code is wrong, or it was used.")).to_be_visible()
    page.get_by_label("Code").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/overview")


def test_deletion_waits_for_the_password(page, page_watch, system, user):
    job = user.encrypt(pictures.as_png(pictures.make(8, 6)))
    page_watch.allow("status of 403")
    sign_in(page, user)
    page.goto(f"/jobs/{job['job_id']}")
    pass_time(page, system, user)
    delete_job(page)
    question = page.get_by_role("dialog", name="Confirm who you are")
    expect(question).to_be_visible()
    assert violations_of(page) == []
    question.get_by_label("Password", exact=True).fill("wrong horse battery")
    question.get_by_role("button", name="Confirm").click()
    expect(question.get_by_text("The password is wrong.")).to_be_visible()
    question.get_by_label("Password", exact=True).fill(PASSWORD)
    question.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/history*")
    assert user.http.get(f"/jobs/{job['job_id']}").status_code == 404


def test_deletion_waits_for_a_passkey(page, page_watch, system, authenticator, user):
    job = user.encrypt(pictures.as_png(pictures.make(8, 6)))
    add_passkey(page, user)
    page.goto("/login")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/overview")
    page_watch.allow("status of 403")
    page.goto(f"/jobs/{job['job_id']}")
    pass_time(page, system, user)
    delete_job(page)
    page.get_by_role("dialog", name="Confirm who you are").get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/history*")


def test_cancelled_question_deletes_nothing(page, page_watch, system, user):
    job = user.encrypt(pictures.as_png(pictures.make(8, 6)))
    page_watch.allow("status of 403")
    sign_in(page, user)
    page.goto(f"/jobs/{job['job_id']}")
    pass_time(page, system, user)
    delete_job(page)
    page.get_by_role("dialog", name="Confirm who you are").get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("This needs you to confirm who you are.")).to_be_visible()
    assert user.job(job["job_id"])["status"] == "completed"


def test_authenticator_keeps_a_random_handle(page, authenticator, user):
    add_passkey(page, user)
    session = page.context.new_cdp_session(page)
    kept = session.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    assert [one["rpId"] for one in kept] == ["localhost"]
    assert user.email not in json.dumps([one["userHandle"] for one in kept])
