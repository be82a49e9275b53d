import pytest

from shield_core.errors import SourceFailed
from shield_core.keys import canonical
from shield_core.quantum.aer import AerSource
from shield_core.quantum.ibm import IbmRuntimeSource, RuntimeSampler
from shield_core.quantum.noisy import NoisyAerSource
from shield_core.quantum.qrng import HttpQrngSource
from shield_core.quantum.sources import DeterministicSource, EntropySource, OsSource, SourceKind


@pytest.fixture(scope="module", params=["aer", "os", "deterministic"])
def source(request):
    return {"aer": AerSource, "os": OsSource, "deterministic": DeterministicSource}[request.param]()


@pytest.fixture(scope="module", params=["aer", "os", "deterministic", "noisy-aer", "ibm", "qrng"])
def any_source(request):
    """Every source; those on the network are not called."""
    made = {
        "aer": AerSource,
        "os": OsSource,
        "deterministic": DeterministicSource,
        "noisy-aer": NoisyAerSource,
        "ibm": lambda: IbmRuntimeSource(RuntimeSampler("ibm_torino", token="secret")),
        "qrng": lambda: HttpQrngSource("https://qrng.example/", api_key="secret"),
    }
    return made[request.param]()


class TestEverySource:
    @pytest.mark.parametrize("n_bits", [8, 4096, 4104, 65_536, 65_544, 200_000])
    def test_gives_exactly_the_bits_that_were_asked_for(self, source, n_bits):
        assert len(source.measure(n_bits)) * 8 == n_bits

    @pytest.mark.parametrize("n_bits", [0, -8, 7, 4097])
    def test_gives_whole_bytes_only(self, any_source, n_bits):
        with pytest.raises(ValueError, match="whole bytes"):
            any_source.measure(n_bits)

    def test_never_gives_the_same_twice(self, source):
        assert len({source.measure(256) for _ in range(500)}) == 500

    def test_bits_are_balanced_in_each_byte_position(self, source):
        """Each place holds 131,072 bits: their count of ones stays within 6 standard deviations (181) of half."""
        data = source.measure(1 << 20)
        for place in range(8):
            ones = sum((byte >> place) & 1 for byte in data)
            assert abs(ones - 65_536) < 6 * 181

    def test_describes_itself_in_canonical_json_without_a_secret(self, any_source):
        assert b"secret" not in canonical.dumps(any_source.describe())
        assert any_source.describe() == any_source.describe()
        assert "secret" not in repr(any_source)

    def test_a_simulator_is_credited_nothing(self, any_source):
        assert (any_source.credited_bits_per_bit == 0) == (any_source.kind is SourceKind.SIMULATED)

    def test_credit_never_exceeds_assumed_min_entropy(self, any_source):
        assert any_source.credited_bits_per_bit <= getattr(any_source, "min_entropy_per_bit", 1)

    def test_hardware_passes_an_extractor_and_has_a_deadline(self, any_source):
        if any_source.kind is SourceKind.HARDWARE:
            assert 0 < any_source.min_entropy_per_bit < 1
            assert any_source.deadline_seconds > 0

    def test_source_satisfies_the_protocol(self, any_source):
        takes: EntropySource = any_source
        assert takes.name in {"aer", "os", "deterministic", "noisy-aer", "ibm", "qrng"}


class TestDeterministicSource:
    def test_the_same_seed_gives_the_same_bits(self):
        first, second = DeterministicSource(7), DeterministicSource(7)
        assert [first.measure(64) for _ in range(3)] == [second.measure(64) for _ in range(3)]

    def test_another_seed_gives_others(self):
        assert DeterministicSource(7).measure(64) != DeterministicSource(8).measure(64)

    @pytest.mark.parametrize("environment", ["production", "Production", " production "])
    def test_refuses_to_start_in_production(self, environment, monkeypatch):
        monkeypatch.setenv("ENVIRONMENT", environment)
        with pytest.raises(SourceFailed, match="production"):
            DeterministicSource()

    @pytest.mark.parametrize("environment", ["development", "test", ""])
    def test_starts_everywhere_else(self, environment, monkeypatch):
        monkeypatch.setenv("ENVIRONMENT", environment)
        assert DeterministicSource().measure(8)
