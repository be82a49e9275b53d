"""`imageshield admin rotate-receipt-key` and `rotate-response-key`."""

import json
import os
import stat
import subprocess
import sys

import pytest

from backplane import ids
from backplane.services.entropy.receipts import Receipts
from backplane.services.requests.response_keys import ResponseKeys
from backplane.settings import Settings
from backplane.vault import LocalVault
from imageshield.__main__ import run
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
        for seed in vault.receipt_seeds():
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
