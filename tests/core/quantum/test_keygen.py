from datetime import datetime
from fractions import Fraction
from uuid import UUID

import pytest

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
    """As a quantum device would be credited: 0.9 bits a bit."""

    name = "device"
    credited_bits_per_bit = Fraction(9, 10)

    def __init__(self):
        self.sound = DeterministicSource(4)

    def bits(self, size):
        return self.sound.measure(size * 8)


class TestBalanced:
    def test_gives_a_file_key_of_32_bytes_and_a_statement(self):
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
    def test_the_image_is_encrypted_and_the_statement_says_so(self, source, reason, health):
        drawn = draw(source)
        assert drawn.degraded
        assert len(drawn.file_key) == 32
        assert drawn.statement["purity"]["reason"].startswith("degraded: ")
        assert reason in drawn.statement["purity"]["reason"]
        assert drawn.statement["health"]["verdict"] == health
        assert (drawn.statement["raw"]["bits"], drawn.statement["raw"]["credited_bits"]) == (0, 0)
        assert drawn.statement["raw"]["measured_at"] is None

    def test_a_source_that_replays_is_caught_at_the_second_image(self):
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

    def test_a_device_is_credited_what_it_claims_and_no_fraction_more(self):
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
    def test_nothing_that_is_said_or_shown_holds_key_seed_or_bits(self, monkeypatch):
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

    def test_what_a_source_said_in_its_error_is_not_passed_on(self):
        assert Raising.SECRET not in repr(draw(Raising()))


class TestPurity:
    @pytest.mark.parametrize("served", ["multistage", "maximum", "", "Balanced"])
    def test_serves_fast_and_balanced(self, served):
        with pytest.raises(ValueError, match="fast and balanced"):
            draw(served=served)
