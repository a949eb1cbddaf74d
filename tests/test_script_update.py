"""The script update writes what differs, and takes what an approval leaves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.approving import MOMENT, Desk, asking, posts, preview, script
from tests.contract.running import new_context
from topview_provider.exceptions import TopviewInvalidRequest
from topview_provider.operators.script import TopviewMarketingVideoScriptUpdateOperator
from topview_provider.standin.server import StandIn

UPDATE = "/script/update"


def write(topview_task_id: str, script_contents: Any, **words: Any) -> Any:
    given = {"topview_task_id": topview_task_id, "script_contents": script_contents, **words}
    return TopviewMarketingVideoScriptUpdateOperator(task_id="write", **given).execute(new_context())


def test_a_script_that_reads_so_already_is_not_written(service: StandIn) -> None:
    topview_task_id = preview()
    contents = script(topview_task_id)
    assert write(topview_task_id, contents) is None
    assert write(topview_task_id, [{**one, "segId": int(one["segId"])} for one in contents]) is None
    assert posts(service, UPDATE) == []


def test_what_differs_in_words_or_in_a_segment_is_written_once(service: StandIn) -> None:
    topview_task_id = preview()
    contents = script(topview_task_id)[:2]
    assert write(topview_task_id, contents)["taskId"] == topview_task_id
    assert script(topview_task_id) == contents
    assert write(topview_task_id, contents) is None
    assert [body["scriptContents"] for body in posts(service, UPDATE)] == [contents]


def test_an_edited_approval_is_written_and_an_unedited_one_is_not(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    topview_task_id, desk = preview(), Desk(monkeypatch)
    desk.ask(asking(topview_task_id))
    write(topview_task_id, desk.answer(asking(topview_task_id)), missing_ok=True)
    assert posts(service, UPDATE) == []
    approved = desk.answer(asking(topview_task_id), segment_1="Better words.")
    write(topview_task_id, approved, missing_ok=True)
    assert [body["scriptContents"] for body in posts(service, UPDATE)] == [approved["script_contents"]]
    assert script(topview_task_id)[0]["segText"] == "Better words."


def test_what_was_approved_is_exported_though_somebody_changed_the_script_meanwhile(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    topview_task_id, desk = preview(), Desk(monkeypatch)
    desk.ask(asking(topview_task_id))
    shown = script(topview_task_id)
    write(topview_task_id, [{"segId": "0", "segText": "Words of somebody else."}])
    event = {"chosen_options": ["Approve"], "params_input": {}, "responded_at": MOMENT, "responded_by_user": None}
    write(topview_task_id, desk.hand_over(asking(topview_task_id), event))
    assert script(topview_task_id) == shown


def test_an_approval_that_was_marked_as_success_keeps_the_script(service: StandIn) -> None:
    topview_task_id = preview()
    assert write(topview_task_id, None, missing_ok=True) is None
    assert posts(service, UPDATE) == []


@pytest.mark.parametrize(
    ("script_contents", "missing_ok"), [(None, False), ("None", True), ({"other": 1}, True), ([], True)]
)
def test_no_script_is_refused_where_it_is_no_such_approval(
    service: StandIn, script_contents: Any, missing_ok: bool
) -> None:
    with pytest.raises(TopviewInvalidRequest, match="script_contents"):
        write(preview(), script_contents, missing_ok=missing_ok)
    assert posts(service, UPDATE) == []
