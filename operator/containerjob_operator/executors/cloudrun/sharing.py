"""Questions that are asked together: whoever asks while an answer is under way shares the following one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from containerjob_operator.errors import HostUnavailable

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Together(Generic[Question, Answer]):
    """Gives every question an answer that was begun after it was asked; at most one is under way."""

    def __init__(self, answer: Callable[[Sequence[Question]], Awaitable[Answer]], *, pause_seconds: float) -> None:
        self._answer: Final = answer
        self._pause: Final = pause_seconds
        self._waiting: tuple[list[Question], asyncio.Future[Answer]] | None = None
        self._work: asyncio.Task[None] | None = None
        self._rested_at = 0.0

    async def ask(self, question: Question) -> Answer:
        """Return the answer that this question is part of; what went wrong with it is raised to all who asked."""
        if self._waiting is None:
            self._waiting = ([], asyncio.get_running_loop().create_future())
        questions, future = self._waiting
        questions.append(question)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._answer_all(), name="shared answers")
        return await asyncio.shield(future)

    async def aclose(self) -> None:
        """Give up; whoever waits gets HostUnavailable."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        if self._waiting is not None:
            (_, future), self._waiting = self._waiting, None
            _fail(future, _closed())

    async def _answer_all(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._waiting is not None:
            await asyncio.sleep(max(0.0, self._rested_at - clock()))
            (questions, future), self._waiting = self._waiting, None
            answering = asyncio.ensure_future(self._answer(questions))
            try:
                await asyncio.wait({answering})
            finally:
                if not answering.done():
                    answering.cancel()
                    await asyncio.gather(answering, return_exceptions=True)
                self._rested_at = clock() + self._pause
                _pass_on(answering, future)


def _pass_on(answering: "asyncio.Future[Answer]", future: "asyncio.Future[Answer]") -> None:
    if answering.cancelled():
        _fail(future, _closed())
    elif (problem := answering.exception()) is not None:
        _fail(future, problem)
    else:
        future.set_result(answering.result())


def _fail(future: "asyncio.Future[Answer]", problem: BaseException) -> None:
    future.set_exception(problem)
    future.exception()  # nobody may be waiting any more


def _closed() -> HostUnavailable:
    return HostUnavailable("the connection was closed while it was asked")
