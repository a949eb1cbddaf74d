"""When one task is asked: the first poll at random, the last one at the deadline, and what others learn from it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.virtual import run
from topview_provider import learning
from topview_provider.catalog import FAMILIES
from topview_provider.exceptions import TopviewUnavailable
from topview_provider.hooks.limiter import Limiter
from topview_provider.learning import Learner
from topview_provider.pacing import LONGEST
from topview_provider.polling import Watch
from topview_provider.rhythm import Rhythm
from topview_provider.tally import PROMPT

START = 1_000_000.0
ROW = FAMILIES["video_avatar"]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every test begin as a process does that has learnt nothing."""
    monkeypatch.setattr(learning, "_learners", {})


def rhythm(*, lasts: float = 2700, learner: Learner | None = None, share: float = 0.5, dated: bool = True) -> Rhythm:
    return Rhythm(START, START + lasts, 5.0, learner, dated, lambda: share)


def watch(**words: Any) -> Watch:
    usual = {"row": ROW, "judge": {}, "submitted_at": START, "end_time": START + 2700, "pace": 5.0, "adaptive": True}
    return Watch(topview_task_id="t1", **{**usual, **words})


def lessons() -> int:
    return sum(len(learner.logs) for learner in learning._learners.values())


def answer(status: str) -> dict[str, str]:
    return {"taskId": "t1", "status": status}


@given(
    lasts=st.floats(0, 10_000),
    late=st.floats(-100, 10_000),
    share=st.floats(0, 1, exclude_max=True),
    adaptive=st.booleans(),
    dated=st.booleans(),
)
def test_no_poll_is_planned_after_the_deadline_and_the_last_one_at_it(
    lasts: float, late: float, share: float, adaptive: bool, dated: bool
) -> None:
    one = rhythm(lasts=lasts, learner=Learner(240, 5) if adaptive else None, share=share, dated=dated)
    now, polls = START + late, 0
    wait = one.begin(now)
    while now + wait < one.end_time:
        now, polls = now + wait, polls + 1
        wait = one.pause(now)
        assert 1.0 - 1e-6 <= wait <= LONGEST + 1e-6 or now + wait == pytest.approx(one.end_time)
    assert wait == max(0.0, one.end_time - now)


def test_a_fixed_interval_is_kept_however_old_the_task_is() -> None:
    one = rhythm(lasts=100_000)
    assert [one.pause(START + age) for age in (0, 1000, 50_000)] == [5.0, 5.0, 5.0]


def test_a_wait_that_does_not_know_the_age_of_its_task_asks_at_the_pace_and_less_often_in_the_long_run() -> None:
    one = rhythm(lasts=100_000, learner=Learner(240, 5), dated=False)
    assert [one.pause(START + age) for age in (0, 600, 50_000)] == [5.0, 20.0, 50.0]
    last = Rhythm(START, START + 100_000, 5.0, Learner(240, 5), dated=False, spread=lambda: 1.0).pause(START + 50_000)
    assert last == pytest.approx(LONGEST), "never less than once a minute"


@pytest.mark.parametrize("learner", [None, Learner(240, 5)])
def test_a_task_that_may_be_done_already_is_asked_within_one_pace(learner: Learner | None) -> None:
    assert rhythm(learner=learner, share=0.9).begin(START + PROMPT + 1) == 0.9 * 5.0


def test_a_success_teaches_and_a_failure_or_an_outage_does_not() -> None:
    for status, taught in (("success", 1), ("fail", 1)):
        one = watch()
        one.begin(START)
        one.saw(answer("running"), START + 100)
        one.saw(answer(status), START + 110)
        assert lessons() == taught
    one = watch()
    one.begin(START)
    one.saw(answer("running"), START + 100)
    one.missed(TopviewUnavailable("the connection broke off"), START + 110)
    one.saw(answer("success"), START + 900)
    assert lessons() == 1, "nobody knows when it ended"


def test_a_success_that_was_found_long_after_teaches_nothing() -> None:
    one = watch()
    one.begin(START + 86_400)
    one.saw(answer("success"), START + 86_401)
    assert lessons() == 0


def test_a_look_without_a_wait_teaches_nothing() -> None:
    one = watch(end_time=START + 90_000)
    one.saw(answer("success"), START + 86_400)
    assert lessons() == 0


def test_a_wait_tells_for_how_long_its_next_poll_may_be_late() -> None:
    one = watch()
    assert one.patience == 0.0
    assert one.begin(START) == one.patience > 0
    planned = one.saw(answer("running"), START + 100).seconds
    assert planned == one.patience
    one.missed(TopviewUnavailable("the connection broke off"), START + 110)
    assert one.patience == planned


def test_a_fixed_pace_neither_learns_nor_teaches() -> None:
    one = watch(adaptive=False)
    one.begin(START)
    one.saw(answer("success"), START + 3)
    assert learning._learners == {}


def test_a_preview_and_an_export_are_two_kinds() -> None:
    for items in ("previewVideos", "exportVideos"):
        watch(row=FAMILIES["marketing_video"], judge={"items": items})
    assert len(learning._learners) == 2


def first_polls(watches: list[Watch], rate: float) -> Counter[int]:
    """Return how many of these tasks are asked for the first time in each second, when all begin at once."""
    asked: Counter[int] = Counter()

    async def main() -> None:
        loop, limiter = asyncio.get_running_loop(), Limiter(rate, places=10_000)

        async def wait(one: Watch) -> None:
            await asyncio.sleep(one.begin(START))
            await limiter.turn(loop.time() + one.patience, one.end_time - START)
            asked[int(loop.time())] += 1

        await asyncio.gather(*map(wait, watches))

    run(main())
    return asked


@pytest.mark.parametrize("age", [0, 120])
@pytest.mark.parametrize("adaptive", [True, False])
def test_ten_thousand_that_begin_at_once_ask_spread_over_an_interval(adaptive: bool, age: int) -> None:
    chance = random.Random(1).random
    crowd = [watch(adaptive=adaptive, submitted_at=START - age, spread=chance) for _ in range(10_000)]
    asked = first_polls(crowd, rate=0)
    assert sum(asked.values()) == 10_000
    assert max(asked.values()) <= 10_000 / 5 * 1.1


@pytest.mark.parametrize("adaptive", [True, False])
def test_ten_thousand_that_begin_at_once_keep_to_the_rate(adaptive: bool) -> None:
    chance = random.Random(1).random
    crowd = [watch(adaptive=adaptive, submitted_at=START - 120, spread=chance) for _ in range(10_000)]
    asked = first_polls(crowd, rate=10)
    assert sum(asked.values()) == 10_000
    assert max(asked.values()) <= 20
    assert max(asked) <= 1000, "the sweep takes as long as the rate makes it, and no longer"
