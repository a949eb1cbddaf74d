"""A crowd that shares one question: asked once, answered to all, and nobody's end is another's."""

from __future__ import annotations

import asyncio

import pytest

from topview_provider.hooks.single_flight import AT_ONCE, SingleFlight

CROWD = 5 * AT_ONCE


class Question:
    """Counts how often it is asked, and is answered when the test says so."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer = asyncio.Event()
        self.fails = False

    async def __call__(self) -> int:
        """Wait for the answer."""
        self.asked += 1
        await self.answer.wait()
        if self.fails:
            raise ValueError("no answer")
        return self.asked


async def crowd(flight: SingleFlight[int], size: int = CROWD) -> list[asyncio.Task[int]]:
    """Let many join, and return when all wait."""
    tasks = [asyncio.create_task(flight.join()) for _ in range(size)]
    await asyncio.sleep(0)
    return tasks


async def test_a_crowd_asks_once_and_all_have_the_answer() -> None:
    question = Question()
    tasks = await crowd(SingleFlight(question))
    question.answer.set()
    assert set(await asyncio.gather(*tasks)) == {1}
    assert question.asked == 1


async def test_few_go_on_in_one_turn_of_the_loop() -> None:
    question, went, most = Question(), 0, 0
    tasks = await crowd(SingleFlight(question))
    question.answer.set()
    while went < CROWD:
        await asyncio.sleep(0)
        now = sum(task.done() for task in tasks)
        went, most = now, max(most, now - went)
    assert 0 < most <= AT_ONCE


async def test_all_have_the_error_and_who_comes_after_it_asks_anew() -> None:
    question = Question()
    flight = SingleFlight(question)
    tasks = await crowd(flight)
    question.fails = True
    question.answer.set()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert {str(error) for error in ended} == {"no answer"}

    question.fails = False
    assert await flight.join() == 2


async def test_who_is_cancelled_leaves_the_others_alone() -> None:
    question = Question()
    first, second, third = await crowd(SingleFlight(question), 3)
    first.cancel()
    await asyncio.sleep(0)
    third.cancel()
    question.answer.set()
    assert await second == 1
    assert first.cancelled()
    assert third.cancelled()


async def test_who_comes_while_a_crowd_goes_on_asks_anew() -> None:
    question = Question()
    flight = SingleFlight(question)
    tasks = await crowd(flight)
    question.answer.set()
    await tasks[0]
    assert not tasks[-1].done()
    assert await flight.join() == 2
    assert {await task for task in tasks} == {1}


async def test_an_answer_that_nobody_waits_for_is_no_complaint(caplog: pytest.LogCaptureFixture) -> None:
    question = Question()
    (task,) = await crowd(SingleFlight(question), 1)
    task.cancel()
    question.fails = True
    question.answer.set()
    await asyncio.gather(task, return_exceptions=True)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not caplog.records
