import threading

import pytest

from shield_core.image.handover import WAITING, handover, ignore


class TestHandover:
    @pytest.mark.parametrize("threads", [1, 2])
    def test_keeps_the_order_and_forgets_nothing(self, threads):
        seen = []
        with handover(seen.append, threads=threads) as hand_over:
            for piece in range(100):
                hand_over(piece)
        assert seen == list(range(100))

    @pytest.mark.parametrize(("threads", "same"), [(1, True), (2, False)])
    def test_work_has_its_own_thread_with_two(self, threads, same):
        seen = set()
        with handover(lambda _: seen.add(threading.get_ident()), threads=threads) as hand_over:
            for piece in range(5):
                hand_over(piece)
        assert len(seen) == 1
        assert (threading.get_ident() in seen) is same

    def test_never_has_more_than_so_many_unfinished(self):
        """The memory of a piece is reused for the piece `WAITING` + 1 later."""
        handed, most = [], []

        def work(piece):
            most.append(len(handed) - piece)

        with handover(work, threads=2) as hand_over:
            for piece in range(200):
                handed.append(piece)
                hand_over(piece)
        assert max(most) <= WAITING + 1

    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("piece", [0, 7, 9])
    def test_what_the_work_raises_reaches_the_block(self, threads, piece):
        def work(number):
            if number == piece:
                raise KeyError(number)

        def run():
            with handover(work, threads=threads) as hand_over:
                for number in range(10):
                    hand_over(number)

        with pytest.raises(KeyError):
            run()

    def test_what_the_block_raises_comes_through(self):
        with pytest.raises(ValueError, match="enough"), handover(ignore, threads=2):
            raise ValueError("enough")
