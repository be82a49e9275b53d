"""A synthetic month in small: `python -m benchmarks.security_rules` plays the full one."""

import pytest

from backplane.security_thresholds import SecurityThresholds
from benchmarks.security_rules.engine import judge, prepare, run
from benchmarks.security_rules.in_memory import play

pytestmark = [pytest.mark.anyio]

SMALL = {"accounts": 24, "days": 9, "seed": 2}
"""A seed in which every victim has logged in often enough for the rules to know them."""


class TestMonth:
    def test_detectors_find_every_attack(self):
        scene = prepare(**SMALL)
        outcome = judge(play(scene.acts, SecurityThresholds()), scene)
        assert outcome.missed == []
        assert outcome.attacks == 10
        assert outcome.false_a_day < 1

    @pytest.mark.stack
    async def test_relay_finds_every_attack(self, resources):
        outcome = await run(resources, prepare(**SMALL))
        assert outcome.missed == []
        assert outcome.false_a_day < 1

    def test_switched_off_rules_find_none(self):
        scene = prepare(**SMALL)
        off = SecurityThresholds(**dict.fromkeys(SecurityThresholds.model_fields, 0))
        assert play(scene.acts, off) == []
