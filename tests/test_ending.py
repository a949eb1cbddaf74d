"""How a wait ends: one line in the log, numbers for the metrics, and words when Airflow ends it first."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.running import events_of, leave, new_context
from tests.lines import hearing
from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.polling import Outcome, Wait
from topview_provider.sensors.topview import TopviewVideoAvatarSensor
from topview_provider.standin.server import StandIn
from topview_provider.tally import Tally
from topview_provider.waiting import read_event

from .attempts import cleared, retried
from .conftest import FakeStore
from .stats import Backend, telling

WAIT = Wait("t1", 1000.0, 2000.0)
TALLY = Tally(queued=12.04, running=40.0, detected=5.5, seconds=52.04, polls=9, failed_polls=1)


@pytest.fixture
def backend() -> Iterator[Backend]:
    with telling(Backend()) as backend:
        yield backend


def video(**words: Any) -> TopviewVideoAvatarOperator:
    return TopviewVideoAvatarOperator(task_id="t", **{"avatar_id": "a", "tts_text": "Hello.", **words})


def lines(act: Callable[[], Any], level: str) -> list[str]:
    """Return what was logged at a level while acting."""
    with hearing() as said:
        act()
    return [entry["event"] for entry in said if entry["log_level"] == level]


def test_the_last_line_has_every_number_that_is_known() -> None:
    (said,) = lines(lambda: video().log_end(Outcome("success", tally=TALLY), WAIT, 0.4), "info")
    known = "queued=12.0 running=40.0 detected=5.5 polls=9 failed_polls=1 credits=0.4"
    assert said == f"video_avatar t1 ended: outcome=success {known}"


def test_the_first_line_says_how_old_the_task_is_what_is_usual_and_when_the_attempt_gives_up(
    service: StandIn,
) -> None:
    context = new_context()
    said = lines(lambda: video(timeout=600).execute(context), "info")
    (stayed,) = (line for line in said if line.endswith("; waiting on this worker"))
    assert stayed.startswith(f"video_avatar {context['ti'].pushed['topview_task_id']} is 0 s old, usually done after ")
    assert re.search(r"; this attempt gives up at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC;", stayed)
    left = lines(lambda: leave(video(deferrable=True), new_context()), "info")
    assert left[-1].endswith("; waiting in the triggerer")


def test_a_retry_that_resumes_says_how_old_the_task_is_what_is_usual_and_when_it_gives_up(
    connect: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FakeStore()
    with StandIn(seconds=3600) as slow:
        connect(slow)
        leave(video(deferrable=True), retried(store, 1))
        later, context = time.time() + 240, retried(store, 2)
        monkeypatch.setattr(time, "time", lambda: later)
        said = lines(lambda: leave(video(deferrable=True), context), "info")
    assert re.search(r" is 4 min old, usually done after 4 min; this attempt gives up at \S+ \S+ UTC;", said[-1])
    card = context["ti"].pushed["topview"]
    assert card["expected_seconds"] == 240
    assert card["end_time"] == pytest.approx(later + 2700)


def test_the_last_line_says_unknown_where_nobody_knows() -> None:
    (said,) = lines(lambda: video().log_end(Outcome("failed"), WAIT, None), "info")
    unknown = "queued=unknown running=unknown detected=unknown polls=0 failed_polls=0 credits=unknown"
    assert said == f"video_avatar t1 ended: outcome=failed {unknown}"


def test_the_end_of_a_wait_is_told_to_the_metrics_once(backend: Backend) -> None:
    video().log_end(Outcome("success", tally=TALLY), WAIT, 0.4)
    assert {name: value for name, value in backend.heard.items() if "seconds" not in name} == {
        "topview.polls.video_avatar": 9,
        "topview.poll_errors.video_avatar": 1,
        "topview.credit_hundredths.video_avatar": 40,
    }


def test_a_result_that_is_landed_again_is_not_charged_again(backend: Backend) -> None:
    """A cleared task fetches what is paid for without a wait, so its outcome has no tally."""
    video().log_end(Outcome("success"), WAIT, 0.4)
    assert backend.heard == {}


@pytest.mark.parametrize("deferrable", [False, True])
def test_every_poll_of_a_sensor_is_counted_wherever_it_was_made(
    deferrable: bool, service: StandIn, backend: Backend
) -> None:
    topview_task_id = video(wait_for_completion=False).execute(new_context())["topview_task_id"]
    service.fault("unknown-status", value="running", times=2)
    words = {"deferrable": True} if deferrable else {"poke_interval": 0.01}
    waiting = TopviewVideoAvatarSensor(task_id="s", topview_task_id=topview_task_id, **words)
    if deferrable:
        left = leave(waiting, new_context())
        waiting.execute_complete(new_context(), events_of(left.trigger)[0])
    else:
        waiting.execute(new_context())
    assert backend.heard["topview.polls.video_avatar"] == 3


def test_a_wait_on_the_worker_and_one_in_the_triggerer_learn_the_same(service: StandIn) -> None:
    tallies = []
    for deferred in (False, True):
        task = video(deferrable=True)
        left = leave(task, new_context())
        service.fault("unknown-status", value="init", times=1)
        service.fault("unknown-status", value="running", times=1)
        wait = Wait(left.trigger.topview_task_id, time.time(), time.time() + 60)
        event = events_of(left.trigger)[0] if deferred else {}
        outcome = read_event(event, "video_avatar")[0] if deferred else task.stay_until_settled(wait)
        assert outcome.tally
        assert None not in outcome.tally.flat().values()
        tallies.append((outcome.word, outcome.tally.polls, outcome.tally.failed_polls))
    assert tallies[0] == tallies[1]


def test_an_operator_that_is_killed_while_it_waits_says_that_the_task_goes_on(service: StandIn) -> None:
    topview_task_id = video(wait_for_completion=False).execute(new_context())["topview_task_id"]
    service.fault("unknown-status", value="running", times=-1)
    task, wait = video(), Wait(topview_task_id, time.time() - 9, time.time() + 60)
    waiting = threading.Thread(target=task.stay_until_settled, args=(wait,))
    waiting.start()
    while not (task._watch and task._watch.polls):
        time.sleep(0.005)
    (said,) = lines(task.on_kill, "warning")
    service.clear_faults()
    waiting.join()
    assert f"no call to cancel video_avatar {topview_task_id}: it goes on there and is charged if it finishes" in said
    assert re.search(r"\(last seen: running, \d+ s", said)
    assert "A retry or a clear resumes it without paying again" in said
    assert {call["method"] for call in service.requests("/v1/video_avatar/task/query")} == {"GET"}
    assert service.stats("video_avatar")["received"] == 1


def test_an_operator_that_is_killed_before_it_waits_names_the_intent() -> None:
    (said,) = lines(video().on_kill, "warning")
    assert (
        "If a submit is on its way, TopView may accept and charge it: the ledger, where there is one, holds the intent"
        in said
    )


def test_an_operator_that_is_killed_while_its_trigger_waits_in_this_process_says_that_the_task_goes_on(
    service: StandIn,
) -> None:
    task = video(deferrable=True)
    left = leave(task, new_context())
    (said,) = lines(task.on_kill, "warning")
    assert f"no call to cancel video_avatar {left.trigger.topview_task_id}: it goes on there and is charged" in said


def test_an_operator_that_is_killed_between_the_submit_and_the_wait_says_that_the_task_goes_on(
    service: StandIn,
) -> None:
    class Killed(TopviewVideoAvatarOperator):
        def noted(self, *args: Any) -> Any:
            self.on_kill()
            return super().noted(*args)

    task = Killed(task_id="t", avatar_id="a", tts_text="Hello.", wait_for_completion=False)
    (said,) = lines(lambda: task.execute(new_context()), "warning")
    (job,) = service.jobs()
    assert f"no call to cancel video_avatar {job['topview_task_id']}: it goes on there" in said


def test_an_operator_that_is_killed_while_it_replaces_a_task_that_is_gone_does_not_speak_of_that_one(
    service: StandIn,
) -> None:
    class Killed(TopviewVideoAvatarOperator):
        def already_there(self, body: Any) -> str:
            self.on_kill()
            return super().already_there(body)

    store = FakeStore()
    gone = video().execute(retried(store, 1))["topview_task_id"]
    service.fault("code", path="/v1/video_avatar/task/query", value="4004", times=1)
    task = Killed(task_id="t", avatar_id="a", tts_text="Hello.", on_missing_result="resubmit")
    said = lines(lambda: task.execute(cleared(store, 2)), "warning")
    (killed,) = (line for line in said if line.startswith("Airflow ends"))
    assert killed.startswith("Airflow ends this Airflow task before it waits for one of TopView")
    assert gone not in killed


def test_an_operator_that_is_killed_while_it_lands_knows_its_task(service: StandIn) -> None:
    task = video(deferrable=True)
    left = leave(task, new_context())
    landing = video(deferrable=True)
    landing.landing_answer(Wait(left.trigger.topview_task_id, time.time(), time.time() + 60))
    (said,) = lines(landing.on_kill, "warning")
    assert f"{left.trigger.topview_task_id}: it goes on there" in said
    assert "last seen: success" in said


def test_a_wait_that_is_not_to_ask_at_once_pauses_on_the_worker_and_in_the_triggerer(service: StandIn) -> None:
    task = video(deferrable=True, poll_interval=7)
    left = leave(task, new_context())
    wait = Wait(left.trigger.topview_task_id, time.time(), time.time() + 60)
    assert 0.7999 * 7 <= task.breath(wait) <= 1.2001 * 7
    assert task.breath(Wait("t1", time.time(), time.time())) == 0.0
    before = time.time()
    assert before + 7 <= task.trigger(wait, 7.0).not_before <= time.time() + 7
    assert task.trigger(wait).not_before == 0.0
