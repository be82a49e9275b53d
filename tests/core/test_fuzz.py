"""Short fuzzing of all targets: each reader accepts or refuses any bytes as documented, in bounded memory."""

import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core import fuzzing

BRIEF = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MEMORY = 16 << 20
"""Ten times the largest seed and what it opens; a length that is believed before it is checked asks for far more."""

targets = pytest.mark.parametrize("target", fuzzing.TARGETS, ids=lambda target: target.name)


@targets
class TestTargets:
    def test_target_accepts_its_seeds(self, target):
        assert any(target.run(seed) for seed in target.seeds)

    @pytest.mark.slow
    @BRIEF
    @given(seed=st.integers(0, 2**64))
    def test_takes_or_refuses_what_was_damaged(self, target, seed):
        target.run(fuzzing.mutate(target, fuzzing.generator(seed)))

    @pytest.mark.slow
    @BRIEF
    @given(data=st.binary(max_size=300))
    def test_takes_or_refuses_anything(self, target, data):
        target.run(data)

    @pytest.mark.slow
    def test_needs_little_memory(self, target):
        rng = fuzzing.generator(target.name)
        target.run(target.seeds[0])
        tracemalloc.start()
        try:
            for _ in range(100):
                target.run(fuzzing.mutate(target, rng))
            assert tracemalloc.get_traced_memory()[1] < MEMORY
        finally:
            tracemalloc.stop()
