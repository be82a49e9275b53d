"""`imageshield admin create-operator`."""

import json

import pytest

from imageshield.__main__ import run
from tests.support.accounts import PASSWORD
from tests.support.databases import query

pytestmark = pytest.mark.stack

OPERATORS = "SELECT users.email, users.operator, accounts.operator AS copy FROM users JOIN accounts USING (id)"


@pytest.fixture
def create(stack, settings, monkeypatch, capsys, tmp_path):
    """Run the command in the environment of the service."""
    variables = stack.variables | {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "ENVIRONMENT": "test",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "password"

    def call(email, password=PASSWORD, expect=0):
        file.write_text(password)
        options = ["--password-file", str(file), "--json", "--data-dir", str(tmp_path / "none")]
        code = run(["admin", "create-operator", email, *options])
        printed = capsys.readouterr()
        assert code == expect, printed.err
        assert password not in printed.out + printed.err
        return json.loads(printed.out) if printed.out else printed.err

    return call


@pytest.fixture
def operators(settings):
    url = settings.database_url.get_secret_value().replace("+asyncpg", "")
    return lambda: [tuple(row) for row in query(url, OPERATORS)]


class TestCreateOperator:
    def test_new_user_then_nothing_to_do(self, create, operators):
        assert create("Ada@example.org") == {"email": "ada@example.org", "created": True}
        assert create("ada@example.org") == {"email": "ada@example.org", "created": False}
        assert operators() == [("ada@example.org", True, True)]

    def test_user_is_promoted(self, create, operators, settings):
        create("ada@example.org")
        url = settings.database_url.get_secret_value().replace("+asyncpg", "")
        query(url, "UPDATE users SET operator = false")
        query(url, "UPDATE accounts SET operator = false")
        create("ADA@example.org")
        assert operators() == [("ada@example.org", True, True)]

    def test_unfit_input_makes_nobody(self, create, operators):
        create("nobody", expect=2)
        create("ada@example.org", "ada@example.org!", expect=1)
        create("ada@example.org", "short", expect=1)
        assert operators() == []
