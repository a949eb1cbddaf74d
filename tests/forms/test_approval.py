"""A person approves a script in Airflow's form: what the form shows, and what becomes of each answer."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, AirflowSkipException, BaseNotifier, Param
from airflow.providers.standard.operators.hitl import HITLOperator
from markdown_it import MarkdownIt

from tests.approving import MOMENT, PERSON, Desk, asking, posts, preview, script
from tests.support import fresh
from topview_provider import compat
from topview_provider.exceptions import (
    TopviewInvalidRequest,
    TopviewNotApproved,
    TopviewNotFound,
    TopviewUnavailable,
)
from topview_provider.links import TopviewResultLink
from topview_provider.standin.server import StandIn

EVIL = '<img src=x onerror="top.hit=1"> [x](javascript:top.hit=1) ![y](http://evil.example/y.png) `a` **b**\n\n# c'
LIST = "/v1/m2v/script/list"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def test_the_form_has_a_field_for_each_segment_with_its_words(service: StandIn, desk: Desk) -> None:
    topview_task_id = preview()
    form = desk.ask(asking(topview_task_id))
    texts = [segment["segText"] for segment in script(topview_task_id)]
    assert [field["value"] for field in form["params"].values()] == texts
    assert list(form["params"]) == ["segment_1", "segment_2", "segment_3"]
    schema = form["params"]["segment_2"]["schema"]
    assert schema == {"type": "string", "format": "multiline", "title": "Segment 2 of 3", "minLength": 1}
    assert form["options"] == ["Approve", "Reject"]


def test_another_script_of_the_preview_may_be_asked_about(connect: Callable[..., str], desk: Desk) -> None:
    with StandIn(seconds=0, any_file=True, scripts=2) as service:
        connect(service)
        topview_task_id = preview()
        form = desk.ask(asking(topview_task_id, script_id="1"))
        assert desk.words() == {
            f"segment_{number}": segment["segText"] for number, segment in enumerate(script(topview_task_id, 1), 1)
        }
        assert "take 2" in form["params"]["segment_1"]["value"]
        assert (desk.ti.pushed["topview"]["script_id"], desk.ti.pushed["topview"]["outputs"][:7]) == ("1", "video:v")
        assert desk.answer(asking(topview_task_id, script_id="1"))["script_id"] == "1"


def test_the_form_shows_the_preview_by_an_address_that_does_not_expire(service: StandIn, desk: Desk) -> None:
    body = desk.ask(asking(preview(product_name="Kettle"), body="*Please look.*"))["body"]
    shown = MarkdownIt().render(body)
    assert "<em>Please look.</em>" in shown
    assert "<strong>Kettle 1</strong>" in shown
    assert '<img src="/topview/result/d/r/approve/-1/cover"' in shown
    assert shown.count('href="/topview/result/d/r/approve/-1/video"') == 2
    assert "5 credits" in shown
    assert "http" not in body


def test_without_the_pages_the_form_shows_topview_s_own_addresses(
    service: StandIn, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__TOPVIEW__PAGES", "False")
    body = desk.ask(asking(preview()))["body"]
    assert re.search(rf"!\[Cover of the preview\]\(<{service.url}\S+\.jpg\S*>\)", body)


def test_words_of_others_stay_text_in_the_form(service: StandIn, desk: Desk) -> None:
    shown = MarkdownIt("commonmark", {"html": True}).render(desk.ask(asking(preview(product_name=EVIL)))["body"])
    said = " ".join(EVIL.split())
    assert f"<strong>{said}</strong>" in html.unescape(shown)
    assert re.findall(r"<img src=\S+", shown) == ['<img src="/topview/result/d/r/approve/-1/cover"']
    assert "javascript" not in re.sub(r"<strong>.*?</strong>", "", shown)


def test_the_task_s_own_tab_plays_the_preview(service: StandIn, desk: Desk) -> None:
    topview_task_id = preview()
    task = asking(topview_task_id)
    desk.ask(task)
    card = desk.ti.pushed["topview"]
    assert card["topview_task_id"] == topview_task_id
    assert (card["items"], card["script_id"], card["bought"]) == ("previewVideos", "0", False)
    assert card["outputs"] == "video:video:1 cover:image:1"
    desk.ti.run_id = "r"
    assert TopviewResultLink().get_link(task, ti_key=desk.ti) == "/topview/result/d/r/approve/-1/video"


def test_params_of_the_dag_are_no_fields_of_the_form(service: StandIn, desk: Desk) -> None:
    topview_task_id = preview()
    with DAG("d", params={"folder": Param("/tmp", type="string")}):
        task = asking(topview_task_id)
    assert list(desk.ask(task)["params"]) == ["segment_1", "segment_2", "segment_3"]


def test_who_approves_without_a_change_gets_the_script_as_it_was_read(service: StandIn, desk: Desk) -> None:
    topview_task_id = preview()
    desk.ask(asking(topview_task_id))
    assert desk.answer(asking(topview_task_id)) == {
        "topview_task_id": topview_task_id,
        "script_id": "0",
        "script_contents": script(topview_task_id),
        "changed": False,
        "approved_by": PERSON["name"],
        "approved_at": "2026-03-01T12:00:00+00:00",
    }


@pytest.mark.parametrize("fields", [{}, None])
def test_an_answer_without_fields_approves_what_was_shown(service: StandIn, desk: Desk, fields: Any) -> None:
    topview_task_id = preview()
    desk.ask(asking(topview_task_id))
    event = {"chosen_options": ["Approve"], "params_input": fields, "responded_at": MOMENT}
    result = desk.hand_over(asking(topview_task_id), {**event, "responded_by_user": PERSON})
    assert result["script_contents"] == script(topview_task_id)


def test_changed_words_stand_in_the_result_and_nothing_else_changes(service: StandIn, desk: Desk) -> None:
    topview_task_id = preview()
    desk.ask(asking(topview_task_id))
    result = desk.answer(asking(topview_task_id), segment_2="Zwei Wörter\nin zwei Zeilen.")
    before = script(topview_task_id)
    assert result["script_contents"] == [
        before[0],
        {**before[1], "segText": "Zwei Wörter\nin zwei Zeilen."},
        before[2],
    ]
    assert result["changed"]
    assert posts(service, "/script/update") == []


def test_where_somebody_removed_the_xcom_the_script_is_read_again(service: StandIn, desk: Desk) -> None:
    topview_task_id = preview()
    desk.ask(asking(topview_task_id))
    del desk.ti.pushed["script_shown"]
    assert desk.answer(asking(topview_task_id))["script_contents"] == script(topview_task_id)


def test_what_topview_says_beside_the_words_comes_back_as_it_was(service: StandIn, desk: Desk) -> None:
    topview_task_id = preview()
    odd = {"scriptId": 0, "scriptContents": [{"segId": 7, "segText": "One.\r\nTwo.", "tone": "calm"}]}
    service.fault("wrong-type", path=LIST, value=odd, times=-1)
    desk.ask(asking(topview_task_id))
    same = desk.answer(asking(topview_task_id), segment_1="One.\nTwo.")
    assert (same["script_contents"], same["changed"]) == (odd["scriptContents"], False)
    other = desk.answer(asking(topview_task_id), segment_1="Three.")
    assert other["script_contents"] == [{"segId": 7, "segText": "Three.", "tone": "calm"}]


def test_a_segment_that_was_empty_may_stay_so(service: StandIn, desk: Desk) -> None:
    topview_task_id = preview()
    script_of_two = [{"segId": "0", "segText": ""}, {"segId": "1", "segText": "Hello."}]
    service.fault("wrong-type", path=LIST, value=[{"scriptId": 0, "scriptContents": script_of_two}], times=-1)
    schema = desk.ask(asking(topview_task_id))["params"]["segment_1"]["schema"]
    assert ("minLength" in schema, schema["type"]) == (False, ["null", "string"])
    for words in ({}, {"segment_1": None}):  # Airflow's form sends null for a field that somebody emptied
        answer = desk.answer(asking(topview_task_id), **words)
        assert (answer["script_contents"], answer["changed"]) == (script_of_two, False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"segment_2": " \n"}, "segment 2 has no words any more"),
        ({"segment_2": None}, "segment 2 has no words any more, but None"),
        ({"segment_9": "More."}, "it has also segment_9"),
    ],
)
def test_an_answer_that_is_no_script_is_refused(service: StandIn, desk: Desk, words: dict[str, Any], said: str) -> None:
    topview_task_id = preview()
    desk.ask(asking(topview_task_id))
    with pytest.raises(TopviewInvalidRequest, match=said):
        desk.answer(asking(topview_task_id), **words)


def test_an_answer_that_lacks_a_segment_is_refused(service: StandIn, desk: Desk) -> None:
    topview_task_id = preview()
    desk.ask(asking(topview_task_id))
    del desk.forms[-1]["params"]["segment_3"]
    with pytest.raises(TopviewInvalidRequest, match="it lacks segment_3"):
        desk.answer(asking(topview_task_id))


def test_a_rejected_script_fails_the_task_for_good(service: StandIn, desk: Desk) -> None:
    topview_task_id = preview()
    desk.ask(asking(topview_task_id))
    with pytest.raises(TopviewNotApproved, match="Ada rejected the script") as rejected:
        desk.answer(asking(topview_task_id), "Reject")
    assert isinstance(rejected.value, AirflowFailException)


def test_a_rejected_script_skips_the_task_where_that_is_wanted(service: StandIn, desk: Desk) -> None:
    topview_task_id = preview()
    desk.ask(asking(topview_task_id))
    with pytest.raises(AirflowSkipException, match="Ada rejected the script"):
        desk.answer(asking(topview_task_id, on_reject="skip"), "Reject")


def test_a_question_without_an_answer_in_time_fails_for_good(service: StandIn, desk: Desk) -> None:
    topview_task_id = preview()
    task = asking(topview_task_id, response_timeout=timedelta(hours=2))
    desk.ask(task)
    event = {"error": "The timeout has passed.", "error_type": "timeout"}
    with pytest.raises(TopviewNotApproved, match=f"{topview_task_id} within 2:00:00") as late:
        desk.hand_over(asking(topview_task_id, response_timeout=timedelta(hours=2)), event)
    assert isinstance(late.value, AirflowFailException)


@pytest.mark.parametrize("default", ["Approve", "Reject"])
def test_a_default_counts_when_nobody_answered_in_time(service: StandIn, desk: Desk, default: str) -> None:
    topview_task_id = preview()
    assert desk.ask(asking(topview_task_id, defaults=default))["defaults"] == [default]
    event = {"chosen_options": [default], "params_input": desk.words(), "responded_at": MOMENT, "timedout": True}
    task = asking(topview_task_id, defaults=default, on_reject="skip")
    if default == "Approve":
        assert desk.hand_over(task, {**event, "responded_by_user": None})["approved_by"] is None
    else:
        with pytest.raises(AirflowSkipException, match="The default, as nobody answered, rejected"):
            desk.hand_over(task, {**event, "responded_by_user": None})


def test_an_answer_that_airflow_refuses_is_an_error_in_its_words(service: StandIn, desk: Desk) -> None:
    event = {"error": "'' is too short\n\nFailed validating", "error_type": "validation"}
    with pytest.raises(TopviewInvalidRequest, match=r"refused the answer .*: '' is too short. Nothing was exported"):
        desk.hand_over(asking("0123456789abcdef0123456789abcdef"), event)


def test_nothing_is_asked_of_people_before_there_is_a_script(service: StandIn, desk: Desk) -> None:
    topview_task_id = preview()
    service.fault("wrong-type", path=LIST, value=[], times=1)
    with pytest.raises(TopviewUnavailable, match="is its preview finished"):
        asking(topview_task_id).execute(desk.context)
    with pytest.raises(TopviewInvalidRequest, match="no words for script '4'; its scripts are 0"):
        asking(topview_task_id, script_id=4).execute(desk.context)
    with pytest.raises(TopviewNotFound):
        asking("0123456789abcdef0123456789abcdef").execute(desk.context)
    with pytest.raises(TopviewInvalidRequest, match="on_reject: 'laugh' is none of fail, skip"):
        asking(topview_task_id, on_reject="laugh").execute(desk.context)
    assert desk.forms == []


def test_each_attempt_asks_anew_about_the_script_as_it_is_then(service: StandIn, desk: Desk) -> None:
    topview_task_id = preview()
    desk.ask(asking(topview_task_id))
    first = desk.words()
    new = [{"segId": "0", "segText": "Now it reads so."}]
    service.fault("wrong-type", path=LIST, value=[{"scriptId": 0, "scriptContents": new}], times=1)
    desk.ask(asking(topview_task_id))
    assert desk.words() == {"segment_1": "Now it reads so."} != first
    assert desk.answer(asking(topview_task_id))["script_contents"] == new


def test_an_approval_changes_and_buys_nothing_at_topview(service: StandIn, desk: Desk) -> None:
    topview_task_id = preview()
    sent = len([entry for entry in service.requests() if entry["method"] == "POST"])
    desk.ask(asking(topview_task_id))
    desk.answer(asking(topview_task_id), segment_1="Other words.")
    assert len([entry for entry in service.requests() if entry["method"] == "POST"]) == sent


class Bell(BaseNotifier):
    """A notifier that asks Airflow for the address of the form, as those for chats and mail do."""

    template_fields = ()

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def notify(self, context: Any) -> None:
        words = {"context": {**context, "task": context["task"]}, "base_url": "https://airflow.example"}
        self.links.append(HITLOperator.generate_link_to_ui_from_context(**words))


def test_what_airflow_knows_about_its_forms_is_passed_on(service: StandIn, desk: Desk) -> None:
    bell = Bell()
    task = asking(preview(), subject="Kettle", notifiers=bell, assigned_users=PERSON)
    desk.context["task"] = task
    form = desk.ask(task)
    assert (form["subject"], form["assigned_users"]) == ("Kettle", [PERSON])
    assert bell.links == ["https://airflow.example/dags/d/runs/r/tasks/approve/required_actions?map_index=-1"]


NONE_OF_IT = """
import json, runpy, topview_provider.compat as compat
compat.human_operator = lambda: None
read = runpy.run_path("dags/topview_approval.py")
task = read["approve"]
try:
    task.execute({})
except Exception as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""


def test_a_dag_with_a_form_can_be_read_where_airflow_has_none_and_says_what_to_take() -> None:
    error, text = fresh(NONE_OF_IT)
    assert error == "TopviewInvalidRequest"
    assert "TopviewScriptApprovalSensor" in text


def test_airflow_below_3_1_and_one_without_its_standard_provider_have_no_form(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compat.human_operator() is HITLOperator
    monkeypatch.setitem(sys.modules, "airflow.providers.standard.operators.hitl", None)
    assert compat.human_operator() is None
    monkeypatch.undo()
    monkeypatch.setattr(compat, "airflow_line", lambda: (3, 0))
    assert compat.human_operator() is None
