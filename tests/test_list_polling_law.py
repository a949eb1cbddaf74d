"""What polling by lists costs and how late it notices an end, on a clock that is exact."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from tests.virtual import run
from topview_provider import learning
from topview_provider.catalog import family
from topview_provider.hooks import lists
from topview_provider.hooks.lists import Lists
from topview_provider.hooks.requesting import Items, Pages
from topview_provider.polling import Step, Watch

PACE = 10.0
JITTER = 1.2
"""By how much a fixed interval may be longer than it says."""


def now() -> float:
    return asyncio.get_running_loop().time()


class Service:
    """
    Let tasks run for as long as they are said to, and count what is asked.

    :param lasting: Seconds that each task takes.
    :param answer_seconds: Seconds that a list takes to be answered.
    :param hidden: How many tasks the list never shows.
    """

    def __init__(self, lasting: list[float], answer_seconds: float = 0.1, hidden: int = 0) -> None:
        self.ends = {f"{place:032x}": seconds for place, seconds in enumerate(lasting)}
        self.answer_seconds = answer_seconds
        self.hidden = hidden
        self.asked: Counter[str] = Counter()
        self.at_once = 0
        self.most_at_once = 0

    def state(self, topview_task_id: str) -> str:
        return "success" if now() >= self.ends[topview_task_id] else "running"

    async def page(self, pages: Pages, patience: float) -> Items:
        self.asked["list"] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.answer_seconds)
        self.at_once -= 1
        size = lists.PAGE_SIZE
        keys = list(self.ends)[self.hidden :][(pages.page - 1) * size : pages.page * size]
        shown = [{"taskId": key, "status": self.state(key)} for key in keys]
        return pages.items({"total": len(self.ends) - self.hidden, "data": shown})

    def poll(self, watch: Watch) -> Step:
        self.asked[watch.topview_task_id] += 1
        video = {"scriptId": 0, "status": "success", "videoUrl": "https://files.example/v.mp4"}
        return watch.saw({"status": self.state(watch.topview_task_id), "exportVideos": [video]}, now())


async def wait(
    service: Service, shared: Lists, listed: bool, key: str, source: random.Random, **words: Any
) -> tuple[str, list[float]]:
    """Wait as the hook does, and return how it ended and the moments of which something was known."""
    watch = Watch(
        row=family("marketing_video"),
        topview_task_id=key,
        judge={"items": "exportVideos"},
        submitted_at=0.0,
        pace=PACE,
        spread=source.random,
        **{"end_time": 1e6, **words},
    )
    moments = [now()]
    with shared.seat(watch, listed) as seat:
        await asyncio.sleep(watch.begin(now()))
        while True:
            step = await seat.under_way()
            moments.append(seat._asked_at if step else now())
            step = step or service.poll(watch)
            if step.outcome:
                return step.outcome.word, moments
            await asyncio.sleep(step.seconds)


@pytest.fixture
def virtual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists go by the virtual clock too."""
    monkeypatch.setattr(lists, "time", SimpleNamespace(time=now))


def waits(service: Service, listed: bool, **words: Any) -> tuple[set[str], list[list[float]]]:
    """Let all tasks be waited for at once, and return the words and the moments of each."""

    async def main() -> list[tuple[str, list[float]]]:
        shared, source = Lists(service.page), random.Random(4)
        found = await asyncio.gather(*(wait(service, shared, listed, key, source, **words) for key in service.ends))
        assert shared.rolls == {}
        return found

    found = run(main())
    return {word for word, _ in found}, [moments for _, moments in found]


def longest(found: list[list[float]]) -> float:
    """The longest time for which nothing was known of a task that was waited for."""
    return max(after - before for moments in found for before, after in itertools.pairwise(moments))


@pytest.mark.parametrize(("count", "most"), [(2, 1.0), (10, 0.6), (200, 0.25), (1000, 0.25)])
@pytest.mark.usefixtures("virtual")
def test_every_task_is_known_of_as_often_as_by_its_own_queries_and_costs_far_fewer(count: int, most: float) -> None:
    source = random.Random(count)
    lasting = [source.uniform(100, 290) for _ in range(count)]
    alone, shared = Service(lasting), Service(lasting)
    single, many = waits(alone, False), waits(shared, True)

    reading = -(-count // lists.PAGE_SIZE) * shared.answer_seconds
    for words, found in (single, many):
        assert words == {"success"}
        assert longest(found) <= PACE * JITTER + reading
        assert max(moments[-1] - end for moments, end in zip(found, lasting, strict=True)) <= PACE * JITTER + reading
    assert alone.asked["list"] == 0
    assert shared.most_at_once == 1
    assert shared.asked.total() <= most * alone.asked.total()


@pytest.mark.parametrize("count", [200, 1000])
@pytest.mark.usefixtures("virtual")
def test_tasks_that_are_asked_when_they_may_be_done_need_far_fewer_requests_too(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = random.Random(count)
    lasting = [source.lognormvariate(5.5, 0.25) for _ in range(count)]
    alone, shared = Service(lasting), Service(lasting)
    late = []
    for service, listed in ((alone, False), (shared, True)):
        monkeypatch.setattr(learning, "_learners", {})
        words, found = waits(service, listed, adaptive=True)
        assert words == {"success"}
        late.append(sum(moments[-1] - end for moments, end in zip(found, lasting, strict=True)) / count)

    assert shared.asked.total() <= 0.25 * alone.asked.total()
    assert late[1] <= 1.2 * late[0]


@pytest.mark.usefixtures("virtual")
def test_a_list_that_takes_long_holds_up_nobody_for_longer_than_it_takes() -> None:
    service = Service([300.0] * 50, answer_seconds=7.0)
    words, found = waits(service, True)

    assert words == {"success"}
    assert longest(found) <= PACE * JITTER + 2 * service.answer_seconds


@pytest.mark.usefixtures("virtual")
def test_the_last_poll_comes_at_the_deadline_once_and_is_the_task_s_own() -> None:
    service = Service([1e9] * 40)
    words, found = waits(service, True, end_time=100.0)

    assert words == {"timeout"}
    assert {moments[-1] for moments in found} == {100.0}
    assert all(moments[-2] < 100.0 for moments in found)


@pytest.mark.usefixtures("virtual")
def test_for_tasks_that_a_list_never_shows_it_is_asked_seldom() -> None:
    service = Service([290.0] * 10, hidden=9)
    words, found = waits(service, True)

    assert words == {"success"}
    assert longest(found) <= PACE * JITTER + service.answer_seconds
    assert service.asked["list"] <= 0.1 * service.asked.total()
