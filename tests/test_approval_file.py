"""A person approves a script in a file: what is written there, and what becomes of each way to leave it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout, AirflowSkipException

from tests.approving import posts, preview, script
from tests.contract.running import new_context
from tests.lines import Reschedule, first_asked, hearing
from topview_provider.exceptions import TopviewError, TopviewInvalidRequest, TopviewNotApproved
from topview_provider.hooks.topview import storage_path
from topview_provider.sensors.approval import TopviewScriptApprovalSensor
from topview_provider.standin.server import StandIn

from .files import memory

__all__ = ["memory"]

LIST = "/v1/m2v/script/list"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Question:
    """A preview, the sensor that asks about it, and the file in between."""

    def __init__(self, folder: Path) -> None:
        self.id = preview()
        self.file = folder / f"{self.id}.json"
        self.path = str(folder / "{topview_task_id}.json")

    def look(self, **words: Any) -> Any:
        """Look once, as Airflow does in mode reschedule, and return the result, or None while nobody answered."""
        given = {"topview_task_id": self.id, "path": self.path, **words}
        context = new_context(get_first_reschedule_date=lambda _: datetime.now(UTC))
        try:
            return TopviewScriptApprovalSensor(task_id="approve", **given).execute(context)
        except Reschedule:
            return None

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file.read_text())
        return found

    def edit(self, **changes: Any) -> None:
        """Change the file as a person does, ``text_0`` being the first segment's."""
        content = self.read()
        for name, value in changes.items():
            if name.startswith("text_"):
                content["segments"][int(name[5:])]["text"] = value
            else:
                content[name] = value
        self.file.write_text(json.dumps(content))


@pytest.fixture
def question(service: StandIn, tmp_path: Path) -> Question:
    return Question(tmp_path)


def test_the_file_says_what_to_do_and_holds_the_script(question: Question) -> None:
    assert question.look() is None
    content = question.read()
    assert list(content) == ["instructions", "approve", "approved_by", "topview_task_id", "script_id", "segments"]
    assert '"approve" to true' in content["instructions"]
    assert content["approve"] is None
    texts = [segment["segText"] for segment in script(question.id)]
    assert content["segments"] == [{"id": str(number), "text": text} for number, text in enumerate(texts)]
    assert question.file.read_text().count("\n") > 10


def test_who_approves_without_a_change_gets_the_script_as_topview_has_it(question: Question) -> None:
    question.look()
    question.edit(approve=True)
    result = question.look()
    moment = datetime.fromisoformat(result.pop("approved_at"))
    assert moment.utcoffset() is not None
    assert result == {
        "topview_task_id": question.id,
        "script_id": "0",
        "script_contents": script(question.id),
        "changed": False,
        "approved_by": None,
    }


def test_changed_words_stand_in_the_result_and_nothing_is_written_at_topview(
    question: Question, service: StandIn
) -> None:
    question.look()
    question.edit(approve="true", text_1="Zwei Wörter.", approved_by=" Ada ")
    result = question.look()
    before = script(question.id)
    assert result["script_contents"] == [before[0], {**before[1], "segText": "Zwei Wörter."}, before[2]]
    assert (result["changed"], result["approved_by"]) == (True, "Ada")
    assert posts(service, "/script/update") == []


def test_a_retry_and_a_clear_find_what_was_written_there(question: Question) -> None:
    question.look()
    question.edit(text_0="Half an hour of work.")
    assert question.look() is None
    question.edit(approve=True)
    first, second = question.look(), question.look()
    assert first["script_contents"][0]["segText"] == "Half an hour of work."
    assert second["script_contents"] == first["script_contents"]


@pytest.mark.parametrize(
    "content", ["", '{"approve": tr', "null", "[1]", '{"segments": []}', '{"approve": "perhaps"', "\ufeff"]
)
def test_what_cannot_be_read_is_not_finished_yet(question: Question, content: str) -> None:
    question.look()
    question.file.write_text(content)
    with hearing() as said:
        assert question.look() is None
    assert question.file.read_text() == content
    assert [entry["log_level"] for entry in said if "waiting on" in entry["event"]] == ["warning"]


def test_a_decision_that_is_none_is_waited_for_and_named(question: Question) -> None:
    question.look()
    question.edit(approve="perhaps")
    with hearing() as said:
        assert question.look() is None
    [warning] = [entry for entry in said if entry["log_level"] == "warning"]
    assert "'perhaps' is neither true nor false" in str(warning)


def test_an_editor_may_write_a_byte_order_mark(question: Question) -> None:
    question.look()
    question.edit(approve=True)
    question.file.write_text(question.file.read_text(), encoding="utf-8-sig")
    assert question.look()["changed"] is False


def test_a_rejected_script_fails_the_task_for_good(question: Question) -> None:
    question.look()
    question.edit(approve=False, approved_by="Ada")
    with pytest.raises(TopviewNotApproved, match="Ada rejected the script") as rejected:
        question.look()
    assert isinstance(rejected.value, AirflowFailException)


def test_a_rejected_script_skips_the_task_where_that_is_wanted(question: Question) -> None:
    question.look()
    question.edit(approve=False)
    with pytest.raises(AirflowSkipException, match=r"Somebody rejected the script"):
        question.look(on_reject="skip")


@pytest.mark.parametrize(
    ("segments", "said"),
    [
        ([{"id": "0", "text": "A."}, {"id": "1", "text": "B."}], "it lacks 2"),
        ([{"id": str(number), "text": "A."} for number in range(4)], "it has also 3"),
        ([{"id": number, "text": "A."} for number in ("1", "0", "2")], "their order is another"),
        (["A.", "B.", "C."], "it lacks 0, 1, 2"),
        (None, "it lacks 0, 1, 2"),
    ],
)
def test_other_segments_are_refused(question: Question, segments: Any, said: str) -> None:
    question.look()
    question.edit(approve=True, segments=segments)
    with pytest.raises(TopviewInvalidRequest, match=said):
        question.look()


def test_a_segment_without_words_is_refused(question: Question) -> None:
    question.look()
    question.edit(approve=True, text_2="  ")
    with pytest.raises(TopviewInvalidRequest, match="segment 3 has no words any more"):
        question.look()


def test_ids_that_are_numbers_come_back_as_numbers(question: Question, service: StandIn) -> None:
    odd = {"scriptId": 0, "scriptContents": [{"segId": 7, "segText": "One.", "tone": "calm"}]}
    service.fault("wrong-type", path=LIST, value=odd, times=-1)
    question.look()
    question.edit(approve=True, text_0="Two.")
    assert question.look()["script_contents"] == [{"segId": 7, "segText": "Two.", "tone": "calm"}]


def test_the_answer_about_another_script_is_refused(question: Question, tmp_path: Path) -> None:
    path = str(tmp_path / "always-the-same.json")
    question.file = Path(path)
    question.look(path=path)
    question.edit(approve=True)
    with pytest.raises(
        TopviewInvalidRequest, match=f"holds script 0 of marketing_video {question.id}, not script 0 of"
    ):
        question.look(path=path, topview_task_id=preview(product_name="Another"))


def test_the_manifest_of_the_preview_will_do_and_each_script_has_a_file(question: Question, tmp_path: Path) -> None:
    question.look(topview_task_id={"topview_task_id": question.id}, path=str(tmp_path / "{script_id}-{other}.json"))
    assert (tmp_path / "0-{other}.json").exists()


def test_without_an_answer_in_time_the_task_fails_and_says_what_was_waited_for(
    question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = new_context(**first_asked(monkeypatch, LONG_AGO))
    task = TopviewScriptApprovalSensor(task_id="approve", topview_task_id=question.id, path=question.path, timeout=60)
    with pytest.raises(AirflowSensorTimeout, match=f"{question.id}.json: nobody approved .* within 60 s"):
        task.execute(context)


def test_a_soft_sensor_skips_when_nobody_answered(question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    context = new_context(**first_asked(monkeypatch, LONG_AGO))
    given = {"topview_task_id": question.id, "path": question.path}
    with pytest.raises(AirflowSkipException):
        TopviewScriptApprovalSensor(task_id="a", timeout=60, soft_fail=True, **given).execute(context)


def test_a_file_that_cannot_be_read_is_an_error(question: Question, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(TopviewError, match=r"cannot read .*Not a directory"):
        question.look(path=str(tmp_path / "file" / "approve.json"))


def test_it_holds_no_worker_unless_that_is_wanted(question: Question) -> None:
    given = {"topview_task_id": question.id, "path": question.path}
    assert TopviewScriptApprovalSensor(task_id="a", **given).mode == "reschedule"
    assert TopviewScriptApprovalSensor(task_id="a", mode="poke", **given).mode == "poke"


@pytest.mark.usefixtures("service")
def test_the_file_may_be_in_any_object_storage(memory: str) -> None:
    path = f"{memory}/approve.json"
    task = TopviewScriptApprovalSensor(task_id="a", topview_task_id=preview(), path=path)
    assert not task.poke(new_context()).is_done
    file = storage_path(path)
    file.write_text(json.dumps({**json.loads(file.read_text()), "approve": True}))
    assert task.poke(new_context()).is_done
