"""One list asked for many tasks: fewer requests, the same ends, whatever the list says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.crowd import (
    BOARD_LIST,
    LISTS,
    M2V_LIST,
    M2V_QUERY,
    Crowd,
    Edit,
    Overheard,
    editing,
    listed,
    photos,
    queried,
    told,
    trigger,
    until,
    videos,
)
from topview_provider.hooks import lists
from topview_provider.hooks.shared import shared_here
from topview_provider.hooks.topview import TopviewAsyncHook
from topview_provider.standin.server import StandIn

Connect = Callable[..., str]
PHOTO = {"family": "photo_avatar", "judge": {}}


@pytest.fixture
def slow(connect: Connect) -> Iterator[StandIn]:
    """A stand-in whose jobs end when its clock is put forward; its connection polls by lists."""
    with StandIn(seconds=1000, any_file=True, credits=100_000) as service:
        connect(service, poll_interval=0.3, list_polling=True, max_rps=0)
        yield service


def rolls() -> dict[Any, lists.Roll]:
    """The lists that somebody waits with on this loop."""
    shared = shared_here()
    return {key: roll for one in shared.values() for key, roll in one.lists.rolls.items()}


def spared(crowd: Crowd, service: StandIn, made: list[str]) -> int:
    """How many polls of these tasks were answered by a list."""
    polls, asked = crowd.polls, queried(service)
    return sum(polls[one] - asked[one] for one in made)


async def test_two_hundred_tasks_of_a_connection_need_far_fewer_requests_than_polls(
    slow: StandIn, connect: Connect
) -> None:
    connect(slow, poll_interval=1, list_polling=True, max_rps=0)
    made = await asyncio.to_thread(videos, 200)
    async with Crowd(map(trigger, made)) as crowd:
        await crowd.polled(4)
        # The exact share is in test_list_polling_law.py.
        await told(lambda: 2 * (len(listed(slow)) + queried(slow).total()) < sum(crowd.polls.values()))
        slow.advance(10_000)
        outcomes = await crowd.outcomes()

    assert set(outcomes.values()) == {("success", "", "")}
    assert set(queried(slow)) == set(made), "each end is told by the task's own query"


async def test_a_connection_that_does_not_say_so_asks_no_list(slow: StandIn, connect: Connect) -> None:
    connect(slow, poll_interval=0.1, max_rps=0)
    made = await asyncio.to_thread(videos, 5)
    async with Crowd(map(trigger, made)) as crowd:
        await crowd.polled(4)
        assert rolls() == {}
        slow.advance(10_000)
        await crowd.outcomes()
        assert queried(slow) == crowd.polls

    assert listed(slow) == []


async def test_one_task_alone_asks_no_list(slow: StandIn) -> None:
    (one,) = await asyncio.to_thread(videos, 1)
    async with Crowd([trigger(one)]) as crowd:
        await crowd.polled(3)

    assert listed(slow) == []


async def test_a_task_is_asked_itself_after_so_many_answers_of_its_list(
    slow: StandIn, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that says for ever that all tasks run does not hold up their ends."""
    monkeypatch.setattr(lists, "TRUST", 3)
    made = await asyncio.to_thread(videos, 6)
    with editing(slow, lambda items: {"data": [{**item, "status": "running"} for item in items]}) as front:
        connect(front, poll_interval=0.3, list_polling=True, max_rps=0)
        async with Crowd(map(trigger, made)) as crowd:
            await told(lambda: listed(slow))
            slow.advance(10_000)
            outcomes = await crowd.outcomes()
            polls = crowd.polls

    assert set(outcomes.values()) == {("success", "", "")}
    assert max(polls.values()) <= 2 * (lists.TRUST + 1)


FAULTS = [
    {"kind": "status", "value": 500},
    {"kind": "status", "value": 404},
    {"kind": "status", "value": 401},
    {"kind": "status", "value": 429, "retry_after": 0},
    {"kind": "code", "value": "4000"},
    {"kind": "code", "value": "5003"},
    {"kind": "html"},
    {"kind": "reset"},
    {"kind": "reset-mid-body"},
    {"kind": "truncated-json"},
    {"kind": "wrong-type"},
    {"kind": "never-answer"},
]


async def ends(service: StandIn, front: Any, connect: Connect) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return how eight videos end, three of which fail, with lists and then without."""
    made = await asyncio.to_thread(videos, 5)
    service.fault("fail", method="POST", path="*/submit", times=3, message="no product on that page")
    made += await asyncio.to_thread(videos, 3)
    connect(front, poll_interval=0.1, list_polling=True, max_rps=0, read_timeout=2)
    async with Crowd(map(trigger, made)) as crowd:
        await told(lambda: listed(service))
        await crowd.polled(4)
        assert not any(task.done() for task in crowd.tasks.values())
        service.advance(10_000)
        with_lists = await crowd.outcomes()
    connect(service, poll_interval=0.1)
    async with Crowd(map(trigger, made)) as crowd:
        return with_lists, await crowd.outcomes()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(map(str, fault.values())))
async def test_a_list_that_cannot_be_had_changes_no_end_and_is_left_alone(
    fault: dict[str, Any], slow: StandIn, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "REST", 600.0)
    slow.fault(path=M2V_LIST, times=-1, **fault)
    with_lists, without = await ends(slow, slow, connect)

    assert with_lists == without
    assert sorted(word for word, _, _ in without.values()) == ["failed"] * 3 + ["success"] * 5
    # aiohttp sends a GET once more where a kept connection was reset.
    assert len(listed(slow)) <= 1 + fault["kind"].startswith("reset")


def shuffled(items: list[dict[str, Any]]) -> Any:
    return {"total": len(items), "data": items[::-1]}


EDITS: dict[str, Edit] = {
    "unknown words": lambda items: {"data": [{**item, "status": "pondering"} for item in items]},
    "no words": lambda items: {"data": [{**item, "status": None} for item in items]},
    "all finished": lambda items: {"data": [{**item, "status": "success"} for item in items]},
    "all failed": lambda items: {"data": [{**item, "status": "FAIL"} for item in items]},
    "the other way round": shuffled,
    "nobody": lambda items: {"total": 0, "data": []},
    "one entry is missing": lambda items: {"data": items[1:]},
    "half of the entries are missing": lambda items: {"data": items[::2]},
    "each twice": lambda items: {"data": items + items},
    "each in two states": lambda items: {"data": [*items, *({**item, "status": "success"} for item in items)]},
    "the tasks of somebody else": lambda items: {"data": [{**item, "taskId": "f" * 32} for item in items]},
    "a bare array": lambda items: items,
    "another key": lambda items: {"total": len(items), "list": items},
    "capitals": lambda items: {"data": [{**item, "status": str(item["status"]).upper()} for item in items]},
    "one page for ever": lambda items: {"total": 10**6, "data": items},
    "ids of another type": lambda items: {"data": [{**item, "taskId": [item["taskId"]]} for item in items]},
    "words of another type": lambda items: {"data": [{**item, "status": {"is": item["status"]}} for item in items]},
    "no objects": lambda items: {"data": ["a", 1, None, [items]]},
    "an object": lambda items: (*items, {})[0],
    "a text": lambda items: "running",
    "nothing": lambda items: None,
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
async def test_whatever_a_list_says_each_task_ends_as_by_its_own_query(
    edit: Edit, slow: StandIn, connect: Connect
) -> None:
    with editing(slow, edit) as front:
        with_lists, without = await ends(slow, front, connect)

    assert with_lists == without
    assert sorted(word for word, _, _ in without.values()) == ["failed"] * 3 + ["success"] * 5


@pytest.mark.parametrize("name", ["the other way round", "each twice", "a bare array", "another key", "capitals"])
async def test_a_list_is_read_in_every_form_that_the_reference_knows(
    name: str, slow: StandIn, connect: Connect
) -> None:
    made = await asyncio.to_thread(videos, 8)
    with editing(slow, EDITS[name]) as front:
        connect(front, poll_interval=0.5, list_polling=True, max_rps=0)
        async with Crowd(map(trigger, made)) as crowd:
            await told(lambda: spared(crowd, slow, made) > 8)


@pytest.mark.parametrize(
    "name", ["unknown words", "no words", "all finished", "nobody", "each in two states", "the tasks of somebody else"]
)
async def test_what_a_list_does_not_say_plainly_is_asked_of_the_task_itself(
    name: str, slow: StandIn, connect: Connect
) -> None:
    made = await asyncio.to_thread(videos, 6)
    with editing(slow, EDITS[name]) as front:
        connect(front, poll_interval=0.1, list_polling=True, max_rps=0)
        async with Crowd(map(trigger, made)) as crowd:
            await told(lambda: listed(slow))
            await crowd.polled(4)
            asked, polls = queried(slow), crowd.polls

    assert sum(polls.values()) <= asked.total() <= sum(polls.values()) + len(made), "some may be on their way"


async def test_a_task_that_the_list_never_shows_goes_on_by_its_own_query_at_its_own_pace(
    slow: StandIn, connect: Connect
) -> None:
    made = await asyncio.to_thread(videos, 8)
    lost = made[3]
    with editing(slow, lambda items: {"data": [item for item in items if item["taskId"] != lost]}) as front:
        connect(front, poll_interval=0.5, list_polling=True, max_rps=0)
        async with Crowd(map(trigger, made)) as crowd:
            await told(lambda: spared(crowd, slow, made) > 8)
            asked, polls = queried(slow), crowd.polls
            slow.advance(10_000)
            outcomes = await crowd.outcomes()

    assert asked[lost] in (polls[lost], polls[lost] + 1), "the last one may be on its way"
    assert outcomes[lost] == ("success", "", "")


async def test_only_the_pages_are_asked_for_that_hold_somebody_who_waits(slow: StandIn) -> None:
    await asyncio.to_thread(videos, 2 * lists.PAGE_SIZE)
    made = await asyncio.to_thread(videos, 20)
    async with Crowd(map(trigger, made)) as crowd:
        await crowd.polled(5)

    assert {entry["query"]["pageNo"] for entry in listed(slow)} == {"1"}


async def test_tasks_on_a_later_page_are_found_there(slow: StandIn, connect: Connect) -> None:
    connect(slow, poll_interval=2, list_polling=True, max_rps=0)
    made = await asyncio.to_thread(videos, lists.PAGE_SIZE + 50)
    async with Crowd(map(trigger, made)) as crowd:
        await told(lambda: {entry["query"]["pageNo"] for entry in listed(slow)} == {"1", "2"})
        await told(lambda: spared(crowd, slow, made[:20]) > 8)


async def test_tasks_of_a_board_are_seen_in_its_list_once_their_own_answer_named_it(slow: StandIn) -> None:
    boards = {
        "b1": await asyncio.to_thread(photos, 8, boardId="b1"),
        "b2": await asyncio.to_thread(photos, 8, boardId="b2"),
    }
    bare = await asyncio.to_thread(photos, 8)
    async with Crowd(trigger(one, **PHOTO) for one in (*boards["b1"], *boards["b2"], *bare)) as crowd:
        for made in boards.values():
            await told(lambda made=made: spared(crowd, slow, made) > 8)
        asked, polls = queried(slow), crowd.polls
        slow.advance(10_000)
        outcomes = await crowd.outcomes()

    assert {entry["query"]["boardId"] for entry in listed(slow, BOARD_LIST)} == {"b1", "b2"}
    assert {entry["query"]["sortOrder"] for entry in listed(slow)} == {"desc"}
    assert all(asked[one] in (polls[one], polls[one] + 1) for one in bare)
    assert set(outcomes.values()) == {("success", "", "")}


async def test_where_an_item_decides_and_not_the_task_no_list_is_asked(slow: StandIn) -> None:
    made = await asyncio.to_thread(videos, 6, preview="true")
    slow.advance(10_000)
    export = {"family": "marketing_video_export", "judge": {"items": "exportVideos", "script_id": "0"}}
    async with Crowd(trigger(one, **export) for one in made) as crowd:
        await crowd.polled(3)
    item = {"judge": {"items": "exportVideos", "script_id": "0"}}
    async with Crowd(trigger(one, **item) for one in made) as crowd:
        await crowd.polled(3)

    assert listed(slow) == []


async def test_a_family_without_a_list_asks_none(slow: StandIn) -> None:
    async with TopviewAsyncHook() as hook:
        made = [await hook.submit("scraper", {"productLink": "https://shop.example/p"}) for _ in range(4)]
    async with Crowd(trigger(one, family="scraper", judge={}) for one in made) as crowd:
        await crowd.polled(3)

    assert [entry for entry in slow.requests() if entry["path"] in LISTS] == []


async def test_who_is_cancelled_takes_nothing_from_those_who_wait_for_the_same_answer(slow: StandIn) -> None:
    made = await asyncio.to_thread(videos, 12)
    slow.fault("delay", path=M2V_LIST, value=1.0, times=-1)
    async with Crowd(map(trigger, made)) as crowd:
        await until(lambda: any(len(roll._asking) > 2 for roll in rolls().values()))
        (roll,) = rolls().values()
        first, *others = [seat.watch.topview_task_id for seat in roll._asking]
        before = {one: crowd.polls[one] for one in others}
        asked, walk = queried(slow), roll._walk._task
        crowd.tasks[first].cancel()
        await until(lambda: crowd.tasks[first].done() and walk and walk.done())
        await until(lambda: all(crowd.polls[one] > before[one] for one in others))
        assert not walk.cancelled()
        assert first not in {seat.watch.topview_task_id for seat in roll.seats}
        assert sum(queried(slow)[one] == asked[one] for one in others) >= 1, "the answer came and was used"


async def test_the_last_one_to_leave_takes_the_request_with_it_and_leaves_nothing_behind(slow: StandIn) -> None:
    made = await asyncio.to_thread(videos, 6)
    slow.fault("never-answer", path=M2V_LIST, times=-1)
    async with Crowd(map(trigger, made)) as crowd:
        await until(lambda: any(roll._asking for roll in rolls().values()))
        (roll,) = rolls().values()
        walk = roll._walk._task
        session = next(iter(shared_here().values())).session
        for task in crowd.tasks.values():
            task.cancel()
        await asyncio.gather(*crowd.tasks.values(), return_exceptions=True)
        await until(lambda: walk and walk.done())

    assert walk
    assert walk.cancelled()
    await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})
    assert shared_here() == {}
    assert session
    assert session.closed


async def test_who_comes_after_all_others_were_cancelled_asks_anew(slow: StandIn) -> None:
    made = await asyncio.to_thread(videos, 8)
    slow.fault("never-answer", path=M2V_LIST, times=1)
    async with TopviewAsyncHook():
        async with Crowd(map(trigger, made)):
            await until(lambda: any(roll._asking for roll in rolls().values()))
            await told(lambda: listed(slow))  # the next question must not be the one that is never answered
        assert rolls() == {}
        async with Crowd(map(trigger, made)) as crowd:
            await told(lambda: len(listed(slow)) > 2)
            slow.advance(10_000)
            assert set((await crowd.outcomes()).values()) == {("success", "", "")}


async def test_the_poll_at_the_deadline_is_the_task_s_own_and_no_list_holds_it_up(slow: StandIn) -> None:
    made = await asyncio.to_thread(videos, 8)
    slow.fault("delay", path=M2V_LIST, value=30.0, times=-1)
    async with Crowd(trigger(one, end_time=time.time() + 2) for one in made) as crowd:
        outcomes = await crowd.outcomes()

    assert listed(slow)
    assert {word for word, _, _ in outcomes.values()} == {"timeout"}
    last = {entry["query"].get("taskId"): entry["path"] for entry in slow.requests()}
    assert all(last[one] == M2V_QUERY for one in made)


async def test_a_list_that_is_told_to_slow_down_slows_the_connection_down(slow: StandIn, connect: Connect) -> None:
    connect(slow, poll_interval=0.3, list_polling=True, max_rps=1000)
    made = await asyncio.to_thread(videos, 6)
    slow.fault("status", path=M2V_LIST, value=429, retry_after=0.1, times=-1)
    async with TopviewAsyncHook() as hook, Crowd(map(trigger, made)):
        await until(lambda: hook._shared.limiter.share < 1)


async def test_a_list_that_is_left_alone_is_told_of_once_in_the_log_of_the_triggerer(slow: StandIn) -> None:
    made = await asyncio.to_thread(videos, 6)
    slow.fault("html", path=M2V_LIST, times=-1)
    with Overheard(lists.__name__) as overheard:
        async with Crowd(map(trigger, made)) as crowd:
            await told(lambda: listed(slow))
            await crowd.polled(4)

    ((whose, line),) = overheard.lines
    assert whose == ""
    assert line.startswith(
        "INFO marketing_video_task_list is left alone for 10 s, its tasks are asked one by one: GET "
    )


async def test_a_list_that_told_nothing_is_asked_again_after_its_rest(
    slow: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "REST", 0.01)
    made = await asyncio.to_thread(videos, 8)
    slow.fault("html", path=M2V_LIST, times=2)
    async with Crowd(map(trigger, made)) as crowd:
        await told(lambda: len(listed(slow)) > 4)
        await told(lambda: spared(crowd, slow, made) > 8)
