"""Alembic's revisions against the models and the gateway."""

import os
import subprocess
import sys

import pytest

from backplane.db.session import REVISION
from tests.support.databases import query

pytestmark = pytest.mark.stack


@pytest.fixture
def alembic(root, database_url):
    """Run Alembic on a database of its own; give what it printed."""

    def run(*arguments):
        command = [sys.executable, "-m", "alembic", "-c", "migrations/alembic.ini", *arguments]
        environment = os.environ | {"DATABASE_URL": database_url}
        answer = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    return run


class TestMigrations:
    def test_make_the_schema_of_the_models(self, alembic):
        """Nothing is left that `alembic revision --autogenerate` would write."""
        assert "No new upgrade operations detected" in alembic("check")

    def test_go_down_and_up_again(self, alembic):
        alembic("downgrade", "base")
        alembic("upgrade", "head")
        alembic("check")

    def test_have_one_head(self, alembic):
        assert len(alembic("heads").splitlines()) == 1

    def test_gateway_waits_for_the_newest(self, alembic):
        assert alembic("heads").split()[0] == REVISION

    def test_down_keeps_api_keys(self, alembic, database_url, root):
        """The schema before has no place for them."""
        account = query(
            database_url,
            "INSERT INTO accounts (id, tier, operator, personal, kek_id, kek_version) "
            "VALUES (gen_random_uuid(), 'free', false, false, gen_random_uuid(), 1) RETURNING id",
        )[0]["id"]
        query(
            database_url,
            "INSERT INTO api_keys (id, account_id, name, prefix, hash, scopes) "
            "VALUES (gen_random_uuid(), $1, 'x', 'qis_live_0123', '\\x00', '[]')",
            account,
        )
        down = [sys.executable, "-m", "alembic", "-c", "migrations/alembic.ini", "downgrade", "0013"]
        environment = os.environ | {"DATABASE_URL": database_url}
        refused = subprocess.run(down, cwd=root, env=environment, capture_output=True, text=True, check=False)
        assert refused.returncode != 0
        assert "1 API keys would be lost" in refused.stderr
        query(database_url, "UPDATE api_keys SET revoked_at = now()")
        alembic("downgrade", "0013")
