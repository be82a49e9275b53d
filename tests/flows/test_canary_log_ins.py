"""Secrets of log-ins that the system never writes down: passwords, codes, tokens. Only a mail holds its own token."""

import email
import email.policy
import re
import subprocess
import time
from pathlib import Path

import httpx
import pyotp
import pytest

from tests.flows.test_canary import Monitor, hits, pg_dump, written_files
from tests.support.stack import SystemUnderTest, wait_until
from tests.support.users import PASSWORD, User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

CHANGED, FORGOTTEN = "canary-changed-password-90b4", "canary-reset-password-3ef1"
TOKEN = re.compile(r"#token=([\w-]+)")


class Browser:
    """The log-in of a page: an access token in memory, a refresh token in a cookie."""

    def __init__(self, url: str) -> None:
        # The gateway closes an idle connection after 5 s: a request that is sent at that moment gets no answer.
        limits = httpx.Limits(keepalive_expiry=2)
        headers = {"Origin": url, "X-CSRF": "1"}
        self.http = httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60, trust_env=False, limits=limits)
        self.secrets: list[str] = []

    def post(self, path: str, **content: object) -> dict:
        answer = self.http.post(path, **content)
        body = answer.json() if answer.content else {}
        assert answer.is_success or "pending" in body, answer.text
        if token := body.get("access_token"):
            self.http.headers["Authorization"] = f"Bearer {token}"
        self.secrets += [token] if token else []
        self.secrets += [cookie.value for cookie in answer.cookies.jar if cookie.value]
        self.secrets += [body["pending"]] if "pending" in body else []
        return body

    def add_authenticator_app(self) -> tuple[str, list[str]]:
        secret = self.post("/auth/factors/authenticator-app")["secret"]
        code = pyotp.TOTP(secret).now()
        codes = self.post("/auth/factors/authenticator-app/confirm", json={"code": code})["recovery_codes"]
        self.secrets += [secret, *codes]
        return secret, codes

    def log_in(self, address: str, password: str, recovery_code: str | None = None) -> None:
        pending = self.post("/auth/session", json={"email": address, "password": password}).get("pending")
        if pending is not None:
            self.post("/auth/session/second-factor", json={"pending": pending, "recovery_code": recovery_code})


def mailed_token(system: SystemUnderTest, page: str) -> str:
    """Wait for a mail in the outbox and return the token of its link."""

    def tokens() -> list[str]:
        found = [read(path) for path in sorted((system.home / "mails").glob("[!.]*.eml"))]
        return [token[1] for mail in found if page in mail and (token := TOKEN.search(mail))]

    wait_until(tokens, f"a mail with a link to {page} arrives")
    return tokens()[-1]


def read(path: Path) -> str:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    return message.get_body(("plain",)).get_content()


class TestLogIns:
    def test_no_secret_of_a_log_in_is_written_down(self, user: User, system: SystemUnderTest):
        browser = Browser(user.url)
        with browser.http, Monitor(system.variables["REDIS_URL"]) as monitor:
            browser.log_in(user.email, PASSWORD)
            browser.post("/auth/password", json={"current_password": PASSWORD, "password": CHANGED})
            browser.log_in(user.email, CHANGED)
            secret, codes = browser.add_authenticator_app()
            browser.post("/auth/session/refresh")
            browser.log_in(user.email, CHANGED, codes[0])
            grant = {"grant_type": "password", "username": user.email, "password": CHANGED}
            browser.post("/auth/token", data=grant | {"otp": pyotp.TOTP(secret).at(time.time() + 30)})
            browser.post("/auth/token", data=grant | {"otp": codes[1]})
            browser.post("/auth/password/reset", json={"email": user.email})
            token = mailed_token(system, "/reset-password")
            browser.post("/auth/password/reset/confirm", json={"token": token, "password": FORGOTTEN})
            wrong = {"token": token[::-1], "password": FORGOTTEN}
            assert browser.http.post("/auth/password/reset/confirm", json=wrong).is_error
        needles = [PASSWORD, CHANGED, FORGOTTEN, token, *browser.secrets]
        assert len(needles) > 15
        for command in monitor.commands:
            assert not [needle for needle in needles if needle in command], command[:500]
        encoded = [needle.encode() for needle in needles]
        url = system.variables["DATABASE_URL"].replace("+asyncpg", "")
        dump = subprocess.run([pg_dump(), "--inserts", url], check=True, capture_output=True).stdout
        assert user.email.encode() in dump, "the dump holds what was written"
        assert not [one for one in encoded if one in dump or one.hex().encode() in dump]
        outside_the_outbox = [path for path in written_files(system) if path.parent.name != "mails"]
        assert hits(outside_the_outbox, encoded) == []
