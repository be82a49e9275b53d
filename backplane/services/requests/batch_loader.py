"""Batched reads: keys that arrive while a query runs are loaded together by the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from itertools import islice
from typing import Generic, TypeVar

Question = TypeVar("Question", bound=Hashable)
Answer = TypeVar("Answer")


class BatchLoader(Generic[Question, Answer]):
    """A key alone is loaded at once; a key that several ask for is loaded once."""

    def __init__(
        self, ask: Callable[[Sequence[Question]], Awaitable[Mapping[Question, Answer]]], *, at_once: int
    ) -> None:
        self._ask = ask
        self._at_once = at_once
        self._waiting: dict[Question, asyncio.Future[Answer | None]] = {}
        self._running: asyncio.Task[None] | None = None

    async def load(self, question: Question) -> Answer | None:
        """Return the answer, or None where there is none; raises what asking raises."""
        if question not in self._waiting:
            self._waiting[question] = asyncio.get_running_loop().create_future()
        answer = self._waiting[question]
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        # Another reader may wait for the same answer.
        return await asyncio.shield(answer)

    async def _run(self) -> None:
        try:
            while self._waiting:
                together = {question: self._waiting.pop(question) for question in self._next()}
                await self._answer(together)
        finally:
            self._running = None

    def _next(self) -> list[Question]:
        return list(islice(self._waiting, self._at_once))

    async def _answer(self, together: Mapping[Question, asyncio.Future[Answer | None]]) -> None:
        try:
            answers = await self._ask(list(together))
        except Exception as error:  # noqa: BLE001 -- every reader gets the error
            for future in together.values():
                future.set_exception(error)
                future.exception()  # all readers may have gone meanwhile: not worth a warning
        else:
            for question, future in together.items():
                future.set_result(answers.get(question))
