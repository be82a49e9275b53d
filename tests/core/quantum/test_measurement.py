import gc
import traceback
import weakref
from datetime import UTC, datetime
from fractions import Fraction
from uuid import UUID

import pytest

from shield_core.errors import EntropyError, HealthTestFailed, SourceFailed
from shield_core.keys import canonical
from shield_core.quantum import extract, measurement
from shield_core.quantum.health import BULK
from shield_core.quantum.keygen import draw_file_key
from shield_core.quantum.measurement import last_alarm, measure, wipe
from shield_core.quantum.pool import BitPool
from shield_core.quantum.sources import DeterministicSource
from tests.core.quantum.sources_that_fail import Biased, Long, Raising, Replaying, Short, Silent, Stuck


class Uneven(Biased):
    """Slightly biased, like a working device."""

    min_entropy_per_bit = Fraction(1, 2)
    asked = 0

    def __init__(self, share=0.52):
        super().__init__(seed=5, share=share)

    def measure(self, n_bits):
        self.asked = n_bits
        return super().measure(n_bits)


class TestMeasure:
    def test_gives_the_bits_of_the_source_tested(self):
        measured = measure(DeterministicSource(1), 8192)
        assert measured.raw == DeterministicSource(1).measure(8192)
        assert measured.health.samples == 8192

    def test_follows_a_source_from_call_to_call(self):
        source = DeterministicSource(1)
        assert [measure(source, 4096).health.startup for _ in range(3)] == [True, False, False]
        assert measure(DeterministicSource(1), 4096).health.startup

    @pytest.mark.parametrize(
        ("source", "test"),
        [(Stuck(0), "repetition-count"), (Stuck(0xFF), "repetition-count"), (Stuck(0x55), "replay")],
    )
    def test_a_stuck_source_alarms(self, source, test):
        with pytest.raises(HealthTestFailed, match=test):
            measure(source, 4096)

    def test_a_biased_source_alarms(self):
        with pytest.raises(HealthTestFailed):
            measure(Biased(), 4096)

    def test_a_replaying_source_alarms_the_second_time(self):
        source = Replaying()
        measure(source, 4096)
        with pytest.raises(HealthTestFailed, match="replay"):
            measure(source, 4096)

    @pytest.mark.parametrize("source", [Short(), Long(), Silent()])
    def test_wrong_number_of_bits_is_a_failure(self, source):
        with pytest.raises(SourceFailed, match="did not return the 4096 bits"):
            measure(source, 4096)

    def test_source_error_is_named_but_not_quoted(self):
        """Aer's own error quotes the seed that it refuses."""
        with pytest.raises(SourceFailed, match="broken raised RuntimeError") as caught:
            measure(Raising(), 4096)
        shown = "".join(traceback.format_exception(caught.value))
        assert Raising.SECRET not in shown
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None

    @pytest.mark.parametrize("n_bits", [0, -4096, 8, 4095, 4104])
    def test_measures_blocks_of_4096(self, n_bits):
        with pytest.raises(ValueError, match="4096"):
            measure(DeterministicSource(), n_bits)

    def test_bits_that_failed_are_wiped(self, monkeypatch):
        wiped = []
        monkeypatch.setattr(measurement, "wipe", lambda raw: wiped.append(bytes(raw)))
        with pytest.raises(EntropyError):
            measure(Stuck(0xFF), 4096)
        assert wiped == [b"\xff" * 512]

    def test_a_source_that_is_dropped_is_forgotten(self):
        source = DeterministicSource()
        measure(source, 4096)
        gone = weakref.ref(source)
        del source
        gc.collect()
        assert gone() is None

    def test_does_not_show_the_bits(self):
        measured = measure(DeterministicSource(1), 4096)
        assert "raw" not in repr(measured)


class TestLastAlarm:
    def test_is_none_of_a_source_that_never_failed(self):
        source = DeterministicSource()
        measure(source, 4096)
        assert last_alarm(source) is None

    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            (Stuck(), "the source failed the health test repetition-count"),
            (Raising(), "The source broken raised RuntimeError"),
        ],
    )
    def test_says_why_and_when(self, source, reason):
        before = datetime.now(UTC)
        with pytest.raises(EntropyError):
            measure(source, 4096)
        alarm = last_alarm(source)
        assert alarm.reason == reason
        assert before <= alarm.at <= datetime.now(UTC)
        assert last_alarm(Stuck()) is None


class TestUnevenSource:
    def test_biased_source_measures_what_extractor_needs(self):
        """And the measurement has the requested number of bits."""
        source = Uneven()
        measured = measure(source, 4096)
        assert len(measured.raw) * 8 == 4096
        assert measured.measured_bits == measured.health.samples == source.asked == 4 * 4096
        assert measured.extraction["method"] == "sha-512"

    def test_bulk_is_extracted_by_toeplitz(self):
        measured = measure(Uneven(), 1 << 16, cutoffs=BULK)
        assert measured.extraction["method"] == "toeplitz"
        assert len(measured.raw) * 8 == 1 << 16

    def test_raw_bits_are_tested_before_they_are_extracted(self):
        """Extracted, the bits of a stuck source would look like any others."""
        source = Uneven(share=0.65)
        with pytest.raises(HealthTestFailed):
            measure(source, 4096)

    def test_raw_bits_are_wiped_once_they_are_extracted(self, monkeypatch):
        wiped = []
        monkeypatch.setattr(measurement, "wipe", lambda raw: wiped.append(len(raw)))
        measure(Uneven(), 4096)
        assert wiped == [2048]

    def test_raw_bits_are_wiped_where_the_extractor_fails(self, monkeypatch):
        wiped = []
        monkeypatch.setattr(measurement, "wipe", lambda raw: wiped.append(len(raw)))
        monkeypatch.setattr(extract.np, "rint", lambda sums: sums + 1)
        with pytest.raises(SourceFailed, match="floating point"):
            measure(Uneven(), 1 << 16, cutoffs=BULK)
        assert wiped == [135_168 // 8]

    def test_is_never_credited_more_than_comes_out(self):
        source = Uneven()
        source.credited_bits_per_bit = Fraction(1, 2)
        assert measure(source, 4096).credited_bits == 4096
        source.credited_bits_per_bit = Fraction(1, 10)
        assert measure(source, 4096).credited_bits == 1638

    def test_statement_describes_measured_bits_and_extraction(self):
        said = draw_file_key(Uneven(), job_id="job_1", key_id=UUID(int=0), requested="balanced", served="balanced")
        raw = said.statement["raw"]
        assert (raw["bits"], raw["credited_bits"]) == (16_384, 0)
        assert raw["extraction"] == {
            "method": "sha-512",
            "raw_bits": 16_384,
            "bits": 4096,
            "assumed_min_entropy": [1, 2],
        }
        assert canonical.dumps(said.statement)

    def test_a_pool_shares_out_the_measured_bits(self):
        pool = BitPool(Uneven(), capacity_bits=1 << 16)
        pool.refill()
        units = [pool.take() for _ in range(16)]
        assert {unit.measured_bits for unit in units} == {135_168 // 16}


class TestWipe:
    def test_overwrites_in_place(self):
        raw = bytearray(b"secret")
        view = memoryview(raw)
        wipe(raw)
        assert bytes(view) == bytes(6)
