from datetime import datetime
from fractions import Fraction
from uuid import UUID

import numpy as np
import pytest

from shield_core.errors import Cancelled
from shield_core.keys import canonical
from shield_core.quantum import keygen
from shield_core.quantum.aer import AerSource
from shield_core.quantum.keygen import draw_file_key
from shield_core.quantum.measurement import measure
from shield_core.quantum.pool import UNIT_BITS, BitPool
from shield_core.quantum.sources import DeterministicSource, OsSource
from tests.core.quantum.sources_that_fail import (
    Biased,
    Broken,
    Long,
    Raising,
    Replaying,
    Short,
    Silent,
    Stuck,
)

KEY_ID = UUID("019a8f3e-0000-7000-8000-000000000001")
NAMES = {"job_id": "job_1", "key_id": KEY_ID}
BALANCED = {"requested": "balanced", "served": "balanced"}
FAST = {"requested": "fast", "served": "fast"}


def draw(source=None, **options):
    return draw_file_key(source or DeterministicSource(), **(NAMES | BALANCED | options))


class Credited(Broken):
    """A source with the credit of a quantum device: 0.9 bits per bit."""

    name = "device"
    credited_bits_per_bit = Fraction(9, 10)

    def __init__(self):
        self.sound = DeterministicSource(4)

    def bits(self, size):
        return self.sound.measure(size * 8)


class TestBalanced:
    def test_draw_gives_32_byte_key_and_statement(self):
        drawn = draw()
        assert len(drawn.file_key) == 32
        assert not drawn.degraded
        assert drawn.statement["raw"]["bits"] == 4096
        assert drawn.statement["pool"] is None
        assert drawn.statement["health"]["verdict"] == "passed"

    def test_runs_fresh_circuits_though_bits_are_waiting(self):
        source = DeterministicSource()
        pool = BitPool(source)
        pool.refill(UNIT_BITS)
        assert draw(source, pool=pool).statement["pool"] is None
        assert pool.waiting_bits == UNIT_BITS

    def test_every_draw_gives_another_key(self):
        source = DeterministicSource()
        assert len({draw(source).file_key for _ in range(500)}) == 500

    def test_the_same_raw_bits_give_another_key(self):
        assert len({draw(DeterministicSource(1)).file_key for _ in range(500)}) == 500

    def test_says_which_circuit_was_run(self):
        statement = draw(AerSource()).statement
        description = statement["source"]["description"]
        assert description["circuit_openqasm3"].startswith("OPENQASM 3.0;")
        assert (description["qubits"], statement["raw"]["shots"]) == (8, 512)
        assert statement["source"]["kind"] == "simulated"

    def test_wipes_the_raw_bits(self, monkeypatch):
        kept = []

        def keeping(source, n_bits):
            kept.append(measure(source, n_bits))
            return kept[-1]

        monkeypatch.setattr(keygen, "measure", keeping)
        draw()
        assert kept[0].raw == bytes(512)


class TestFast:
    def test_takes_bits_that_wait(self):
        pool = BitPool(DeterministicSource())
        pool.refill(3 * UNIT_BITS)
        drawn = draw(pool.source, pool=pool, **FAST)
        assert drawn.statement["pool"] == {"waiting_bits": 3 * UNIT_BITS, "topped_up": False}
        assert pool.waiting_bits == 2 * UNIT_BITS

    def test_tops_up_an_empty_pool_and_says_so(self):
        pool = BitPool(DeterministicSource())
        first, second = (draw(pool.source, pool=pool, **FAST) for _ in range(2))
        assert first.statement["pool"] == {"waiting_bits": 0, "topped_up": True}
        assert second.statement["pool"] == {"waiting_bits": 15 * UNIT_BITS, "topped_up": False}

    def test_a_pool_of_one_unit_is_enough(self):
        pool = BitPool(DeterministicSource(), capacity_bits=UNIT_BITS)
        assert not draw(pool.source, pool=pool, **FAST).degraded

    def test_without_a_pool_circuits_are_run(self):
        assert draw(**FAST).statement["pool"] is None

    def test_names_the_source_of_the_pool(self):
        pool = BitPool(OsSource())
        assert draw(DeterministicSource(), pool=pool, **FAST).statement["source"]["name"] == "os"

    def test_when_another_thread_was_faster_circuits_are_run(self, monkeypatch):
        pool = BitPool(DeterministicSource())
        monkeypatch.setattr(BitPool, "take", lambda self: None)
        drawn = draw(pool.source, pool=pool, **FAST)
        assert not drawn.degraded
        assert drawn.statement["pool"]["topped_up"]

    def test_every_draw_gives_another_key(self):
        pool = BitPool(DeterministicSource())
        assert len({draw(pool.source, pool=pool, **FAST).file_key for _ in range(500)}) == 500

    def test_a_pool_that_cannot_be_topped_up_degrades(self):
        drawn = draw(pool=BitPool(Stuck()), **FAST)
        assert drawn.degraded
        assert drawn.statement["health"] == {"verdict": "failed", "test": "repetition-count"}


class TestDegraded:
    @pytest.mark.parametrize(
        ("source", "reason", "health"),
        [
            (Stuck(0), "health test repetition-count", "failed"),
            (Stuck(0xFF), "health test repetition-count", "failed"),
            (Stuck(0x0F), "health test replay", "failed"),
            (Biased(), "health test", "failed"),
            (Short(), "did not return the 4096 bits", "not-run"),
            (Long(), "did not return the 4096 bits", "not-run"),
            (Silent(), "did not return the 4096 bits", "not-run"),
            (Raising(), "raised RuntimeError", "not-run"),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, Broken) else None,
    )
    def test_draw_succeeds_and_statement_says_degraded(self, source, reason, health):
        drawn = draw(source)
        assert drawn.degraded
        assert len(drawn.file_key) == 32
        assert drawn.statement["purity"]["reason"].startswith("degraded: ")
        assert reason in drawn.statement["purity"]["reason"]
        assert drawn.statement["health"]["verdict"] == health
        assert (drawn.statement["raw"]["bits"], drawn.statement["raw"]["credited_bits"]) == (0, 0)
        assert drawn.statement["raw"]["measured_at"] is None

    def test_replaying_source_is_caught_at_second_image(self):
        source = Replaying()
        assert [draw(source).degraded for _ in range(3)] == [False, True, True]

    @pytest.mark.parametrize("source", [Stuck(0), Raising(), Replaying()])
    def test_keys_are_still_unique(self, source):
        assert len({draw(source).file_key for _ in range(500)}) == 500

    def test_a_source_that_recovers_is_used_again(self):
        source = Credited()
        sound, source.sound = source.sound, Stuck()
        assert draw(source).degraded
        source.sound = sound
        drawn = draw(source)
        assert not drawn.degraded
        assert drawn.statement["health"]["startup"]

    def test_does_not_hide_why_another_purity_was_served(self):
        said = draw(Stuck(), requested="maximum", reason="maximum is not served").statement["purity"]
        assert said["requested"] == "maximum"
        assert said["reason"].startswith("maximum is not served; degraded: ")


class TestStatement:
    def test_says_everything_that_the_specification_lists(self):
        assert set(draw().statement) == {
            "format",
            "version",
            "key_id",
            "job_id",
            "purity",
            "degraded",
            "source",
            "raw",
            "segments",
            "lanes",
            "pool",
            "health",
            "system",
            "conditioning",
            "started_at",
            "finished_at",
        }

    def test_names_image_attempt_and_purity(self):
        said = draw(requested="multistage", reason="multistage is reserved").statement
        assert (said["key_id"], said["job_id"]) == ("key_019a8f3e000070008000000000000001", "job_1")
        assert said["purity"] == {"requested": "multistage", "served": "balanced", "reason": "multistage is reserved"}

    def test_reason_is_null_where_nothing_needs_one(self):
        assert draw().statement["purity"]["reason"] is None

    def test_a_simulator_is_credited_nothing(self):
        said = draw(AerSource()).statement
        assert said["source"]["credited_bits_per_bit"] == [0, 1]
        assert said["raw"]["credited_bits"] == 0

    def test_device_credit_is_rounded_down(self):
        said = draw(Credited()).statement
        assert said["source"]["credited_bits_per_bit"] == [9, 10]
        assert said["raw"]["credited_bits"] == 3686

    def test_has_a_canonical_form_and_its_digest(self):
        drawn = draw()
        again = canonical.loads(canonical.dumps(drawn.statement))
        assert again == drawn.statement
        assert len(drawn.statement_sha256) == 64
        assert drawn.statement_sha256 != draw(job_id="job_2").statement_sha256

    def test_times_are_utc_and_in_order(self):
        said = draw().statement
        times = [said["started_at"], said["raw"]["measured_at"], said["finished_at"]]
        assert times == sorted(times)
        assert all(datetime.fromisoformat(time).utcoffset().total_seconds() == 0 for time in times)
        assert all(time.endswith("Z") for time in times)


class TestSecrecy:
    def test_no_output_contains_key_seed_or_bits(self, monkeypatch):
        secrets = []

        def conditioned(raw, **names):
            secrets.extend([bytes(raw), b"seed" * 8])
            return secrets[-1]

        monkeypatch.setattr(keygen, "condition", conditioned)
        drawn = draw()
        secrets.append(drawn.file_key)
        shown = repr(drawn) + str(drawn) + canonical.dumps(drawn.statement).decode()
        for secret in secrets:
            assert repr(secret)[2:20] not in shown
            assert secret[:8].hex() not in shown
            assert canonical.b64encode(secret)[:12] not in shown

    def test_error_message_of_source_is_not_passed_on(self):
        assert Raising.SECRET not in repr(draw(Raising()))


class TestPurity:
    @pytest.mark.parametrize("served", ["", "Balanced", "highest"])
    def test_an_unknown_one_is_refused(self, served):
        with pytest.raises(ValueError, match="no purity"):
            draw(served=served)


MULTISTAGE = {"requested": "multistage", "served": "multistage"}
MAXIMUM = {"requested": "maximum", "served": "maximum"}


class Counting(Broken):
    """Good bits; after a number of calls the bits of another source."""

    def __init__(self, sound=10**9, then=None):
        self.good, self.then = DeterministicSource(5), then
        self.left, self.asked = sound, []

    def bits(self, size):
        self.asked.append(size * 8)
        self.left -= 1
        return self.good.measure(size * 8) if self.left >= 0 else self.then.measure(size * 8)


class TestMultistage:
    def test_file_key_comes_from_1024_bit_master_seed(self, monkeypatch):
        seeds = []

        def derive(seed):
            seeds.append(seed)
            return bytes(32)

        monkeypatch.setattr(keygen, "file_key_from_seed", derive)
        drawn = draw(**MULTISTAGE, segments=1)
        assert len(seeds[0]) == 128
        assert drawn.statement["conditioning"] == {
            "function": "hkdf-sha-512",
            "seed_bits": 1024,
            "strength_bits": 256,
        }

    def test_every_segment_seed_has_its_own_bits(self):
        """Each has its own circuits and its own system bits."""
        source = Counting()
        drawn = draw(source, **MULTISTAGE, segments=5)
        assert source.asked == [16_384] + [4096] * 5
        assert len({bytes(drawn.seeds[at : at + 32]) for at in range(0, 160, 32)}) == 5
        assert drawn.statement["system"]["bits"] == 6 * 512

    def test_segment_seeds_are_conditioned_under_their_own_label(self, monkeypatch):
        labels = []

        def conditioned(raw, *, label, length, **names):
            labels.append((label, length, len(raw)))
            return bytes(length)

        monkeypatch.setattr(keygen, "condition", conditioned)
        draw(**MULTISTAGE, segments=2)
        assert labels == [
            (b"imageshield/v1/seed", 128, 2048),
            (b"imageshield/v1/segment-seed", 32, 512),
            (b"imageshield/v1/segment-seed", 32, 512),
        ]

    def test_the_same_raw_bits_give_other_seeds(self):
        first, second = (draw(DeterministicSource(1), **MULTISTAGE, segments=2) for _ in range(2))
        assert first.seeds != second.seeds

    def test_says_how_many_seeds_were_drawn_of_what(self):
        said = draw(AerSource(), **MULTISTAGE, segments=3).statement
        assert said["raw"]["bits"] == 16_384
        assert said["raw"]["shots"] == 2048
        segments = dict(said["segments"])
        assert segments.pop("measured_at").endswith("Z")
        assert segments == {
            "seeds": 3,
            "seed_bits": 256,
            "draws": 3,
            "bits": 12_288,
            "shots": 1536,
            "credited_bits": 0,
            "extraction": None,
        }
        assert said["health"]["samples"] == 16_384 + 12_288
        assert said["lanes"] is None

    @pytest.mark.parametrize("sound", [0, 1, 3])
    def test_failed_source_is_not_used_again(self, sound):
        """And the draw is labeled as degraded."""
        source = Counting(sound, Raising())
        drawn = draw(source, **MULTISTAGE, segments=4)
        said = drawn.statement
        assert len(source.asked) == sound + 1
        assert drawn.degraded
        assert drawn.served == "multistage"
        assert said["purity"]["reason"].startswith("degraded: The source broken raised RuntimeError; ")
        alone = 4 - max(0, sound - 1)
        assert said["purity"]["reason"].endswith(f"{alone} of 4 segment seeds are made of the system's bits alone")
        assert said["segments"]["draws"] == max(0, sound - 1)
        assert len({bytes(drawn.seeds[at : at + 32]) for at in range(0, 128, 32)}) == 4

    def test_an_alarm_on_the_way_is_the_verdict(self):
        said = draw(Counting(2, Stuck()), **MULTISTAGE, segments=4).statement
        assert said["health"] == {"verdict": "failed", "test": "repetition-count"}

    def test_reports_every_seed_and_ends_where_that_raises(self):
        told = []
        draw(**MULTISTAGE, segments=3, progress=told.append)
        assert told == [512, 512, 512]
        source = Counting()
        with pytest.raises(Cancelled):
            draw(source, **MULTISTAGE, segments=100, progress=stop)
        assert len(source.asked) == 2

    def test_seeds_do_not_show(self):
        drawn = draw(**MULTISTAGE, segments=1)
        shown = repr(drawn) + canonical.dumps(drawn.statement).decode()
        assert repr(bytes(drawn.seeds))[2:20] not in shown
        assert drawn.seeds[:8].hex() not in shown


class TestMaximum:
    SIZE = 300_000  # three blocks, the last of them short

    def draw(self, source=None, **options):
        self.lanes = np.zeros(self.SIZE, np.uint8)
        return draw(source, **MAXIMUM, lanes=self.lanes, **options)

    def test_fills_every_byte_with_measured_bits(self):
        source = Counting()
        drawn = self.draw(source)
        assert source.asked == [16_384, 1 << 20, 1 << 20, 303_104]
        again = DeterministicSource(5)
        expected = b"".join(again.measure(n_bits) for n_bits in source.asked)[2048:]
        assert self.lanes.tobytes() == expected[: self.SIZE]
        assert drawn.served == "maximum"
        assert not drawn.degraded

    def test_says_how_many_bits_were_drawn_and_tested(self):
        said = self.draw(AerSource()).statement
        bits = (1 << 21) + 303_104
        lanes = dict(said["lanes"])
        assert lanes.pop("health")["alpha_log2"] == -40
        assert lanes.pop("measured_at").endswith("Z")
        assert lanes == {
            "discarded": 0,
            "draws": 3,
            "bits": bits,
            "shots": bits // 8,
            "credited_bits": 0,
            "extraction": None,
        }
        assert said["health"]["alpha_log2"] == -30
        assert said["conditioning"]["seed_bits"] == 1024
        assert said["segments"] is None

    @pytest.mark.parametrize("sound", [0, 1, 2, 3])
    @pytest.mark.parametrize("then", [Raising(), Short(), Stuck(), Biased()], ids=lambda source: type(source).__name__)
    def test_failing_source_serves_balanced_with_reason(self, sound, then):
        source = Counting(sound, then)
        drawn = self.draw(source)
        said = drawn.statement
        assert drawn.degraded
        assert drawn.served == "balanced"
        assert said["purity"]["requested"] == "maximum"
        assert said["purity"]["reason"].startswith("degraded: ")
        measured = max(0, sound - 1) * (1 << 17)
        assert f"{measured} of 300000 bytes of lanes" in said["purity"]["reason"]
        assert said["lanes"] is None
        assert said["raw"]["draws"] == min(sound, 1)

    def test_one_alarm_throws_a_block_away(self):
        """A source that fails once: the block is measured again, and counted."""
        source = Counting(2, Stuck())
        once = source.then.bits
        source.then.bits = lambda size: (setattr(source, "left", 10**9), once(size))[1]
        drawn = self.draw(source)
        assert drawn.served == "maximum"
        assert drawn.statement["lanes"]["discarded"] == 1
        assert drawn.statement["lanes"]["draws"] == 3
        assert np.count_nonzero(self.lanes) > 0.99 * self.SIZE

    def test_raw_blocks_are_wiped(self, monkeypatch):
        kept = []

        def keeping(*arguments, **options):
            kept.append(measure(*arguments, **options))
            return kept[-1]

        monkeypatch.setattr(keygen, "measure", keeping)
        self.draw()
        assert len(kept) == 4
        assert not any(any(measurement.raw) for measurement in kept)

    def test_reports_every_block_and_ends_where_that_raises(self):
        told = []
        self.draw(progress=told.append)
        assert told == [1 << 17, 1 << 17, self.SIZE - (1 << 18)]
        source = Counting()
        with pytest.raises(Cancelled):
            self.draw(source, progress=stop)
        assert len(source.asked) == 2

    def test_a_hardware_source_is_credited_for_its_lanes(self):
        said = self.draw(Credited()).statement
        assert said["lanes"]["credited_bits"] == sum(bits * 9 // 10 for bits in (1 << 20, 1 << 20, 303_104))


def stop(_):
    raise Cancelled
