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
from topview_provider.catalog import family
from topview_provider.hooks import together
from topview_provider.hooks.requesting import Items, Pages
from topview_provider.hooks.together import Together
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
    """

    def __init__(self, lasting: list[float], answer_seconds: float = 0.1) -> None:
        self.ends = {f"{place:032x}": seconds for place, seconds in enumerate(lasting)}
        self.answer_seconds = answer_seconds
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
        size = together.PAGE_SIZE
        keys = list(self.ends)[(pages.page - 1) * size : pages.page * size]
        shown = [{"taskId": key, "status": self.state(key)} for key in keys]
        return pages.items({"total": len(self.ends), "data": shown})

    def poll(self, watch: Watch) -> Step:
        self.asked[watch.topview_task_id] += 1
        video = {"scriptId": 0, "status": "success", "videoUrl": "https://files.example/v.mp4"}
        return watch.saw({"status": self.state(watch.topview_task_id), "exportVideos": [video]}, now())


async def wait(service: Service, lists: Together, key: str, source: random.Random) -> list[float]:
    """Wait as the hook does, and return the moments of which something was known."""
    watch = Watch(
        row=family("marketing_video"),
        topview_task_id=key,
        judge={"items": "exportVideos"},
        submitted_at=0.0,
        end_time=1e6,
        pace=PACE,
        spread=source.random,
    )
    moments = [now()]
    with lists.seat(watch) as seat:
        await asyncio.sleep(watch.begin(now()))
        while True:
            step = await seat.under_way() or service.poll(watch)
            moments.append(seat._asked_at if service.state(key) == "running" else now())
            if step.outcome:
                assert step.outcome.word == "success"
                return moments
            await asyncio.sleep(step.seconds)


def waits(service: Service, fetch: Any, monkeypatch: pytest.MonkeyPatch) -> list[list[float]]:
    monkeypatch.setattr(together, "time", SimpleNamespace(time=now))

    async def main() -> list[list[float]]:
        lists, source = Together(fetch), random.Random(4)
        found = await asyncio.gather(*(wait(service, lists, key, source) for key in service.ends))
        assert lists.rolls == {}
        return found

    return run(main())


@pytest.mark.parametrize(("count", "most"), [(2, 1.0), (10, 0.6), (200, 0.25), (1000, 0.25)])
def test_every_task_is_known_of_as_often_as_by_its_own_queries_and_costs_far_fewer(
    count: int, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = random.Random(count)
    lasting = [source.uniform(100, 290) for _ in range(count)]
    alone, shared = Service(lasting), Service(lasting)
    single, many = waits(alone, None, monkeypatch), waits(shared, shared.page, monkeypatch)

    reading = -(-count // together.PAGE_SIZE) * shared.answer_seconds
    for service, found in ((alone, single), (shared, many)):
        gaps = [after - before for moments in found for before, after in itertools.pairwise(moments)]
        assert max(gaps) <= PACE * JITTER + reading
        late = [moments[-1] - end for moments, end in zip(found, service.ends.values(), strict=True)]
        assert max(late) <= PACE * JITTER + reading
    assert alone.asked["list"] == 0
    assert shared.most_at_once == 1
    assert shared.asked.total() <= most * alone.asked.total()


def test_a_list_that_takes_long_holds_up_nobody_for_longer_than_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service([300.0] * 50, answer_seconds=7.0)
    found = waits(service, service.page, monkeypatch)

    gaps = [after - before for moments in found for before, after in itertools.pairwise(moments)]
    assert max(gaps) <= PACE * JITTER + 2 * service.answer_seconds
