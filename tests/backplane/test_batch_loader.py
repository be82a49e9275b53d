import asyncio

import pytest

from backplane.errors import Unavailable
from backplane.services.requests.batch_loader import BatchLoader

pytestmark = pytest.mark.anyio


class Archive:
    """Answers with the double of a number, once it is opened, and keeps what was asked together."""

    def __init__(self, error=None):
        self.asked = []
        self.error = error
        self.open = asyncio.Event()

    async def ask(self, questions):
        self.asked.append(list(questions))
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return {question: 2 * question for question in questions if question >= 0}


async def ask_all(loader, questions):
    tasks = [asyncio.create_task(loader.load(question)) for question in questions]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


class TestLoader:
    async def test_what_comes_meanwhile_is_asked_together_and_in_portions(self):
        archive = Archive()
        loader = BatchLoader(archive.ask, at_once=3)
        first = await ask_all(loader, [0])
        others = await ask_all(loader, range(1, 6))
        archive.open.set()
        assert await asyncio.gather(*first, *others) == [0, 2, 4, 6, 8, 10]
        assert archive.asked == [[0], [1, 2, 3], [4, 5]]

    async def test_the_same_question_is_asked_once(self):
        archive = Archive()
        loader = BatchLoader(archive.ask, at_once=10)
        tasks = await ask_all(loader, [1, 1, 1])
        archive.open.set()
        assert await asyncio.gather(*tasks) == [2, 2, 2]
        assert archive.asked == [[1]]

    async def test_without_an_answer_there_is_none(self):
        archive = Archive()
        archive.open.set()
        assert await BatchLoader(archive.ask, at_once=10).load(-1) is None

    async def test_one_that_goes_away_takes_no_answer_from_another(self):
        archive = Archive()
        loader = BatchLoader(archive.ask, at_once=10)
        gone, stays = await ask_all(loader, [1, 1])
        gone.cancel()
        archive.open.set()
        assert await stays == 2
        with pytest.raises(asyncio.CancelledError):
            await gone

    async def test_what_fails_fails_for_those_who_asked_and_for_nobody_later(self):
        archive = Archive(Unavailable())
        loader = BatchLoader(archive.ask, at_once=10)
        tasks = await ask_all(loader, [1, 2])
        archive.open.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [Unavailable, Unavailable]
        archive.error = None
        assert await loader.load(1) == 2
