"""A person with a browser and factors, for tests of log-ins."""

import time
from dataclasses import dataclass, field

import httpx
import pyotp
from sqlalchemy import text

from tests.api.conftest import PASSWORD, Gateway, User
from tests.support.authenticator import Authenticator

PAGE = "http://localhost:8000"
OWN = {"Origin": PAGE, "X-CSRF": "1"}
SESSION, FACTORS, SESSIONS, TOKEN = (
    "/api/v1/auth/session",
    "/api/v1/auth/factors",
    "/api/v1/auth/sessions",
    "/api/v1/auth/token",
)
APP, PASSKEYS, RECOVERY = f"{FACTORS}/authenticator-app", f"{FACTORS}/passkeys", f"{FACTORS}/recovery-codes"
FINISH, CONFIRM = f"{SESSION}/second-factor", f"{SESSION}/confirm"
ALONE, ALONE_OPTIONS = f"{SESSION}/passkey", f"{SESSION}/passkey/options"
UNUSED = text("UPDATE one_time_passwords SET last_step = NULL WHERE user_id = :user")
LONG_AGO = text("UPDATE login_sessions SET auth_time = now() - interval '11 minutes' WHERE user_id = :user")
EVENTS = text("SELECT outcome, details FROM audit_events WHERE action = :action AND account_id = :user ORDER BY id")


def code_of(response):
    return response.status_code, response.json()["code"]


@dataclass
class Person:
    """A user in a browser."""

    user: User
    gateway: Gateway
    http: httpx.AsyncClient
    secret: str | None = None
    codes: list[str] = field(default_factory=list)
    token: str = ""
    cookie: str = ""

    async def post(self, path, *, signed_in=True, **content):
        return await self.request("POST", path, signed_in=signed_in, **content)

    async def request(self, method, path, *, signed_in=True, **content):
        bearer = {"Authorization": f"Bearer {self.token}"} if signed_in else {}
        cookie = {"Cookie": f"refresh={self.cookie}"} if self.cookie else {}
        response = await self.http.request(method, path, headers=OWN | bearer | cookie, **content)
        if response.is_success and "Set-Cookie" in response.headers:
            self.cookie = response.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
        if response.is_success and response.content and "access_token" in response.json():
            self.token = response.json()["access_token"]
        return response

    async def give_password(self):
        login = {"email": self.user.email, "password": PASSWORD}
        return await self.post(SESSION, signed_in=False, json=login)

    async def finish(self, pending, **proof):
        return await self.post(FINISH, signed_in=False, json={"pending": pending, **proof})

    async def pending(self):
        response = await self.give_password()
        assert code_of(response) == (403, "second-factor-required")
        return response.json()["pending"]

    def otp(self, seconds=0):
        return pyotp.TOTP(self.secret).at(time.time() + seconds)

    async def add_app(self):
        """Set an authenticator app up; its present code may be used again."""
        begun = (await self.post(APP)).json()
        self.secret = begun["secret"]
        response = await self.post(f"{APP}/confirm", json={"code": self.otp()})
        assert response.status_code == 200, response.text
        self.codes = response.json()["recovery_codes"] or self.codes
        await self.sql(UNUSED)

    async def add_passkey(self, authenticator=None, name="Phone"):
        authenticator = authenticator or Authenticator()
        options = (await self.post(f"{PASSKEYS}/options")).json()["options"]
        response = await self.post(PASSKEYS, json={"name": name, "credential": authenticator.create(options)})
        assert response.status_code == 201, response.text
        self.codes = response.json()["recovery_codes"] or self.codes
        return authenticator

    async def options(self, pending=None):
        asked = {"pending": pending} if pending else {}
        response = await self.post(ALONE_OPTIONS, signed_in=False, json=asked)
        assert response.status_code == 200, response.text
        return response.json()["options"]

    async def log_in_by_passkey(self, credential):
        return await self.post(ALONE, signed_in=False, json={"passkey": credential})

    async def sql(self, statement, **values):
        async with self.gateway.services.resources.database.transaction() as session:
            result = await session.execute(statement, {"user": self.user.account_id, **values})
            return result.all() if result.returns_rows else []

    async def events(self, action):
        return [(outcome, details) for outcome, details in await self.sql(EVENTS, action=action)]
