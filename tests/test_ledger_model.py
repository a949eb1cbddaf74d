"""
The law of money against a model: a service, a store, and a process that may die before and after each of their acts.

The operators are the real ones, down to the door through which calls are sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import FakeStore, FakeTaskInstance
from topview_provider import exceptions as errors
from topview_provider import wire
from topview_provider.hooks.topview import TopviewHook
from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator

RETRIES = 2
TEXTS = ("a", "b")


class Killed(BaseException):
    """The process is killed here."""


@dataclass
class Process:
    """One process: it dies at its n-th act; an act is half a call of the store or of the service."""

    dies_at: int | None = None
    acts: int = 0

    def act(self) -> None:
        self.acts += 1
        if self.acts == self.dies_at:
            raise Killed


class Store(FakeStore):
    """Airflow's store, as one process sees it."""

    def __init__(self, values: dict[str, Any], process: Process) -> None:
        super().__init__(values)
        self.values, self.process = values, process

    def get(self, key: str, default: Any = None) -> Any:
        self.process.act()
        return self.values.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self.process.act()
        super().set(key, value)
        self.values[key] = self[key]
        self.process.act()

    def delete(self, key: str) -> None:
        self.process.act()
        self.values.pop(key, None)
        self.process.act()


@dataclass
class Task:
    """One accepted task."""

    text: str
    body: dict[str, Any]
    state: str = "running"
    gone: bool = False
    created: float = field(default_factory=time.time)

    def go_on(self, fate: str) -> None:
        """Let time pass for it."""
        if self.state == "running" and fate != "running":
            self.state = "fail" if fate == "fail" else "success"
        self.gone = self.gone or (fate == "gone" and self.state == "success")


@dataclass
class Service:
    """TopView: it takes every submit that arrives, and charges for each that does not fail."""

    tasks: dict[str, Task] = field(default_factory=dict)
    doubts: int = 0

    def live(self, text: str) -> int:
        """Return how many tasks of a text were accepted and have not failed."""
        return sum(task.text == text and task.state != "fail" for task in self.tasks.values())

    def submit(self, call: wire.Call, answer: str) -> Any:
        refusals = {
            "busy": errors.TopviewBusy,
            "refused": errors.TopviewInvalidRequest,
            "unreachable": errors.TopviewUnavailable,
        }
        if answer in refusals:
            raise refusals[answer]("no")
        if answer == "never arrived":
            raise errors.TopviewSubmitUnknown("lost")
        body = dict(call.body or {})
        topview_task_id = f"t{len(self.tasks)}"
        self.tasks[topview_task_id] = Task(str(body.get("ttsText") or body.get("productName")), body)
        if answer == "lost":
            raise errors.TopviewSubmitUnknown("lost")
        return {"taskId": topview_task_id, "status": "success"}

    def query(self, call: wire.Call) -> Any:
        task = self.tasks[str(call.topview_task_id)]
        if task.gone:
            raise errors.TopviewNotFound("4004")
        done = {"outputVideoUrl": "https://files.example/v.mp4"}
        video = {"scriptId": 0, "status": "success", "videoUrl": "https://files.example/v.mp4"}
        answer = {"taskId": call.topview_task_id, "status": task.state}
        return {**answer, **done, "exportVideos": [video]} if task.state == "success" else answer

    def listing(self) -> Any:
        moment = lambda task: time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(task.created))  # noqa: E731
        names = ("productName", "productDescription")
        items = [
            {"taskId": key, "gmtCreate": moment(task), **{name: task.body.get(name) for name in names}}
            for key, task in self.tasks.items()
        ]
        return {"data": items, "total": len(items)}


class Door(TopviewHook):
    """The hook of a worker, with the model behind the door through which calls leave."""

    def __init__(self, service: Service, process: Process, answer: str) -> None:
        super().__init__(patience=0)
        self.service, self.process, self.answer = service, process, answer

    def _send(self, call: wire.Call) -> Any:
        self.process.act()
        if call.submits:
            said = self.service.submit(call, self.answer)
        elif call.path.endswith("/list"):
            said = self.service.listing()
        else:
            said = self.service.query(call)
        self.process.act()
        return said


@dataclass(frozen=True)
class Turn:
    """
    One attempt, and what happens to it.

    ``cleared``: a person clears the task before it; otherwise it is the automatic retry of the one before.
    """

    text: str
    answer: str
    fate: str
    dies_at: int | None
    cleared: bool
    deferrable: bool


turns = st.builds(
    Turn,
    text=st.sampled_from(TEXTS),
    answer=st.sampled_from(["accepted"] * 4 + ["lost", "never arrived", "busy", "refused", "unreachable"]),
    fate=st.sampled_from(["success", "success", "fail", "running", "gone"]),
    dies_at=st.none() | st.integers(1, 24),
    cleared=st.booleans(),
    deferrable=st.booleans(),
)
rules = st.fixed_dictionaries(
    {},
    optional={
        "on_changed_input": st.sampled_from(["auto", "resubmit", "fail"]),
        "resubmit_on_failure": st.booleans(),
        "wait_for_completion": st.booleans(),
    },
)
resubmitting = st.fixed_dictionaries(
    {},
    optional={
        "on_orphaned_intent": st.just("resubmit"),
        "on_missing_result": st.just("resubmit"),
        "force_resubmit": st.booleans(),
    },
)


def video_avatar(text: str, **words: Any) -> Any:
    return TopviewVideoAvatarOperator(task_id="t", avatar_id="a1", tts_text=text, **words)


def marketing_video(text: str, **words: Any) -> Any:
    given = {"product_name": text, "product_description": "d", "file_ids": ["f1"], "language": "en"}
    return TopviewMarketingVideoOperator(task_id="t", **given, **words)


@dataclass
class History:
    """All that happens to one task instance."""

    make: Callable[..., Any]
    words: dict[str, Any]
    service: Service = field(default_factory=Service)
    values: dict[str, Any] = field(default_factory=dict)
    try_number: int = 0
    max_tries: int = RETRIES
    clears: int = 0
    deaths: int = 0
    ends: list[str] = field(default_factory=list)

    def go(self, turn: Turn) -> None:
        """Make one attempt."""
        if turn.cleared and self.try_number:
            self.max_tries = self.try_number + RETRIES
            self.clears += 1
        self.try_number += 1
        for task in self.service.tasks.values():  # while nobody looked
            task.go_on(turn.fate)
        try:
            self.attempt(turn, Process(turn.dies_at))
            self.ends.append("success")
        except errors.TopviewError as error:
            self.ends.append(type(error).__name__)
        except Killed:
            self.deaths += 1
            self.ends.append("killed")

    def attempt(self, turn: Turn, process: Process) -> None:
        """Run an operator as Airflow does: on the worker, in the triggerer, and on the worker again."""
        ti = FakeTaskInstance(try_number=self.try_number, max_tries=self.max_tries, map_index=-1)
        context = {"ti": ti, "task_state_store": Store(self.values, process), "outlet_events": {}}
        task = self.make(turn.text, retries=RETRIES, deferrable=turn.deferrable, timeout=0, **self.words)
        context["dag"] = type("Dag", (), {"tasks": [task]})
        task.hook = Door(self.service, process, turn.answer)
        try:
            result = task.execute(context)
        except TaskDeferred as left:
            if left.method_name != "execute_complete":
                return
            result = task.execute_complete(context, event=self.seen(left.trigger.serialize()[1]))
        assert self.service.tasks[result["topview_task_id"]].text == turn.text, "the result of another purchase"

    def seen(self, trigger: dict[str, Any]) -> dict[str, Any]:
        """Return the event of a trigger that looks once."""
        task = self.service.tasks[trigger["topview_task_id"]]
        word = {"success": "success", "fail": "failed"}.get(task.state, "timeout")
        gone = {"outcome": "error", "error": "TopviewNotFound"} if task.gone else {"outcome": word}
        return {**trigger, "message": "", "error": "", **gone}


@pytest.fixture(autouse=True)
def connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection, and no pauses."""
    monkeypatch.setenv("AIRFLOW_CONN_TOPVIEW_DEFAULT", '{"conn_type": "topview", "login": "u", "password": "k-12345"}')
    monkeypatch.setattr("topview_provider.hooks.requesting.LONGEST_WAIT", 0.0)
    monkeypatch.setattr("topview_provider.waiting.GRACE", 0.0)


families = pytest.mark.parametrize("make", [video_avatar, marketing_video])
steady = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@families
@steady
@given(words=rules, told=st.lists(turns, min_size=1, max_size=6))
def test_whatever_dies_at_most_one_task_per_purchase_is_accepted_and_has_not_failed(
    make: Callable[..., Any], words: dict[str, Any], told: list[Turn]
) -> None:
    history = History(make, words)
    for turn in told:
        history.go(turn)
        assert [text for text in TEXTS if history.service.live(text) > 1] == []


@families
@steady
@given(words=resubmitting, told=st.lists(turns, min_size=1, max_size=6))
def test_a_rule_that_buys_anew_buys_once_per_doubt_clear_or_loss(
    make: Callable[..., Any], words: dict[str, Any], told: list[Turn]
) -> None:
    history = History(make, words)
    for turn in told:
        history.go(turn)
    unclear = history.deaths + sum(turn.answer in ("lost", "never arrived") for turn in told)
    allowed = 1 + ("on_orphaned_intent" in words) * unclear + bool(words.get("force_resubmit")) * history.clears
    allowed += ("on_missing_result" in words) * sum(task.gone for task in history.service.tasks.values())
    assert max(history.service.live(text) for text in TEXTS) <= allowed


@families
def test_every_point_at_which_an_attempt_can_die_is_followed_by_at_most_one_purchase(make: Callable[..., Any]) -> None:
    """All of them one by one, each followed by retries that nothing disturbs."""
    calm = Turn("a", "accepted", "success", None, cleared=False, deferrable=False)
    found_again = {"success"} if make is marketing_video else {"success", "TopviewSubmitUnknown"}
    points = 0
    for deferrable in (False, True):
        for point in range(1, 40):
            history = History(make, {})
            history.go(Turn("a", "accepted", "running", point, cleared=False, deferrable=deferrable))
            points += history.deaths
            for _ in range(RETRIES):
                history.go(calm)
            assert history.service.live("a") <= 1
            assert not history.service.tasks or history.ends[-1] in found_again
    assert points > 15


def test_a_model_without_a_ledger_breaks_the_law() -> None:
    """The model can tell: with a store that forgets, a killed attempt is bought again."""
    history = History(video_avatar, {})
    for _ in range(2):
        history.values.clear()
        history.go(Turn("a", "accepted", "running", None, cleared=False, deferrable=False))
    assert history.service.live("a") == 2
