import pytest

from shield_core.errors import SourceFailed
from shield_core.keys import canonical
from shield_core.quantum.aer import AerSource
from shield_core.quantum.sources import DeterministicSource, EntropySource, OsSource, SourceKind


@pytest.fixture(scope="module", params=["aer", "os", "deterministic"])
def source(request):
    return {"aer": AerSource, "os": OsSource, "deterministic": DeterministicSource}[request.param]()


class TestEverySource:
    @pytest.mark.parametrize("n_bits", [8, 4096, 4104, 65_536, 65_544, 200_000])
    def test_gives_exactly_the_bits_that_were_asked_for(self, source, n_bits):
        assert len(source.measure(n_bits)) * 8 == n_bits

    @pytest.mark.parametrize("n_bits", [0, -8, 7, 4097])
    def test_gives_whole_bytes_only(self, source, n_bits):
        with pytest.raises(ValueError, match="whole bytes"):
            source.measure(n_bits)

    def test_never_gives_the_same_twice(self, source):
        assert len({source.measure(256) for _ in range(500)}) == 500

    def test_ones_and_zeros_are_balanced_in_each_place_of_a_byte(self, source):
        """Each place holds 131,072 bits: their count of ones stays within 6 standard deviations (181) of half."""
        data = source.measure(1 << 20)
        for place in range(8):
            ones = sum((byte >> place) & 1 for byte in data)
            assert abs(ones - 65_536) < 6 * 181

    def test_describes_itself_in_canonical_json(self, source):
        assert canonical.dumps(source.describe())
        assert source.describe() == source.describe()

    def test_a_simulator_is_credited_nothing(self, source):
        assert (source.credited_bits_per_bit == 0) == (source.kind is SourceKind.SIMULATED)

    def test_is_a_source_in_the_eyes_of_the_type_checker(self, source):
        takes: EntropySource = source
        assert takes.name in {"aer", "os", "deterministic"}


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
