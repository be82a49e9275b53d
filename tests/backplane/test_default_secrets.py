"""Default secrets: what production refuses, without repeating it."""

import os
import secrets
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError

from backplane.default_secrets import PUBLISHED, find_weakness, find_weakness_of_url, is_published_key, is_weak_key
from backplane.settings import Settings
from backplane.vault import LocalVault
from backplane.wiring.gateway import open_gateway
from scripts import make_env
from tests.support.stack import ROOT

GOOD = "9d1c5b8e7f20a4639d1c5b8e7f20a463"
REQUIRED = {name: "x" for name, field in Settings.model_fields.items() if field.is_required()}
PRODUCTION = REQUIRED | {
    "environment": "production",
    "public_url": "https://images.example",
    "aws_secret_access_key": GOOD,
}


def _pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class TestSecret:
    @pytest.mark.parametrize(
        "secret",
        [
            "postgres", "Password1234567890", "changeme-changeme-now", "CHANGE_ME_PLEASE_NOW", "minioadmin",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "imageshield", "foobared", "short", "x" * 40, "abab" * 8,
            "your-secret-goes-here", "<a long random text>", "1234567890123456", "shieldshieldshield",
            "SHIELDSHIELDSHIELD",
        ],
    )  # fmt: skip
    def test_known_and_weak(self, secret):
        weakness = find_weakness(secret, "shieldshieldshield", None)
        assert weakness
        assert secret not in weakness

    def test_generated_ones_pass(self):
        for _ in range(2000):
            assert find_weakness(secrets.token_hex(24), "imageshield") is None
            assert find_weakness(secrets.token_urlsafe(32)) is None

    def test_those_of_compose_pass(self):
        filled = make_env.fill((ROOT / ".env.example").read_text())
        found = dict(line.split("=", 1) for line in filled.splitlines() if "=" in line and not line.startswith("#"))
        assert all(find_weakness(found[name], "imageshield") is None for name in make_env.DEMANDED)


class TestUrl:
    @pytest.mark.parametrize(
        ("url", "weak"),
        [
            (f"postgresql://imageshield:{GOOD}@db:5432/imageshield", False),
            ("postgresql://imageshield:imageshield@db:5432/imageshield", True),
            ("postgresql://u:the-name-of-the-db@db/the-name-of-the-db", True),
            ("postgresql://u:p%6Fstgres@db/n", True),
            ("postgresql:///n?host=/run/postgresql", False),
            ("redis://redis:6379/0", False),
            ("redis://:redis@redis:6379/0", True),
            (f"redis://:{GOOD}@redis:6379/0", False),
            ("redis://[::1", False),
        ],
    )
    def test_password_is_judged(self, url, weak):
        assert bool(find_weakness_of_url(url)) == weak


class TestSettings:
    @pytest.mark.parametrize(
        ("name", "given"),
        [
            ("database_url", "postgresql://a-user-name-of-mine:a-user-name-of-mine@db/n"),
            ("redis_url", "redis://:hunter2@redis/0"),
            ("aws_secret_access_key", "minioadmin"),
        ],
    )
    def test_only_production_refuses(self, name, given):
        assert Settings(**(REQUIRED | {name: given}))
        with pytest.raises(ValidationError) as refused:
            Settings(**(PRODUCTION | {name: given}))
        [error] = refused.value.errors(include_url=False)
        assert error["loc"] == (name,)
        assert "token_hex" in error["msg"]
        assert "hunter2" not in str(refused.value)
        assert "a-user-name" not in str(refused.value)

    def test_secret_equal_to_its_id(self):
        same = "9d1c5b8e7f20a463a"
        with pytest.raises(ValidationError, match="equal to a name"):
            Settings(**(PRODUCTION | {"aws_access_key_id": same, "aws_secret_access_key": same}))

    def test_good_ones_start(self):
        assert Settings(**PRODUCTION, log_level="INFO").environment == "production"


class TestKeys:
    @pytest.mark.parametrize(
        "key",
        [bytes(32), b"a" * 32, bytes(range(32)), bytes(range(31, -1, -1)), secrets.token_hex(16).encode()],
        ids=["zeros", "one character", "counting", "counting down", "text"],
    )
    def test_patterns_and_text_are_weak(self, key):
        assert is_weak_key(key)

    def test_random_ones_pass(self):
        assert not any(is_weak_key(os.urandom(32)) for _ in range(5000))

    def test_vault_refuses_in_production(self, tmp_path):
        (tmp_path / "vault.key").write_bytes(bytes(range(32)))
        places = {"vault_key_file": tmp_path / "vault.key", "vault_directory": tmp_path}
        assert LocalVault.from_settings(Settings(**(REQUIRED | places)))
        with pytest.raises(ValueError, match="VAULT_KEY_FILE holds text or a pattern"):
            LocalVault.from_settings(Settings(**(PRODUCTION | places)))

    def test_examples_of_documents_are_published(self):
        for value in PUBLISHED:
            assert is_published_key(_pem(ec.derive_private_key(value, ec.SECP256R1())))
        assert not is_published_key(_pem(ec.generate_private_key(ec.SECP256R1())))
        assert not is_published_key(b"no key")

    @pytest.mark.anyio
    async def test_gateway_refuses_a_published_one(self, tmp_path):
        (tmp_path / "signing.pem").write_bytes(_pem(ec.derive_private_key(min(PUBLISHED), ec.SECP256R1())))
        settings = Settings(**(PRODUCTION | {"signing_key_file": tmp_path / "signing.pem"}))
        with pytest.raises(ValueError, match="SIGNING_KEY_FILE holds the example"):
            async with open_gateway(settings):
                pass


class TestStart:
    @pytest.mark.parametrize(
        "command", [("api",), ("celery", "-A", "worker.app", "worker"), ("relay",)], ids=["gateway", "worker", "relay"]
    )
    def test_no_service_starts(self, tmp_path, command):
        values = {
            "DATABASE_URL": "postgresql://imageshield:postgres@127.0.0.1:1/n",
            "REDIS_URL": "redis://:hunter2@127.0.0.1:1/0",
            "S3_ENDPOINT_URL": "http://127.0.0.1:1",
            "AWS_ACCESS_KEY_ID": "imageshield",
            "AWS_SECRET_ACCESS_KEY": "minioadmin",
            "VAULT_KEY_FILE": str(tmp_path / "vault.key"),
            "VAULT_DIRECTORY": str(tmp_path),
            "SIGNING_KEY_FILE": str(tmp_path / "signing.pem"),
            "ENVIRONMENT": "production",
            "PUBLIC_URL": "https://images.example",
        }
        ended = subprocess.run(
            [sys.executable, "-m", *command],
            env=os.environ | values,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        words = ended.stdout + ended.stderr
        assert ended.returncode != 0
        assert all(name in words for name in ("database_url", "redis_url", "aws_secret_access_key")), words
        assert "token_hex" in words
        assert not any(secret in words for secret in ("hunter2", "minioadmin", ":postgres@"))
