"""A retry that finds the task of an earlier attempt looks once, and defers only for what still runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.running import leave
from tests.lines import hearing
from topview_provider.exceptions import TopviewTaskFailed
from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.standin.server import StandIn

from .attempts import retried
from .conftest import FakeStore

FAMILY = "video_avatar"


@pytest.fixture
def slow(connect: Callable[..., str]) -> Iterator[StandIn]:
    """A stand-in whose jobs do not end by themselves."""
    with StandIn(seconds=3600) as service:
        connect(service)
        yield service


def video(**words: Any) -> TopviewVideoAvatarOperator:
    return TopviewVideoAvatarOperator(task_id="t", avatar_id="a", tts_text="Hello.", deferrable=True, **words)


def bought(store: FakeStore) -> str:
    """Let a first attempt buy and defer, and return the id of its task."""
    context = retried(store, 1)
    leave(video(), context)
    return str(context["ti"].pushed["topview_task_id"])


def asked(service: StandIn) -> int:
    """Return how often a task was asked for."""
    return sum("task/query" in entry["path"] for entry in service.requests())


def test_what_ended_meanwhile_is_landed_without_another_deferral(service: StandIn) -> None:
    store = FakeStore()
    topview_task_id = bought(store)
    manifest = video().execute(retried(store, 2))
    assert (manifest["topview_task_id"], manifest["status"]) == (topview_task_id, "success")
    assert int(service.stats(FAMILY)["accepted"]) == 1


def test_what_failed_meanwhile_is_told_without_another_deferral(service: StandIn) -> None:
    service.fault("fail", message="no face found", times=-1)
    store = FakeStore()
    bought(store)
    with pytest.raises(TopviewTaskFailed, match="no face found"):
        video().execute(retried(store, 2))


def test_what_still_runs_is_asked_for_once_and_waited_for_in_the_triggerer(slow: StandIn) -> None:
    store = FakeStore()
    topview_task_id = bought(store)
    assert asked(slow) == 0
    left = leave(video(), retried(store, 2))
    assert left.trigger.serialize()[1]["topview_task_id"] == topview_task_id
    assert asked(slow) == 1


@pytest.mark.parametrize("fault", [{"value": 503, "retry_after": 30}, {"value": 401}], ids=str)
def test_what_cannot_be_asked_for_is_asked_once_and_waited_for_in_the_triggerer(
    slow: StandIn, fault: dict[str, int]
) -> None:
    store = FakeStore()
    topview_task_id = bought(store)
    slow.fault("status", **fault, path="*/query", times=-1)
    left = leave(video(), retried(store, 2))
    assert left.trigger.serialize()[1]["topview_task_id"] == topview_task_id
    assert asked(slow) == 1


def test_who_is_ended_after_a_look_says_which_task_goes_on(slow: StandIn) -> None:
    store, task = FakeStore(), video()
    topview_task_id = bought(store)
    leave(task, retried(store, 2))
    with hearing() as heard:
        task.on_kill()
    (said,) = [entry["event"] for entry in heard if entry["log_level"] == "warning"]
    assert topview_task_id in said
