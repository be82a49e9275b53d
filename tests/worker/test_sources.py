import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from backplane.settings import Settings
from shield_core.quantum.aer import AerSource
from shield_core.quantum.ibm import IbmRuntimeSource
from shield_core.quantum.noisy import NoisyAerSource
from shield_core.quantum.qrng import HttpQrngSource
from shield_core.quantum.sources import DeterministicSource, OsSource, SourceKind
from worker import sources
from worker.sources import MAKERS, SourceRefused, check_source, make_pool, make_source

TOKEN = "token-4611686018427387905"
REQUIRED = {
    "database_url": "postgresql://x/y",
    "redis_url": "redis://127.0.0.1:1/0",
    "s3_endpoint_url": "http://127.0.0.1:1",
    "aws_access_key_id": "a",
    "aws_secret_access_key": "b",
    "vault_key_file": "vault.key",
    "vault_directory": "vault",
    "signing_key_file": "signing.pem",
}
IBM = {"entropy_source": "ibm", "ibm_quantum_backend": "ibm_torino", "ibm_quantum_token": TOKEN}
QRNG = {"entropy_source": "qrng", "qrng_api_key": TOKEN}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def settings(**changes):
    return Settings(**(REQUIRED | changes))


class TestMakeSource:
    @pytest.mark.parametrize(
        ("chosen", "kind"),
        [
            ({}, AerSource),
            ({"entropy_source": "noisy-aer"}, NoisyAerSource),
            (IBM, IbmRuntimeSource),
            (QRNG, HttpQrngSource),
            ({"entropy_source": "os"}, OsSource),
        ],
    )
    def test_makes_the_one_that_was_chosen(self, chosen, kind):
        check_source(settings(**chosen))
        source = make_source(settings(**chosen))
        assert type(source) is kind
        assert source.name == chosen.get("entropy_source", "aer")

    def test_every_choice_of_the_settings_has_a_maker(self):
        with pytest.raises(ValidationError, match="'aer', 'noisy-aer', 'ibm', 'qrng' or 'os'"):
            settings(entropy_source="deterministic")
        assert set(MAKERS) == {"aer", "noisy-aer", "ibm", "qrng", "os"}

    def test_a_device_is_hardware(self):
        assert make_source(settings(**IBM)).kind is SourceKind.HARDWARE

    def test_takes_the_deadline_of_the_settings(self):
        for chosen in (IBM, QRNG):
            assert make_source(settings(**chosen, entropy_deadline_seconds=7)).deadline_seconds == 7

    def test_shows_no_credential(self):
        for chosen in (IBM, QRNG):
            asked = settings(**chosen)
            source = make_source(asked)
            assert TOKEN not in repr(asked) + repr(source) + str(source.describe())


class TestCheckSource:
    @pytest.mark.parametrize(
        ("chosen", "reason"),
        [
            ({"entropy_source": "ibm"}, "needs IBM_QUANTUM_TOKEN and IBM_QUANTUM_BACKEND"),
            (IBM | {"ibm_quantum_backend": ""}, "needs IBM_QUANTUM_BACKEND"),
            (IBM | {"ibm_quantum_token": ""}, "needs IBM_QUANTUM_TOKEN"),
            (QRNG | {"qrng_url": f"http://{TOKEN}.example"}, "asked over https"),
            (QRNG | {"qrng_url": f"https://{TOKEN}@qrng.example"}, "no user, query or fragment"),
            (QRNG | {"qrng_url": ""}, "a host and a path"),
            (QRNG | {"qrng_api_key": f"{TOKEN}\n"}, "no header can carry"),
        ],
    )
    def test_names_fault_without_repeating_values(self, chosen, reason):
        with pytest.raises(SourceRefused, match=reason) as caught:
            check_source(settings(**chosen))
        assert str(caught.value).startswith(f"ENTROPY_SOURCE is {chosen['entropy_source']}, ")
        assert TOKEN not in str(caught.value)

    @pytest.mark.parametrize(
        ("chosen", "extra"),
        [
            ({}, "worker"),
            ({"entropy_source": "noisy-aer"}, "ibm"),
            (IBM, "ibm"),
            (QRNG, "qrng"),
        ],
    )
    def test_names_what_is_not_installed(self, chosen, extra, monkeypatch):
        monkeypatch.setattr(sources, "find_spec", lambda name: None)
        with pytest.raises(SourceRefused, match=rf"imageshield\[{extra}\]"):
            check_source(settings(**chosen))

    def test_makes_no_simulator_in_the_parent(self, monkeypatch):
        monkeypatch.setitem(MAKERS, "aer", lambda _: pytest.fail("made"))
        check_source(settings())

    def test_missing_fake_device_is_named(self):
        with pytest.raises(SourceRefused, match="no such backend"):
            make_source(settings(entropy_source="noisy-aer", noisy_aer_backend="FakeNobody"))


class TestMakePool:
    def test_costly_source_gets_smaller_pool(self):
        assert make_pool(DeterministicSource(), settings()).capacity_bits == 1 << 20
        for chosen in (QRNG, IBM, {"entropy_source": "noisy-aer"}):
            assert make_pool(make_source(settings(**chosen)), settings()).capacity_bits == 1 << 16

    def test_holds_what_the_settings_say(self):
        assert make_pool(DeterministicSource(), settings(entropy_pool_bits=8192)).capacity_bits == 8192

    @pytest.mark.parametrize("bits", [0, 4095, 4097, (1 << 27) + 4096])
    def test_no_other_size_is_taken(self, bits):
        with pytest.raises(ValidationError):
            settings(entropy_pool_bits=bits)


class TestStart:
    def test_worker_without_source_refuses_to_start(self):
        """For real: Celery forgets what its signals raise, all but this."""
        environment = os.environ | {name.upper(): value for name, value in REQUIRED.items()}
        environment |= {"ENTROPY_SOURCE": "ibm", "IBM_QUANTUM_TOKEN": TOKEN}
        ended = subprocess.run(
            [sys.executable, "-m", "celery", "-A", "worker.app", "worker", "--concurrency", "1"],
            env=environment,
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 1
        assert "worker: ENTROPY_SOURCE is ibm, which needs IBM_QUANTUM_BACKEND" in ended.stderr
        assert TOKEN not in ended.stdout + ended.stderr


class TestPreload:
    @pytest.mark.parametrize(("chosen", "expected"), [("aer", 1), ("noisy-aer", 1), ("os", 0), ("qrng", 0)])
    def test_parent_imports_needed_simulator(self, chosen, expected, monkeypatch):
        imported = []
        monkeypatch.setattr(sources, "import_simulator", lambda: imported.append(1))
        sources.preload_source(settings(entropy_source=chosen))
        assert len(imported) == expected
