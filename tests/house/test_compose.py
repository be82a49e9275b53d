"""The Compose file: start order, hardening, settings and secrets."""

import importlib
import json
import re
import subprocess
import sys

import pytest
import yaml

from backplane.settings import Settings
from imageshield.servers.system import UNWINDING_SECONDS

OURS = {"api", "worker", "relay", "migration", "keys", "roles"}
ONE_SHOT = {"bucket", "keys", "migration", "roles"}
DEMANDED = ("POSTGRES_PASSWORD", "POSTGRES_APP_PASSWORD", "REDIS_PASSWORD", "S3_SECRET_KEY")
"""Compose does not start without them."""


@pytest.fixture(scope="module")
def services(root):
    return yaml.safe_load((root / "docker-compose.yml").read_text())["services"]


class TestCompose:
    def test_has_every_part_of_the_system(self, services):
        assert set(services) == OURS | {"postgres", "redis", "minio", "bucket"}

    def test_services_start_after_what_they_need(self, services):
        """What runs once must have completed, the others must be healthy."""
        for name, service in services.items():
            for needed, how in service.get("depends_on", {}).items():
                expected = "service_completed_successfully" if needed in ONE_SHOT else "service_healthy"
                assert how == {"condition": expected}, (name, needed)
                assert needed in ONE_SHOT or services[needed].get("healthcheck", {}).get("test"), needed

    def test_servers_wait_for_stores_bucket_and_migration(self, services):
        for name in ("api", "worker", "relay"):
            assert set(services[name]["depends_on"]) == {"postgres", "redis", "minio", "bucket", "migration"}

    def test_all_but_one_shot_services_are_restarted(self, services):
        for name, service in services.items():
            assert service["restart"] == ("no" if name in ONE_SHOT else "unless-stopped"), name

    def test_our_containers_are_hardened(self, services):
        for name in OURS:
            assert services[name]["read_only"] is True
            assert services[name]["cap_drop"] == ["ALL"]
            assert services[name]["security_opt"] == ["no-new-privileges:true"]
            assert "user" not in services[name], "the image's own user is 1001"

    def test_worker_gets_its_time_to_stop(self, services):
        stop = Settings.model_fields["worker_stop_seconds"].default + UNWINDING_SECONDS
        assert int(services["worker"]["stop_grace_period"].removesuffix("s")) >= stop

    def test_every_image_has_a_version(self, services):
        for service in services.values():
            assert re.search(r":(?!latest)[\w.-]+$", service["image"]), service["image"]

    def test_only_the_gateway_publishes_a_port(self, services):
        """It publishes it on loopback."""
        published = {name: service["ports"] for name, service in services.items() if "ports" in service}
        assert set(published) == {"api"}
        assert all(port.startswith("127.0.0.1:") for port in published["api"])

    def test_settings_exist_and_required_ones_are_given(self, services):
        names = {name.upper() for name in Settings.model_fields}
        required = {name.upper() for name, field in Settings.model_fields.items() if field.is_required()}
        for name in ("api", "worker", "relay", "migration"):
            given = set(services[name]["environment"])
            assert given <= names
            assert required <= given

    def test_only_the_migration_owns_the_tables(self, services):
        users = {
            name: services[name]["environment"]["DATABASE_URL"].split(":")[1] for name in ("api", "worker", "relay")
        }
        assert set(users.values()) == {"//imageshield_app"}
        assert "//imageshield:" in services["migration"]["environment"]["DATABASE_URL"]
        assert {name for name in services if "DATABASE_OWNER_URL" in services[name].get("environment", {})} == {"roles"}

    def test_every_setting_reaches_the_worker(self, services):
        """The gateway and the relay get all but the worker's own."""
        names = {name.upper() for name in Settings.model_fields}
        assert set(services["worker"]["environment"]) == names
        for name in ("api", "relay"):
            left_out = names - set(services[name]["environment"])
            assert all(re.match(r"ENTROPY_|NOISY_AER_|IBM_|QRNG_|WORKER_", setting) for setting in left_out), name


class TestRealCompose:
    """The file as Compose reads it; `make check-compose` checks that Compose demands the secrets."""

    @pytest.fixture
    def resolve(self, root, monkeypatch):
        monkeypatch.syspath_prepend(root / "scripts")
        check_compose = importlib.import_module("check_compose")

        def with_variables(text):
            answer = check_compose.read(check_compose.find_compose(), text, "--format", "json")
            assert answer.returncode == 0, answer.stderr
            return json.loads(answer.stdout)["services"]

        return with_variables

    def test_values_of_the_file_reach_the_containers(self, root, resolve):
        names = re.findall(r"(?m)^(\w+)=", (root / ".env.example").read_text())
        values = {name: f"{name.lower()}-of-the-file" for name in names} | {"API_PORT": "8123"}
        found = resolve("".join(f"{name}={value}\n" for name, value in values.items()))
        settings = set(names) & {name.upper() for name in Settings.model_fields}
        given = found["worker"]["environment"]
        assert {name: given[name] for name in settings} == {name: values[name] for name in settings}
        for name in ("api", "relay"):
            given = found[name]["environment"]
            assert {key for key in settings if given.get(key, values[key]) != values[key]} == set()
        assert found["api"]["ports"][0]["published"] == "8123"

    def test_empty_values_mean_the_default(self, root, resolve, monkeypatch):
        example = (root / ".env.example").read_text()
        found = resolve(re.sub(rf"(?m)^({'|'.join(DEMANDED)})=$", r"\1=x", example))
        for name in ("api", "worker", "relay", "migration"):
            with monkeypatch.context() as patch:
                for setting in Settings.model_fields:
                    patch.delenv(setting.upper(), raising=False)
                for setting, value in found[name]["environment"].items():
                    patch.setenv(setting, value)
                settings = Settings()
            fixed = {
                "metrics_host",
                "signing_key_file",
                *(key for key, field in Settings.model_fields.items() if field.is_required()),
            }
            for key, field in Settings.model_fields.items():
                assert key in fixed or getattr(settings, key) == field.default, (name, key)


class TestPublicUrl:
    def test_made_file_names_the_published_port(self, root, services):
        script = [sys.executable, root / "scripts/make_env.py"]
        made = subprocess.run(script, capture_output=True, text=True, check=True).stdout
        [url] = re.findall(r"(?m)^PUBLIC_URL=(.*)$", made)
        [published] = services["api"]["ports"]
        port = re.search(r"API_PORT:-(\d+)", published)[1]
        assert url == f"http://localhost:{port}"


class TestSecrets:
    def test_example_lists_every_variable(self, root):
        used = set(re.findall(r"(?<!\$)\$\{(\w+)", (root / "docker-compose.yml").read_text()))
        listed = set(re.findall(r"(?m)^(\w+)=", (root / ".env.example").read_text()))
        assert used == listed

    def test_secrets_are_required_and_have_no_default(self, root):
        """Other variables have the default of their setting."""
        for name, rest in re.findall(r"(?<!\$)\$\{(\w+)([^}]*)\}", (root / "docker-compose.yml").read_text()):
            if name in DEMANDED:
                assert rest.startswith(":?"), name
            else:
                assert not rest.strip(":-") or name == "API_PORT", "the default is the setting's own"

    def test_only_the_worker_gets_the_credentials_of_sources(self, services):
        for name, service in services.items():
            given = {"IBM_QUANTUM_TOKEN", "QRNG_API_KEY"} & set(service.get("environment", {}))
            assert not given or name == "worker", name

    def test_script_makes_the_secrets_that_the_example_lacks(self, root):
        """They are random: two runs share none."""

        def secrets_of(text):
            return re.findall(rf"(?m)^(?:{'|'.join(DEMANDED)})=(.*)$", text)

        def made():
            script = [sys.executable, root / "scripts/make_env.py"]
            return secrets_of(subprocess.run(script, capture_output=True, text=True, check=True).stdout)

        first, second = made(), made()
        assert secrets_of((root / ".env.example").read_text()) == [""] * len(DEMANDED)
        assert all(len(value) == 48 for value in first)
        assert len({*first, *second}) == 2 * len(DEMANDED)
