"""`imageshield admin rotate-receipt-key`, `rotate-response-key`, `rotate-signing-key` and the others like them."""

import asyncio
import json
import os
import stat
import subprocess
import sys

import pytest

from api import signing_keys
from backplane.services.audit.signers import CheckpointKeys
from backplane.services.entropy.receipts import Receipts
from backplane.services.identity.api_keys import NewApiKey
from backplane.services.identity.signing_keys import SigningKeys
from backplane.services.requests.caller import Caller
from backplane.services.requests.response_keys import ResponseKeys
from backplane.services.requests.submission import Submission
from backplane.settings import load_settings
from backplane.vault import LocalVault
from backplane.wiring.gateway import open_gateway
from imageshield.__main__ import run
from tests.support.accounts import add_account
from tests.support.databases import query
from tests.support.stack import ROOT

pytestmark = pytest.mark.stack

ROTATIONS = {
    "receipt_key.rotated": "rotate-receipt-key",
    "response_key.rotated": "rotate-response-key",
    "audit_key.rotated": "rotate-audit-key",
    "signing_key.rotated": "rotate-signing-key",
    "api_key_pepper.rotated": "rotate-api-key-pepper",
}
"""The commands, by the action of their entries."""


@pytest.fixture
def admin(tmp_path, capsys):
    def call(command, *arguments, expect=0):
        code = run(["admin", command, "--data-dir", str(tmp_path / "none"), *arguments])
        printed = capsys.readouterr()
        assert code == expect, printed.err
        return printed.out + printed.err if expect or "--json" not in arguments else json.loads(printed.out)

    return call


@pytest.fixture
def rotate(admin):
    return lambda *arguments, **more: admin("rotate-receipt-key", *arguments, **more)


@pytest.fixture
def entry(database_url):
    """Read the details of the only entry of the system's trail."""

    def read(action):
        [row] = query(database_url, "SELECT action, actor, outcome, account_id, details FROM audit_events")
        assert (row["action"], row["actor"], row["outcome"], row["account_id"]) == (action, "operator", "success", None)
        return json.loads(row["details"])

    return read


class TestRotateReceiptKey:
    def test_new_key_signs_and_old_stays_published(self, vault, rotate):
        receipts = Receipts(vault)
        before = receipts.signer().public_keys[0].kid
        found = rotate("--json")
        assert found["before"] == before
        assert found["signer"] == receipts.signer().public_keys[0].kid != before
        assert (found["algorithms"], found["published"]) == (["Ed25519"], 2)

    def test_is_audited(self, vault, rotate, entry):
        found = rotate("--json", "--ml-dsa-65")
        details = entry("receipt_key.rotated")
        assert details == {name: found[name] for name in ("signer", "before", "algorithms")}

    def test_says_what_to_do_next(self, vault, rotate):
        assert "/.well-known/jwks.json" in rotate()

    def test_ml_dsa_65_is_added_and_dropped(self, vault, rotate):
        """An option adds or drops ML-DSA-65; without an option the algorithms stay."""
        assert rotate("--json", "--ml-dsa-65")["algorithms"] == ["Ed25519", "ML-DSA-65"]
        assert rotate("--json")["algorithms"] == ["Ed25519", "ML-DSA-65"]
        assert rotate("--json", "--no-ml-dsa-65")["algorithms"] == ["Ed25519"]

    def test_the_new_key_is_for_its_owner_only(self, vault, rotate, tmp_path):
        rotate()
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "vault/receipts").iterdir()}
        assert modes == {0o600}

    def test_output_holds_no_secret(self, vault, rotate):
        printed = rotate("--ml-dsa-65")
        for seed in map(vault.receipt_seeds.read, vault.receipt_seeds.numbers()):
            assert seed.hex() not in printed
            assert repr(seed) not in printed


class TestRotateResponseKey:
    @pytest.fixture
    def keys(self, vault):
        return ResponseKeys(vault)

    def test_new_key_is_published_before_it_signs(self, keys, admin, entry):
        before = keys.signer().kid
        found = admin("rotate-response-key", "--json")
        assert (found["before"], found["published"]) == (before, 2)
        assert [key["kid"] for key in keys.public_keys()] == [found["kid"], before]
        assert keys.signer().kid == before
        assert found["signs_from"].endswith("Z")
        details = entry("response_key.rotated")
        assert (details["signer"], details["before"], details["at_once"]) == (found["kid"], before, False)

    def test_at_once_leaves_one_key(self, keys, vault, admin, database_url):
        keys.signer()
        admin("rotate-response-key")
        found = admin("rotate-response-key", "--json", "--at-once")
        assert [key["kid"] for key in keys.public_keys()] == [found["kid"]]
        assert ResponseKeys(vault).signer().kid == found["kid"]
        rows = query(database_url, "SELECT details FROM audit_events ORDER BY id")
        assert [json.loads(row["details"])["at_once"] for row in rows] == [False, True]

    def test_image_of_the_gateway_has_a_module(self, keys, vault, entry):
        command = [sys.executable, "-m", "api.response_keys", "--at-once"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == ResponseKeys(vault).signer().kid == entry("response_key.rotated")["signer"]


class TestRotateAuditKey:
    def test_new_key_signs_and_is_audited(self, vault, admin, entry):
        keys = CheckpointKeys(vault)
        before = keys.signer().public_key.kid
        found = admin("rotate-audit-key", "--json")
        assert found == {"signer": keys.signer().public_key.kid, "before": before, "published": 2}
        assert entry("audit_key.rotated") == {"signer": found["signer"], "before": before, "algorithms": ["Ed25519"]}

    def test_says_what_to_do_next(self, vault, admin):
        assert "/.well-known/jwks.json" in admin("rotate-audit-key")


async def log_in(settings):
    async with open_gateway(settings) as gateway:
        account = await add_account(gateway.resources, "ada@example.org")
        await gateway.identity.tokens.issue(Caller(account.id), account.id)


class TestRotateSigningKey:
    """On a real database: it is audited, and `--now` ends login sessions."""

    @pytest.fixture
    def keys(self, vault):
        return SigningKeys(vault, token_seconds=900)

    @pytest.fixture
    def rotate_signing(self, admin):
        return lambda *arguments: admin("rotate-signing-key", *arguments)

    def test_new_key_is_announced(self, keys, rotate_signing):
        before = keys.signer().kid
        found = rotate_signing("--json")
        keys.reread()
        assert (found["before"], keys.signer().kid) == (before, before)
        assert [key.kid for key in keys.published()] == [found["signer"], before]
        assert found["signs_from"] < found["verifies_until"]
        assert found["ended_sessions"] == 0

    def test_now_ends_keys_and_sessions(self, keys, rotate_signing, settings, database_url):
        asyncio.run(log_in(settings))
        before = keys.signer().kid
        found = rotate_signing("--json", "--now")
        keys.reread()
        assert [key.kid for key in keys.published()] == [found["signer"]]
        assert (found["before"], found["verifies_until"], found["ended_sessions"]) == (before, None, 1)
        assert query(database_url, "SELECT 1 FROM refresh_tokens") == []
        [event] = query(database_url, "SELECT details FROM audit_events WHERE action = 'signing_key.rotated'")
        assert json.loads(event["details"])["at_once"] is True

    def test_says_what_happens_next(self, keys, rotate_signing):
        assert "ten minutes" in rotate_signing()
        assert "sessions have ended" in rotate_signing("--now")

    def test_output_holds_no_secret(self, keys, rotate_signing):
        printed = rotate_signing()
        keys.reread()
        for key in keys.ring.keys:
            secret = key.private.private_numbers().private_value
            assert str(secret) not in printed
            assert f"{secret:064x}" not in printed

    def test_gateway_container_offers_the_same(self, keys, monkeypatch, capsys):
        load_settings.cache_clear()
        signing_keys.main([])
        load_settings.cache_clear()
        keys.reread()
        assert capsys.readouterr().out.startswith(f"{keys.ring.keys[-1].kid} signs from ")


class TestRefusals:
    def test_no_vault_is_named(self, vault, rotate, monkeypatch):
        monkeypatch.delenv("VAULT_KEY_FILE")
        monkeypatch.delenv("VAULT_DIRECTORY")
        assert "VAULT_KEY_FILE and VAULT_DIRECTORY must be set, or --data-dir" in rotate(expect=2)

    def test_another_root_key(self, vault, rotate, tmp_path):
        vault.transit_key_of_today()
        (tmp_path / "vault.key").write_bytes(bytes(32))
        assert "is not the key under which" in rotate(expect=1)
        assert not (tmp_path / "vault/receipts").exists()

    def test_a_root_key_of_another_size(self, vault, rotate, tmp_path):
        (tmp_path / "vault.key").write_bytes(bytes(31))
        assert "31 bytes" in rotate(expect=1)

    def test_missing_directory_is_not_created(self, vault, rotate, tmp_path, monkeypatch):
        monkeypatch.setenv("VAULT_DIRECTORY", str(tmp_path / "elsewhere"))
        assert "is not a directory" in rotate(expect=1)
        assert not (tmp_path / "elsewhere").exists()

    @pytest.mark.parametrize("command", ROTATIONS.values())
    def test_vault_of_another_user(self, vault, admin, monkeypatch, command):
        """The service, which runs as the owner of the vault, could not read a key of ours."""
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
        assert "belongs to another user" in admin(command, expect=1)


@pytest.mark.parametrize("command", ROTATIONS.values())
class TestUnrecorded:
    """A rotation without an entry in the audit trail is a failure."""

    def test_no_database_is_named(self, bare_vault, admin, command):
        assert "set DATABASE_URL and S3_ENDPOINT_URL" in admin(command, expect=2)
        assert not any(keys_of(bare_vault))

    def test_database_does_not_answer(self, vault, admin, monkeypatch, command):
        monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:x@127.0.0.1:1/x")
        SigningKeys(vault, token_seconds=900)  # every process that opens them makes the first one
        before = keys_of(vault)
        printed = admin(command, expect=1)
        assert "The database does not answer. A rotation has an entry in the audit trail" in printed
        assert "repeat it" in printed
        assert keys_of(vault) == before

    def test_database_is_not_migrated(self, stack, vault, admin, monkeypatch, command):
        with stack.databases.lend_unmigrated() as url:
            monkeypatch.setenv("DATABASE_URL", url)
            assert "not migrated. A rotation has an entry" in admin(command, expect=1)

    def test_trail_refuses_the_entry(self, vault, admin, database_url, command):
        """The key may be there; the command is repeated."""
        query(database_url, "REVOKE INSERT ON audit_events FROM imageshield_app")
        assert "repeat it" in admin(command, expect=1)
        query(database_url, "GRANT INSERT ON audit_events TO imageshield_app")
        admin(command)
        [row] = query(database_url, "SELECT action FROM audit_events")
        assert ROTATIONS[row["action"]] == command


def keys_of(vault: LocalVault) -> list[list[int]]:
    series = (vault.receipt_seeds, vault.response_keys, vault.audit_seeds, vault.signing_keys, vault.api_key_peppers)
    return [keys.numbers() for keys in series]


class TestInsideAnImage:
    def test_the_worker_offers_the_same(self, vault, entry):
        command = [sys.executable, "-m", "worker.receipt_keys", "--ml-dsa-65"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == [key.kid for key in Receipts(vault).signer().public_keys]
        assert entry("receipt_key.rotated")["signer"] == done.stdout.split()[0]

    @pytest.mark.parametrize("module", ["api.response_keys", "api.signing_keys", "worker.receipt_keys"])
    @pytest.mark.usefixtures("vault")
    def test_database_that_is_away_is_said(self, module):
        nowhere = os.environ | {"DATABASE_URL": "postgresql+asyncpg://imageshield@127.0.0.1:1/imageshield"}
        command = [sys.executable, "-m", module]
        done = subprocess.run(command, cwd=ROOT, env=nowhere, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert done.stderr == "The database does not answer: start the rotation again\n"


class TestRotateApiKeyPepper:
    @pytest.fixture
    def installed(self, vault, settings, tmp_path):
        """Settings with the vault of the test, as the environment names them."""
        places = {"vault_key_file": tmp_path / "vault.key", "vault_directory": tmp_path / "vault"}
        return settings.model_copy(update=places)

    def test_new_pepper_is_counted_and_audited(self, installed, vault, database_url, capsys):
        assert run(["admin", "rotate-api-key-pepper", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"version": 1, "older_keys": 0}
        asyncio.run(add_key(installed))
        assert run(["admin", "rotate-api-key-pepper", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"version": 2, "older_keys": 1}
        assert vault.api_key_peppers.numbers() == [1, 2]
        events = query(database_url, "SELECT 1 FROM audit_events WHERE action = 'api_key_pepper.rotated'")
        assert len(events) == 2


async def add_key(settings):
    async with open_gateway(settings) as gateway:
        account = await add_account(gateway.resources, "ada@example.org")
        caller = Caller(account.id, scopes=frozenset({"jobs:read"}), user_id=account.id)
        await gateway.identity.api_keys.create(Submission(caller), NewApiKey("x", ["jobs:read"]))
