import gc
import traceback
import weakref

import pytest

from shield_core.errors import EntropyError, HealthTestFailed, SourceFailed
from shield_core.quantum import measurement
from shield_core.quantum.measurement import measure, wipe
from shield_core.quantum.sources import DeterministicSource
from tests.core.quantum.sources_that_fail import Biased, Long, Raising, Replaying, Short, Silent, Stuck


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
    def test_a_source_that_gives_another_number_of_bits_failed(self, source):
        with pytest.raises(SourceFailed, match="did not return the 4096 bits"):
            measure(source, 4096)

    def test_an_error_of_the_source_is_named_and_not_passed_on(self):
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


class TestWipe:
    def test_overwrites_in_place(self):
        raw = bytearray(b"secret")
        view = memoryview(raw)
        wipe(raw)
        assert bytes(view) == bytes(6)
