"""Forks: a child shares no bits, no keys and no held locks with its parent."""

import json
import subprocess
import sys

import pytest

PROLOGUE = """
import json, os, sys, uuid
from shield_core.quantum.keygen import draw_file_key
from shield_core.quantum.pool import BitPool
from shield_core.quantum.sources import DeterministicSource

def draw(source, served="balanced", pool=None):
    drawn = draw_file_key(source, pool=pool, job_id="job_1", key_id=uuid.UUID(int=0), requested=served, served=served)
    return drawn.file_key.hex(), drawn.statement

def in_children(count, work):
    readers = []
    for _ in range(count):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.close(reader)
            with os.fdopen(writer, "w") as out:
                json.dump(work(), out)
            os._exit(0)
        os.close(writer)
        readers.append(os.fdopen(reader))
    answers = [json.load(reader) for reader in readers]
    for _ in range(count):
        os.wait()
    return answers
"""


@pytest.fixture
def run():
    """Run a script in a new process, so that pytest and its threads are not forked."""

    def run_script(script):
        answer = subprocess.run(
            [sys.executable, "-c", PROLOGUE + script], capture_output=True, text=True, check=False, timeout=170
        )
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    return run_script


class TestFileKeys:
    @pytest.mark.slow
    def test_keys_in_four_children_differ_with_same_source(self, run):
        """Ten thousand keys. Each child inherits the same predictable source: only the system's bits differ."""
        keys = run("""
source = DeterministicSource(1)
answers = in_children(4, lambda: [draw(source)[0] for _ in range(2500)])
json.dump([key for answer in answers for key in answer], sys.stdout)
""")
        assert len(keys) == 10_000
        assert len(set(keys)) == 10_000

    @pytest.mark.slow
    def test_keys_in_fifty_children_differ_with_same_pool(self, run):
        """Fifty thousand keys (SP 800-90C, forks): the same source in the same state fills each child's pool."""
        keys = run("""
source = DeterministicSource(1)
pool = BitPool(source)
pool.refill()
answers = in_children(50, lambda: [draw(source, "fast", pool)[0] for _ in range(1000)])
json.dump([key for answer in answers for key in answer], sys.stdout)
""")
        assert len(keys) == 50_000
        assert len(set(keys)) == 50_000

    @pytest.mark.slow
    def test_keys_of_stuck_source_differ_and_are_degraded(self, run):
        answers = run("""
from tests.core.quantum.sources_that_fail import Stuck
source = Stuck()
def work():
    drawn = [draw(source) for _ in range(500)]
    return [[key for key, _ in drawn], all(said["degraded"] for _, said in drawn)]
json.dump(in_children(4, work), sys.stdout)
""")
        assert all(degraded for _, degraded in answers)
        keys = [key for part, _ in answers for key in part]
        assert len(keys) == len(set(keys)) == 2000


class TestDeadlines:
    @pytest.mark.slow
    def test_child_can_use_source_that_parent_awaits(self, run):
        """The thread that would have answered does not exist in the child, and its request is forgotten."""
        sizes = run("""
import threading
from shield_core.quantum.measurement import measure
may_answer, asked = threading.Event(), threading.Event()
parent = os.getpid()
class Remote(DeterministicSource):
    deadline_seconds = 30
    def measure(self, n_bits):
        if os.getpid() == parent:
            asked.set()
            may_answer.wait(30)
        return super().measure(n_bits)
source = Remote(1)
waiting = threading.Thread(target=measure, args=(source, 4096))
waiting.start()
asked.wait(30)
answers = in_children(2, lambda: len(measure(source, 4096).raw))
may_answer.set()
waiting.join()
json.dump(answers, sys.stdout)
""")
        assert sizes == [512, 512]


class TestPool:
    @pytest.mark.slow
    def test_child_pool_is_empty_and_parent_pool_unchanged(self, run):
        """Even if a thread of the parent holds the lock at the time of the fork."""
        before, children, after = run("""
pool = BitPool(DeterministicSource(1))
pool.refill()
before = pool.waiting_bits
def work():
    empty = pool.waiting_bits
    key, statement = draw(pool.source, "fast", pool)
    return [empty, statement["pool"]["topped_up"], key]
pool._lock.acquire()
children = in_children(3, work)
pool._lock.release()
json.dump([before, children, pool.waiting_bits], sys.stdout)
""")
        assert [child[:2] for child in children] == [[0, True]] * 3
        assert len({child[2] for child in children}) == 3
        assert before == after == 1 << 20


class TestAer:
    @pytest.mark.slow
    def test_source_used_before_fork_works_in_children(self, run):
        """It neither hangs nor repeats. Aer's threads would hang: docs/explanation/entropy.md, measured facts, 5."""
        blocks = run("""
from shield_core.quantum.aer import AerSource
source = AerSource()
first = source.measure(4096).hex()
answers = in_children(4, lambda: [source.measure(4096).hex() for _ in range(25)])
answers.append([first] + [source.measure(4096).hex() for _ in range(25)])
json.dump([block for answer in answers for block in answer], sys.stdout)
""")
        assert len(blocks) == 126
        assert len(set(blocks)) == 126
