"""`imageshield admin rotate-receipt-key`, `rotate-response-key`, `rotate-signing-key` and the others like them."""

import asyncio
import json
import os
import stat
import subprocess
import sys

import pytest

from api import signing_keys
from backplane import ids
from backplane.services.entropy.receipts import Receipts
from backplane.services.identity.api_keys import NewApiKey
from backplane.services.identity.signing_keys import SigningKeys
from backplane.services.requests.caller import Caller
from backplane.services.requests.response_keys import ResponseKeys
from backplane.services.requests.submission import Submission
from backplane.settings import Settings, load_settings
from backplane.vault import LocalVault
from backplane.wiring.gateway import open_gateway
from imageshield.__main__ import run
from tests.support.accounts import add_account
from tests.support.databases import query
from tests.support.stack import ROOT, clean_environment


@pytest.fixture
def vault(tmp_path, monkeypatch):
    """A vault in an environment that names nothing else."""
    for name in ("DATABASE_URL", "REDIS_URL", "S3_ENDPOINT_URL", "SIGNING_KEY_FILE", "ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "vault").mkdir(mode=0o700)
    (tmp_path / "vault.key").write_bytes(bytes(range(32)))
    (tmp_path / "vault.key").chmod(0o600)
    monkeypatch.setenv("VAULT_KEY_FILE", str(tmp_path / "vault.key"))
    monkeypatch.setenv("VAULT_DIRECTORY", str(tmp_path / "vault"))
    return LocalVault(root_key=bytes(range(32)), directory=tmp_path / "vault")


@pytest.fixture
def rotate(tmp_path, capsys):
    def call(*arguments, expect=0):
        code = run(["admin", "rotate-receipt-key", "--data-dir", str(tmp_path / "none"), *arguments])
        printed = capsys.readouterr()
        assert code == expect, printed.err
        return printed.out + printed.err if expect or "--json" not in arguments else json.loads(printed.out)

    return call


class TestRotateReceiptKey:
    def test_new_key_signs_and_old_stays_published(self, vault, rotate):
        receipts = Receipts(vault)
        before = receipts.signer().public_keys[0].kid
        found = rotate("--json")
        assert found["before"] == before
        assert found["signer"] == receipts.signer().public_keys[0].kid != before
        assert (found["algorithms"], found["published"]) == (["Ed25519"], 2)

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

    def rotate(self, capsys, *arguments):
        assert run(["admin", "rotate-response-key", "--json", *arguments]) == 0
        return json.loads(capsys.readouterr().out)

    def test_new_key_is_published_before_it_signs(self, keys, capsys):
        before = keys.signer().kid
        found = self.rotate(capsys)
        assert (found["before"], found["published"]) == (before, 2)
        assert [key["kid"] for key in keys.public_keys()] == [found["kid"], before]
        assert keys.signer().kid == before
        assert found["signs_from"].endswith("Z")

    def test_at_once_leaves_one_key(self, keys, vault, capsys):
        keys.signer()
        self.rotate(capsys)
        found = self.rotate(capsys, "--at-once")
        assert [key["kid"] for key in keys.public_keys()] == [found["kid"]]
        assert ResponseKeys(vault).signer().kid == found["kid"]

    def test_image_of_the_gateway_has_a_module(self, keys, vault, tmp_path):
        environment = clean_environment() | {
            name.upper(): "x" for name, field in Settings.model_fields.items() if field.is_required()
        }
        places = {"VAULT_KEY_FILE": str(tmp_path / "vault.key"), "VAULT_DIRECTORY": str(tmp_path / "vault")}
        command = [sys.executable, "-m", "api.response_keys", "--at-once"]
        done = subprocess.run(command, cwd=ROOT, env=environment | places, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == ResponseKeys(vault).signer().kid


async def log_in(settings):
    async with open_gateway(settings) as gateway:
        account = await add_account(gateway.resources, "ada@example.org")
        await gateway.identity.tokens.issue(Caller(account.id), account.id)


@pytest.mark.stack
class TestRotateSigningKey:
    """On a real database: it is audited, and `--now` ends login sessions."""

    @pytest.fixture
    def keys(self, stack, vault, database_url, redis_url, monkeypatch):
        vault.create_account_key(ids.new())
        for name, value in (stack.variables | {"DATABASE_URL": database_url, "REDIS_URL": redis_url}).items():
            if name not in {"VAULT_KEY_FILE", "VAULT_DIRECTORY", "SIGNING_KEY_FILE"}:
                monkeypatch.setenv(name, value)
        return SigningKeys(vault, token_seconds=900)

    @pytest.fixture
    def rotate_signing(self, capsys):
        def call(*arguments, expect=0):
            code = run(["admin", "rotate-signing-key", *arguments])
            printed = capsys.readouterr()
            assert code == expect, printed.err
            return json.loads(printed.out) if "--json" in arguments else printed.out + printed.err

        return call

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

    def test_vault_of_another_user(self, keys, rotate_signing, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
        assert "belongs to another user" in rotate_signing(expect=1)

    def test_gateway_container_offers_the_same(self, keys, monkeypatch, capsys):
        load_settings.cache_clear()
        signing_keys.main([])
        load_settings.cache_clear()
        keys.reread()
        assert capsys.readouterr().out.startswith(f"{keys.ring.keys[-1].kid} signs from ")


class TestRefusals:
    def test_no_vault_is_named(self, rotate, monkeypatch):
        monkeypatch.delenv("VAULT_KEY_FILE", raising=False)
        monkeypatch.delenv("VAULT_DIRECTORY", raising=False)
        assert "--data-dir" in rotate(expect=2)

    def test_another_root_key(self, vault, rotate, tmp_path):
        vault.create_account_key(ids.new())
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

    def test_vault_of_another_user(self, vault, rotate, monkeypatch):
        """The service, which runs as the owner of the vault, could not read a key of ours."""
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
        assert "belongs to another user" in rotate(expect=1)


class TestInsideAnImage:
    def test_the_worker_offers_the_same(self, vault, tmp_path):
        addresses = {"DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x", "S3_ENDPOINT_URL": "http://x"}
        secrets = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SIGNING_KEY_FILE"), "x")
        names = {name: os.environ[name] for name in ("VAULT_KEY_FILE", "VAULT_DIRECTORY")}
        done = subprocess.run(
            [sys.executable, "-m", "worker.receipt_keys", "--ml-dsa-65"],
            cwd=ROOT,
            env=clean_environment() | addresses | secrets | names,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == [key.kid for key in Receipts(vault).signer().public_keys]


@pytest.mark.stack
class TestRotateApiKeyPepper:
    @pytest.fixture
    def installed(self, stack, vault, settings, tmp_path, monkeypatch):
        """Settings with the vault of the test, as the environment names them."""
        vault.create_account_key(ids.new())
        for name, value in stack.variables.items():
            if name not in {"VAULT_KEY_FILE", "VAULT_DIRECTORY", "SIGNING_KEY_FILE"}:
                monkeypatch.setenv(name, value)
        monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
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
