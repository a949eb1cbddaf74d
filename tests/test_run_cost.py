"""What a run cost: cards, the credit log and its lag, several connections, and what stays unknown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException

from tests.conftest import FakeTaskInstance
from tests.contract.running import leave, new_context, resume
from topview_provider.exceptions import TopviewInvalidRequest
from topview_provider.operators import counting
from topview_provider.operators.spending import TopviewRunCostOperator
from topview_provider.operators.video import TopviewMarketingVideoExportOperator, TopviewMarketingVideoOperator
from topview_provider.operators.voice import TopviewTextToVoiceOperator
from topview_provider.standin.server import StandIn

LOG = "/user/credit/logs"
HOUR = 3600.0
Card = Mapping[str, Any]
Connect = Callable[..., str]


@pytest.fixture
def lagging(connect: Connect) -> Iterator[StandIn]:
    """A stand-in whose credit log is an hour behind."""
    with StandIn(seconds=0, any_file=True, log_seconds=HOUR) as service:
        connect(service, poll_interval=0.01)
        yield service


class Desk(FakeTaskInstance):
    """A task instance that hands out the cards of others, as ``xcom_pull`` of Airflow 3.3 does."""

    cards: dict[str, list[Card]]

    def xcom_pull(self, task_ids: str, key: str) -> Any:
        """Return one card as it is, several as a list, none as None."""
        assert key in ("topview", "topview_error")
        found = [one for one in self.cards.get(task_ids, []) if ("rerun" in one) == (key == "topview_error")]
        return found[0] if len(found) == 1 else found or None


def a_run(**cards: list[Card]) -> dict[str, Any]:
    """Return the context of a run whose tasks left these cards."""
    ti = Desk(cards={"unrelated": [], **cards})
    return {**new_context(), "ti": ti, "dag": SimpleNamespace(task_dict=dict.fromkeys(ti.cards))}


def count(context: dict[str, Any], task_ids: Any, **words: Any) -> Any:
    """Render and run the operator to its end."""
    task: Any = TopviewRunCostOperator(task_id="cost", task_ids=task_ids, **words)
    task.render_template_fields({"params": {"tasks": ["speech", "video"], "conn": "theirs"}})
    return task.execute(context)


def card_of(operator: Any, map_index: int = -1) -> Card:
    """Run an operator and return its card."""
    context = new_context(map_index=map_index)
    operator.execute(context)
    card: Card = context["ti"].pushed["topview"]
    return card


def speech(map_index: int = -1, **words: Any) -> Card:
    """Buy a sentence: its answer tells the cost."""
    return card_of(TopviewTextToVoiceOperator(task_id="speech", voice_text="Hello", voice_id="v", **words), map_index)


def video(**words: Any) -> Card:
    """Buy a marketing video: only the credit log tells its cost."""
    link = "https://shop.example/lamp"
    return card_of(TopviewMarketingVideoOperator(task_id="video", product_link=link, **words))


def export(topview_task_id: str, script_id: str = "0") -> Card:
    """Buy the video of one script of a preview."""
    words = {"topview_task_id": topview_task_id, "script_id": script_id}
    return card_of(TopviewMarketingVideoExportOperator(task_id="export", **words), int(script_id))


def sources(found: dict[str, Any]) -> list[tuple[str, int, Any, str]]:
    return [(line["task_id"], line["map_index"], line["cost_credit"], line["source"]) for line in found["tasks"]]


def test_costs_that_answers_told_are_added_up_without_the_log(service: StandIn) -> None:
    found = count(a_run(speech=[speech(place) for place in range(3)]), ["speech"])
    assert (found["total"], found["complete"], found["unknown"]) == (0.3, True, [])
    assert sources(found) == [("speech", place, 0.1, "answer") for place in range(3)]
    assert service.requests(LOG) == []


def test_a_cost_that_no_answer_tells_is_looked_up_in_the_log(service: StandIn) -> None:
    card = video()
    found = count(a_run(video=[card], speech=[speech()]), ["video", "speech"])
    assert (found["total"], found["complete"]) == (5.1, True)
    assert found["tasks"][0] == {
        "task_id": "video",
        "map_index": -1,
        "family": "marketing_video",
        "topview_task_id": card["topview_task_id"],
        "cost_credit": 5,
        "source": "log",
    }
    assert len(service.requests(LOG)) == 1


def test_a_preview_and_its_exports_share_an_id_and_are_counted_once(connect: Connect) -> None:
    with StandIn(seconds=0, any_file=True, scripts=2) as service:
        connect(service, poll_interval=0.01)
        preview = video(preview=True)
        exports = [export(preview["topview_task_id"], script) for script in ("0", "1")]
        found = count(a_run(video=[preview], export=exports), ["video", "export"])
        assert found["total"] == service.stats()["families"]["marketing_video_export"]["charged"] == 10
    assert found["complete"]
    assert sources(found) == [("video", -1, 0, "log"), ("export", 0, 5, "log"), ("export", 1, 5, "log")]


def test_the_log_is_waited_for_on_the_worker(lagging: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    context = a_run(video=[video()])
    slept: list[float] = []

    def sleep(pause: float) -> None:
        slept.append(pause)
        lagging.advance(HOUR)

    monkeypatch.setattr(time, "sleep", sleep)
    found = count(context, "video", deferrable=False)
    assert (found["total"], found["complete"]) == (5, True)
    assert slept == [counting.PAUSE]
    assert len(lagging.requests(LOG)) == 2


def test_a_wait_on_the_worker_ends(lagging: StandIn) -> None:
    assert count(a_run(video=[video()]), "video", lag_timeout=0.1, deferrable=False)["complete"] is False
    assert len(lagging.requests(LOG)) >= 2


def waiting() -> Any:
    """A new instance, as each worker makes one."""
    return TopviewRunCostOperator(task_id="cost", task_ids=["video"], deferrable=True)


def test_the_log_is_waited_for_in_the_triggerer(lagging: StandIn) -> None:
    context = a_run(video=[video()])
    before = time.time()
    left = leave(waiting(), context)
    assert type(left.trigger).__name__ == "DateTimeTrigger"
    assert set(left.kwargs or {}) == {"until"}
    assert before + 300 <= (left.kwargs or {})["until"] <= time.time() + 300
    lagging.advance(HOUR)
    assert resume(waiting(), left, context, event="the timer's")["total"] == 5


def test_a_task_in_the_triggerer_comes_back_as_often_as_it_must(lagging: StandIn) -> None:
    context = a_run(video=[video()])
    first = leave(waiting(), context)
    second = leave(waiting(), context, first, event="the timer's")
    assert second.kwargs == first.kwargs


def test_a_look_that_forgot_how_long_to_wait_is_the_last(lagging: StandIn) -> None:
    """``airflow dags test`` hands over the event alone."""
    context = a_run(video=[video()])
    left = leave(waiting(), context)
    assert waiting().resume_execution(left.method_name, {"event": "the timer's"}, context)["complete"] is False


@pytest.mark.parametrize("deferrable", [True, False])
def test_what_the_log_does_not_show_in_time_is_unknown(lagging: StandIn, deferrable: bool) -> None:
    card = video()
    found = count(
        a_run(video=[card], speech=[speech()]), ["speech", "video"], lag_timeout=timedelta(0), deferrable=deferrable
    )
    assert (found["total"], found["complete"], found["unknown"]) == (0.1, False, [card["topview_task_id"]])
    assert sources(found) == [("speech", -1, 0.1, "answer"), ("video", -1, None, "unknown")]


def test_a_task_that_failed_is_looked_up_and_not_waited_for(service: StandIn) -> None:
    failed = {**video(preview=True), "state": "failed"}
    found = count(a_run(video=[failed]), "video", deferrable=True)
    assert (found["total"], found["complete"]) == (0, True)
    assert sources(found) == [("video", -1, 0, "failed")]
    assert len(service.requests(LOG)) == 1


def test_a_task_that_nobody_waited_for_is_looked_up(service: StandIn) -> None:
    card = speech(wait_for_completion=False)
    assert card["state"] == "accepted"
    service.stats()
    assert sources(count(a_run(speech=[card]), "speech")) == [("speech", -1, 0.1, "log")]


def test_each_connection_is_asked_for_its_own(service: StandIn, connect: Connect) -> None:
    ours = video()
    with StandIn(seconds=0, any_file=True) as other:
        connect(other, conn_id="theirs", poll_interval=0.01)
        theirs = video(topview_conn_id="theirs")
        found = count(a_run(video=[ours, theirs]), "video")
        assert len(service.requests(LOG)) == len(other.requests(LOG)) == 1
    assert (found["total"], found["complete"]) == (10, True)


def test_one_account_behind_two_connections_is_not_counted_twice(service: StandIn, connect: Connect) -> None:
    connect(service, conn_id="again", poll_interval=0.01)
    preview = video(preview=True)
    bought = {**export(preview["topview_task_id"]), "topview_conn_id": "again"}
    assert count(a_run(video=[preview], export=[bought]), ["video", "export"])["total"] == 5


def test_a_connection_that_is_given_is_asked_for_all(service: StandIn, connect: Connect) -> None:
    connect(service, conn_id="theirs", poll_interval=0.01)
    card = {**video(), "topview_conn_id": "gone"}
    assert count(a_run(video=[card]), "video", topview_conn_id="{{ params.conn }}")["total"] == 5


def moments(service: StandIn) -> tuple[datetime, datetime]:
    """Return the window of the last look into the log."""
    asked = service.requests(LOG)[-1]["query"]
    start, end = (datetime.fromisoformat(asked[name]).replace(tzinfo=UTC) for name in ("startTime", "endTime"))
    return start, end


def test_the_log_is_read_from_before_the_first_submit_until_after_now(service: StandIn) -> None:
    now = datetime.now(UTC)
    long_ago = now.timestamp() - 7200
    count(a_run(video=[{**video(), "submitted_at": long_ago}, video()]), "video", lag_timeout=0)
    start, end = moments(service)
    assert now - timedelta(hours=3) < start < now - timedelta(hours=2)
    assert now < end < now + timedelta(hours=1)


def test_a_task_that_left_no_card_is_named_in_the_log(service: StandIn, capfd: pytest.CaptureFixture[str]) -> None:
    found = count(a_run(speech=[speech()], skipped=[]), ["skipped", "speech"])
    assert [line["task_id"] for line in found["tasks"]] == ["speech"]
    assert "skipped had nothing from TopView: it was skipped, or ended before" in capfd.readouterr().out


def test_the_table_stands_in_the_log(service: StandIn, capfd: pytest.CaptureFixture[str]) -> None:
    count(a_run(speech=[speech(), speech()]), "speech")
    table = capfd.readouterr().out.partition("What this run cost at TopView:\n")[2].splitlines()
    assert [row.split()[:5] for row in table[:2]] == [
        ["task", "times", "credits", "unknown"],
        ["speech", "(text_to_voice)", "2", "0.2", "0"],
    ]


@pytest.mark.parametrize(
    "task_ids",
    [["speech", "video"], ("video", "speech"), "{{ params.tasks }}", '["speech", "video", "speech"]'],
)
def test_tasks_may_be_named_in_any_way_a_list_can_be(service: StandIn, task_ids: Any) -> None:
    found = count(a_run(speech=[speech()], video=[video()]), task_ids)
    assert sorted(line["task_id"] for line in found["tasks"]) == ["speech", "video"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"task_ids": ["speech", "vidoe", "x"]}, "task_ids: no task vidoe, x in this DAG; it has unrelated, speech"),
        ({"task_ids": []}, "task_ids: name at least one task"),
        ({"task_ids": ""}, "task_ids: no task"),
        ({"task_ids": None}, "task_ids: None is not a list"),
        ({"task_ids": "{{ nothing }}"}, "task_ids: no task"),
        ({"task_ids": "speech", "lag_timeout": "soon"}, "lag_timeout: 'soon' is neither a number of seconds"),
        ({"task_ids": "speech", "lag_timeout": -1}, "lag_timeout: -1 is neither a number of seconds"),
    ],
)
def test_a_wrong_argument_is_refused_in_words(service: StandIn, words: dict[str, Any], said: str) -> None:
    with pytest.raises(TopviewInvalidRequest) as refused:
        count(a_run(speech=[]), **words)
    assert str(refused.value).startswith(said)
    assert service.requests() == []


def test_a_sequence_of_cards_need_not_be_a_list(service: StandIn) -> None:
    """Airflow 2.11 gives one that reads from the database as it goes."""
    context = a_run(speech=[speech(), speech()])
    eager = context["ti"].xcom_pull
    context["ti"].xcom_pull = lambda **words: iter(eager(**words))
    assert count(context, "speech")["total"] == 0.2


def test_what_others_pushed_under_the_same_key_is_no_card(service: StandIn) -> None:
    assert count(a_run(speech=[{"topview": "great"}, "great"]), "speech")["tasks"] == []  # type: ignore[list-item]


def test_a_run_within_its_budget_goes_on(service: StandIn) -> None:
    found = count(a_run(speech=[speech(place) for place in range(3)]), "speech", budget="0.5", to_come=0.2)
    assert found["total"] == 0.3


@pytest.mark.parametrize("words", [{"budget": 0.4, "to_come": "0.2"}, {"budget": "0.2"}])
def test_a_run_that_would_leave_its_budget_is_skipped(service: StandIn, words: dict[str, Any]) -> None:
    with pytest.raises(AirflowSkipException, match=r"this run cost 0\.3 credits, and 0\.?2? are to come"):
        count(a_run(speech=[speech(place) for place in range(3)]), "speech", **words)


def test_a_run_whose_cost_is_not_known_buys_nothing_more(lagging: StandIn) -> None:
    with pytest.raises(AirflowSkipException, match="nobody knows yet what 1 tasks of this run cost"):
        count(a_run(video=[video()]), "video", budget=1000, lag_timeout=0)


@pytest.mark.parametrize("task_ids", ["speech", []])
def test_what_has_not_run_cost_nothing(service: StandIn, task_ids: Any) -> None:
    assert count(a_run(speech=[]), task_ids, budget=1, to_come=1)["total"] == 0
    with pytest.raises(AirflowSkipException, match="this run cost 0 credits, and 2 are to come"):
        count(a_run(speech=[]), task_ids, budget=1, to_come=2)


@pytest.mark.parametrize(("rerun", "name"), [("look first", None), ("resume", "bought-by-the-first-try")])
def test_what_topview_may_have_taken_without_a_card_counts_as_too_much(
    service: StandIn, rerun: str, name: str | None
) -> None:
    lost = {"map_index": 1, "error": "cut", "rerun": rerun, "topview_task_id": name}
    with pytest.raises(AirflowSkipException, match="nobody knows yet what 1 tasks"):
        count(a_run(speech=[speech(0), lost]), "speech", budget=1000)


def test_what_was_refused_or_has_a_card_does_not_count_as_lost(service: StandIn) -> None:
    bought = speech(0)
    slow = {"map_index": 0, "error": "late", "rerun": "resume", "topview_task_id": bought["topview_task_id"]}
    refused = {"map_index": 1, "error": "no", "rerun": "submit", "topview_task_id": None}
    assert count(a_run(speech=[bought, slow, refused]), "speech", budget=1000)["complete"]
