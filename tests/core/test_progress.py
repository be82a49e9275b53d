import pytest

from shield_core.errors import Cancelled
from shield_core.progress import Progress, Stage, StageClock, ignore, nothing, overall_percent

ENCRYPT = [
    Stage.QUEUED,
    Stage.VALIDATING,
    Stage.GENERATING_QUANTUM_KEYS,
    Stage.ENCRYPTING,
    Stage.AUTHENTICATING,
    Stage.STORING,
    Stage.COMPLETED,
]
DECRYPT = [
    Stage.QUEUED,
    Stage.VALIDATING,
    Stage.UNLOCKING,
    Stage.VERIFYING,
    Stage.DECRYPTING,
    Stage.STORING,
    Stage.COMPLETED,
]


class TestOverallPercent:
    @pytest.mark.parametrize("stages", [ENCRYPT, DECRYPT], ids=["encrypt", "decrypt"])
    def test_never_falls_and_ends_at_hundred(self, stages):
        told = [overall_percent(stage, done, 1000) for stage in stages for done in range(0, 1001, 10)]
        assert told == sorted(told)
        assert (told[0], told[-1]) == (0, 100)

    @pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.COMPLETED])
    def test_only_completed_is_hundred(self, stage):
        assert overall_percent(stage, 10, 10) < 100
        assert overall_percent(Stage.COMPLETED) == 100

    @pytest.mark.parametrize("stage", Stage)
    def test_stage_without_count_stays_at_its_begin(self, stage):
        assert overall_percent(stage) == overall_percent(stage, 0, 5)

    @pytest.mark.parametrize("stage", Stage)
    def test_more_than_all_is_all(self, stage):
        assert overall_percent(stage, 11, 10) == overall_percent(stage, 10, 10)


class TestStageClock:
    def test_reports_begin_and_bytes_and_keeps_the_time(self):
        told = []
        clock = StageClock(told.append)
        with clock.stage(Stage.VERIFYING, 10) as advance:
            advance(4)
            advance(5)
        assert told == [Progress(Stage.VERIFYING, done, 10) for done in (0, 4, 9, 10)]
        assert clock.timings_ms["verifying"] >= 0

    def test_never_reports_more_than_all(self):
        told = []
        with StageClock(told.append).stage(Stage.VERIFYING, 10) as advance:
            advance(11)
        assert [report.done for report in told] == [0, 10]

    def test_what_the_sink_raises_comes_out(self):
        def stop(_):
            raise Cancelled

        with pytest.raises(Cancelled), StageClock(stop).stage(Stage.VALIDATING):
            pytest.fail("the stage must not begin")


def test_defaults_do_nothing():
    ignore(Progress(Stage.QUEUED))
    nothing(3)
