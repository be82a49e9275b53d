"""`imageshield admin`: accounts, users, resets of second factors, and the installation in figures."""

import asyncio
import json

import pytest

from backplane import ids
from backplane.services.requests.caller import Caller
from backplane.wiring.administration import open_administration
from backplane.wiring.gateway import open_gateway
from imageshield.__main__ import run
from tests.support.accounts import add_account
from tests.support.databases import query

pytestmark = pytest.mark.stack

EMAIL = "ada@example.org"


@pytest.fixture
def environment(stack, settings, tmp_path):
    return stack.variables | {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "ENVIRONMENT": "test",
        "JOB_RETENTION_DAYS": "7",
    }


@pytest.fixture
def admin(environment, monkeypatch, capsys, tmp_path):
    """Run a command in the environment of the service."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def call(*arguments, expect=0, as_json=True):
        form = ["--json"] if as_json else []
        code = run(["admin", *arguments, *form, "--data-dir", str(tmp_path / "none")])
        printed = capsys.readouterr()
        assert code == expect, printed.err
        return json.loads(printed.out) if as_json else printed.out

    return call


@pytest.fixture
def sql(settings):
    url = settings.database_url.get_secret_value().replace("+asyncpg", "")
    return lambda statement: query(url, statement)


@pytest.fixture
def ada(settings, sql):
    """A user with an authenticator app, and an operator."""

    async def make():
        async with open_gateway(settings) as gateway:
            account = await add_account(gateway.resources, EMAIL)
            other = await add_account(gateway.resources, "bob@example.org")
        return account.id, other.id

    made, operator = asyncio.run(make())
    sql(f"INSERT INTO one_time_passwords (user_id, secret, confirmed_at) VALUES ('{made}', 'x', now())")  # noqa: S608
    sql(f"UPDATE users SET operator = true WHERE id = '{operator}'")  # noqa: S608
    return made, operator


@pytest.fixture
def as_operator(settings, ada):
    """Act as the operator in the console."""

    def act(name):
        async def run_as():
            async with open_administration(settings) as found:
                if name == "request":
                    await found.factor_resets.request(Caller(ada[1], user_id=ada[1]), ada[0], "asked by phone")
                else:
                    await found.factor_resets.confirm(Caller(ada[1], user_id=ada[1]), ada[0])

        asyncio.run(run_as())

    return act


class TestResetFactors:
    def test_request_at_the_machine_needs_an_operator(self, admin, as_operator):
        asked = admin("reset-factors", "request", EMAIL, "--reason", "lost phone")
        assert (asked["second_factor"], asked["reset_requested_by"], asked["reset_reason"]) == (
            True,
            None,
            "lost phone",
        )
        assert admin("reset-factors", "confirm", EMAIL, expect=1)["error"]["code"] == "second-operator-required"
        assert admin("reset-factors", "request", EMAIL, expect=1)["error"]["code"] == "factor-reset-pending"
        assert [one["email"] for one in admin("users", "list", "--resets")["data"]] == [EMAIL]
        as_operator("confirm")
        assert admin("users", "list", "--search", EMAIL)["data"][0]["second_factor"] is False

    def test_request_of_an_operator_is_confirmed(self, admin, as_operator):
        as_operator("request")
        confirmed = admin("reset-factors", "confirm", EMAIL)
        assert (confirmed["second_factor"], confirmed["reset_requested_at"]) == (False, None)
        assert admin("reset-factors", "confirm", EMAIL, expect=1)["error"]["code"] == "factors-already-reset"

    def test_withdrawn_request_is_gone(self, admin, ada):
        admin("reset-factors", "request", ids.to_wire("usr", ada[0]))
        assert admin("reset-factors", "withdraw", EMAIL)["reset_requested_at"] is None
        assert admin("reset-factors", "withdraw", EMAIL, expect=1)["error"]["code"] == "no-factor-reset"

    def test_unknown_user(self, admin, ada):
        assert admin("reset-factors", "request", "eve@example.org", expect=1)["error"]["code"] == "not-found"


class TestAccountsAndUsers:
    def test_members_and_sessions(self, admin, ada):
        account = ids.to_wire("acc", ada[0])
        [member] = admin("accounts", "members", account)["data"]
        assert (member["email"], member["role"]) == (EMAIL, "owner")
        assert admin("accounts", "set-tier", account, "pro")["tier"] == "pro"
        assert admin("users", "end-sessions", EMAIL)["ended_sessions"] == 0


class TestFigures:
    def test_usage_and_revenue(self, admin, ada):
        admin("accounts", "set-tier", ids.to_wire("acc", ada[0]), "pro")
        usage = admin("usage")
        assert (usage["users"], usage["operators"], usage["top_accounts"]) == (2, 1, [])
        assert {one["tier"]: one["active"] for one in usage["accounts"]} == {"pro": 1, "enterprise": 1}
        assert usage["revenue"] == {
            "currency": "USD",
            "monthly": 29,
            "conversions": [{"from_tier": "enterprise", "to_tier": "pro", "count": 1}],
        }
        assert "29.00 USD" in admin("usage", as_json=False)

    def test_queue_and_pools(self, admin, ada):
        assert admin("queue") == {
            "waiting": 0,
            "running": 0,
            "accounts_waiting": 0,
            "oldest_waiting_at": None,
            "shares": [],
        }
        assert admin("pools") == {"pools": []}

    def test_settings_without_secrets(self, admin, environment):
        found = {one["name"]: one for one in admin("settings")["data"]}
        assert (found["JOB_RETENTION_DAYS"]["value"], found["JOB_RETENTION_DAYS"]["from_environment"]) == ("7", True)
        assert found["ENTROPY_SOURCE"]["from_environment"] is False
        shown = admin("settings", as_json=False)
        for name in ("DATABASE_URL", "REDIS_URL", "AWS_SECRET_ACCESS_KEY"):
            assert found[name] | {"from_environment": True} == {
                "name": name,
                "value": None,
                "is_secret": True,
                "is_set": True,
                "from_environment": True,
            }
            assert environment[name] not in shown
