"""`imageshield admin audit export`: the trail of the system or of an account from a stored database."""

import asyncio
import json

import pytest

from backplane import ids
from backplane.services.audit.published import NEWEST
from backplane.services.requests.caller import Caller
from backplane.wiring.administration import open_administration
from backplane.wiring.audit import Sealing
from backplane.wiring.resources import open_resources
from imageshield.__main__ import run
from tests.support.accounts import add_account
from tests.support.databases import query

pytestmark = pytest.mark.stack


@pytest.fixture
def account(settings):
    """An account whose user was unlocked by an operator; the trail is sealed and signed."""

    async def make():
        async with open_resources(settings) as resources:
            await resources.store.delete(NEWEST)  # the bucket is shared, and other databases do not know it
            made = await add_account(resources, "ada@example.org")
            async with open_administration(settings) as administration:
                await administration.users.unlock(Caller.operator(), made.id)
            sealing = Sealing.wire(resources)
            await sealing.sealer.seal_all()
            await sealing.checkpoints.make()
            await resources.store.delete(NEWEST)
        return made.id

    return asyncio.run(make())


@pytest.fixture
def shell(stack, settings, monkeypatch, capsys, tmp_path):
    """Run a command in the environment of the service, in a directory of its own."""
    variables = stack.variables | {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "ENVIRONMENT": "test",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def call(*arguments, expect=0):
        code = run([*arguments, "--json"])
        printed = capsys.readouterr()
        assert code == expect, printed.err
        return json.loads(printed.out)

    return call


def export(shell, *arguments, **more):
    return shell("admin", "audit", "export", *arguments, "--data-dir", "none", **more)


class TestExport:
    def test_of_the_system_verifies_offline(self, account, shell, tmp_path):
        made = export(shell, "--system", "-o", "system.jsonl", "--keys", "jwks.json")
        assert (made["trail"], made["bytes"]) == ("system", (tmp_path / "system.jsonl").stat().st_size)
        assert (tmp_path / "system.jsonl").stat().st_mode & 0o777 == 0o600
        found = shell("audit", "verify", "system.jsonl", "--keys", "jwks.json")
        assert (found["outcome"], found["account_id"], found["rows"]) == ("verified", None, 1)

    def test_of_an_account_is_recorded_twice(self, account, shell, settings):
        name = ids.to_wire("acc", account)
        export(shell, "--account", name, "-o", "ada.jsonl", "--keys", "jwks.json")
        found = shell("audit", "verify", "ada.jsonl", "--keys", "jwks.json")
        assert (found["outcome"], found["account_id"], found["rows"]) == ("verified", name, 2)
        url = settings.database_url.get_secret_value().replace("+asyncpg", "")
        rows = query(url, "SELECT account_id, actor FROM audit_events WHERE action = 'audit.exported'")
        assert {(row["account_id"], row["actor"]) for row in rows} == {(account, "operator"), (None, "operator")}

    def test_changed_file_is_found(self, account, shell, tmp_path):
        export(shell, "-o", "system.jsonl", "--keys", "jwks.json")
        file = tmp_path / "system.jsonl"
        file.write_bytes(file.read_bytes().replace(b"user.unlock", b"user.suspend"))
        found = shell("audit", "verify", "system.jsonl", "--keys", "jwks.json", expect=3)
        assert found["first"] == {"kind": "edit", "seq": 1, "last": None}

    def test_table(self, account, shell, tmp_path):
        export(shell, "--format", "csv", "-o", "system.csv")
        assert "user.unlock" in (tmp_path / "system.csv").read_text()

    def test_other_file_is_kept(self, account, shell, tmp_path):
        (tmp_path / "system.jsonl").write_text("mine")
        assert export(shell, "-o", "system.jsonl", expect=1)["error"]["code"] == "file-exists"
        export(shell, "-o", "system.jsonl", "--force")

    @pytest.mark.parametrize("name", ["nonsense", "acc_" + "0" * 31 + "1"])
    def test_unknown_account_is_refused(self, account, shell, name):
        assert export(shell, "--account", name, "-o", "x.jsonl", expect=1)["error"]["code"] == "not-found"

    def test_one_trail_at_a_time(self, shell):
        export(shell, "--system", "--account", "acc_" + "0" * 32, "-o", "x.jsonl", expect=2)
