import threading

import pytest

from shield_core.errors import SourceFailed
from shield_core.quantum import deadlines
from shield_core.quantum.deadlines import ask
from shield_core.quantum.keygen import draw_file_key
from shield_core.quantum.measurement import measure
from shield_core.quantum.pool import UNIT_BITS, BitPool
from shield_core.quantum.sources import DeterministicSource
from tests.core.quantum.sources_that_fail import Broken, Raising
from tests.core.quantum.test_keygen import BALANCED, FAST, NAMES

WAIT = 30


class Remote(Broken):
    """Answers when the test allows it."""

    name = "remote"

    def __init__(self, deadline_seconds=WAIT, *, answering=True):
        self.deadline_seconds = deadline_seconds
        self.sound = DeterministicSource(1)
        self.may_answer, self.asked, self.done = threading.Event(), threading.Event(), threading.Event()
        self.threads = []
        if answering:
            self.may_answer.set()

    def bits(self, size):
        self.threads.append(threading.current_thread())
        self.asked.set()
        try:
            self.may_answer.wait(WAIT)
            return self.sound.measure(size * 8)
        finally:
            self.done.set()


def stalled():
    """A source that has missed its first deadline."""
    source = Remote(0.01, answering=False)
    with pytest.raises(SourceFailed, match=r"did not answer within 0.01 s"):
        ask(source, 4096)
    source.deadline_seconds = WAIT
    return source


class TestAsk:
    def test_local_source_runs_on_calling_thread(self):
        source = Remote()
        del source.deadline_seconds
        assert ask(source, 4096) == DeterministicSource(1).measure(4096)
        assert source.threads == [threading.current_thread()]

    def test_remote_source_runs_on_daemon_thread(self):
        source = Remote()
        assert ask(source, 4096) == DeterministicSource(1).measure(4096)
        assert source.threads[0] is not threading.current_thread()
        assert source.threads[0].daemon

    def test_stalled_source_is_abandoned_at_its_deadline(self):
        source = stalled()
        source.may_answer.set()

    def test_stalled_source_fails_next_callers_at_once(self):
        """And no thread is added."""
        source = stalled()
        for _ in range(5):
            with pytest.raises(SourceFailed, match="earlier request"):
                ask(source, 4096)
        assert len(source.threads) == 1
        source.may_answer.set()

    def test_once_it_has_answered_it_is_asked_again(self):
        source = stalled()
        late = deadlines._LINES[source].overdue
        source.may_answer.set()
        assert late.answered.wait(WAIT)
        assert ask(source, 4096)

    def test_exception_of_source_reaches_the_caller(self):
        source = Raising()
        source.deadline_seconds = WAIT
        with pytest.raises(RuntimeError, match=Raising.SECRET):
            ask(source, 4096)
        with pytest.raises(RuntimeError):
            ask(source, 4096)

    def test_thread_start_failure_does_not_block_source(self, monkeypatch):
        source = Remote()
        monkeypatch.setattr(deadlines.threading.Thread, "start", lambda self: (_ for _ in ()).throw(RuntimeError))
        with pytest.raises(RuntimeError):
            ask(source, 4096)
        monkeypatch.undo()
        assert ask(source, 4096)

    def test_two_threads_ask_one_after_the_other(self):
        source = Remote(answering=False)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(ask(source, 4096))) for _ in range(2)]
        for thread in threads:
            thread.start()
        assert source.asked.wait(WAIT)
        assert len(source.threads) == 1
        source.may_answer.set()
        for thread in threads:
            thread.join(WAIT)
        assert len(set(answers)) == 2

    def test_waiting_for_other_request_ends_at_deadline(self):
        source = Remote(answering=False)
        first = threading.Thread(target=ask, args=(source, 4096))
        first.start()
        assert source.asked.wait(WAIT)
        source.deadline_seconds = 0.01
        with pytest.raises(SourceFailed, match="earlier request"):
            ask(source, 4096)
        source.may_answer.set()
        first.join(WAIT)


class TestMeasure:
    def test_names_the_source_and_the_reason(self):
        source = Remote(0.01, answering=False)
        with pytest.raises(SourceFailed, match=r"^The source remote failed: it did not answer within 0.01 s$"):
            measure(source, 4096)
        source.may_answer.set()


class TestDraw:
    def test_the_image_is_encrypted_and_says_so(self):
        source = Remote(0.01, answering=False)
        drawn = draw_file_key(source, **NAMES, **BALANCED)
        source.may_answer.set()
        assert drawn.degraded
        assert (
            drawn.statement["purity"]["reason"] == "degraded: The source remote failed: it did not answer within 0.01 s"
        )

    def test_waiting_bits_are_available_during_stall(self):
        """The stalled refill in the background holds no lock that `fast` needs."""
        source = Remote()
        pool = BitPool(source)
        pool.refill(2 * UNIT_BITS)
        source.may_answer.clear()
        source.asked.clear()
        refill = threading.Thread(target=pool.refill)
        refill.start()
        assert source.asked.wait(WAIT)
        drawn = draw_file_key(source, **NAMES, **FAST, pool=pool)
        assert drawn.statement["pool"] == {"waiting_bits": 2 * UNIT_BITS, "topped_up": False}
        source.may_answer.set()
        refill.join(WAIT)
        assert pool.waiting_bits == pool.capacity_bits - UNIT_BITS
