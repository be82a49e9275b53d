"""People with more than a password: operators, and users with a second factor."""

import pyotp

from tests.console.database import ask
from tests.support.stack import SystemUnderTest
from tests.support.users import User


def make_operator(system: SystemUnderTest, user: User) -> str:
    """Make a user an operator, before the first request, and return its number."""
    [row] = ask(system, "UPDATE users SET operator = true WHERE email = $1 RETURNING id", user.email)
    ask(system, "UPDATE accounts SET operator = true WHERE id = $1", row["id"])
    return row["id"].hex


def add_app(user: User) -> str:
    """Set an authenticator app up, and let its present code be used again later."""
    secret = user.http.post("/auth/factors/authenticator-app").raise_for_status().json()["secret"]
    code = {"code": pyotp.TOTP(secret).now()}
    user.http.post("/auth/factors/authenticator-app/confirm", json=code).raise_for_status()
    return secret
