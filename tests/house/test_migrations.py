"""Alembic's revisions against the models and the gateway."""

import os
import subprocess
import sys

import pytest

from backplane.db.session import REVISION

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
