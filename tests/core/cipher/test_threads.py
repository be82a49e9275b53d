import threading

import pytest

from shield_core.cipher.threads import run_beside, run_tasks, useful_threads


def doubled(sizes, *, threads, progress):
    made = []

    def new_worker():
        made.append(threading.get_ident())

        def work(size):
            yield size
            yield size

        return work

    run_tasks(sizes, new_worker, threads=threads, progress=progress)
    return made


class TestWorth:
    def test_only_mebipixel_pictures_use_several_threads(self):
        assert [useful_threads(n, 2) for n in (1, 2**20 - 1, 2**20, 25_000_000)] == [1, 1, 2, 2]
        assert useful_threads(2**20, 1) == 1


class TestBeside:
    @pytest.mark.parametrize("threads", [1, 2])
    def test_gives_its_result_in_the_block(self, threads):
        with run_beside(threading.get_ident, threads=threads) as found:
            assert (found() == threading.get_ident()) == (threads == 1)

    def test_does_both_at_the_same_time(self):
        here, there = threading.Event(), threading.Event()

        def work():
            there.set()
            return here.wait(10)

        with run_beside(work, threads=2) as found:
            assert there.wait(10)
            here.set()
            assert found()

    @pytest.mark.parametrize("threads", [1, 2])
    def test_exception_of_work_is_raised(self, threads):
        with pytest.raises(ZeroDivisionError), run_beside(lambda: 1 // 0, threads=threads) as found:
            found()


class TestRun:
    @pytest.mark.parametrize("threads", [1, 2, 3])
    def test_every_task_is_done_and_reported_once(self, threads):
        told = []
        doubled(range(50), threads=threads, progress=told.append)
        assert sum(told) == 2 * sum(range(50))

    def test_progress_runs_on_calling_thread_only(self):
        tellers = set()
        doubled(range(200), threads=2, progress=lambda _: tellers.add(threading.get_ident()))
        assert tellers == {threading.get_ident()}

    def test_each_thread_has_a_worker_of_its_own(self):
        assert len(set(doubled(range(200), threads=2, progress=lambda _: None))) == 2

    def test_one_task_takes_one_thread(self):
        assert doubled([7], threads=2, progress=lambda _: None) == [threading.get_ident()]

    def test_no_task_is_no_work(self):
        told = []
        doubled([], threads=2, progress=told.append)
        assert told == []

    @pytest.mark.parametrize("threads", [1, 2])
    def test_what_progress_raises_stops_the_work(self, threads):
        begun = []

        def new_worker():
            def work(task):
                begun.append(task)
                yield 1

            return work

        def stop(_):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run_tasks(range(1_000_000), new_worker, threads=threads, progress=stop)
        assert len(begun) < 1_000_000

    def test_what_a_helper_raises_is_raised_here(self):
        here = threading.get_ident()
        helper_failed = threading.Event()

        def new_worker():
            def work(_):
                if threading.get_ident() == here:
                    assert helper_failed.wait(10)
                    yield 1
                    return
                helper_failed.set()
                raise ZeroDivisionError

            return work

        with pytest.raises(ZeroDivisionError):
            run_tasks(range(10), new_worker, threads=2, progress=lambda _: None)
