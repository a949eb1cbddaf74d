"""Errors about a person's approval of a script."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import AirflowSensorTimeout, AirflowSkipException

from tests.approving import Desk, asking, preview
from tests.contract.running import new_context
from tests.lines import Reschedule, first_asked
from topview_provider.exceptions import TopviewError, TopviewInvalidRequest, TopviewNotApproved, TopviewUnavailable
from topview_provider.operators.approval import _Formless
from topview_provider.sensors.approval import TopviewScriptApprovalSensor

from . import Scene, says

LIST = "/v1/m2v/script/list"


def answered(scene: Scene, option: str = "Approve", words: dict[str, Any] | None = None, **given: Any) -> None:
    scene.ready()
    desk, topview_task_id = Desk(scene.monkeypatch), preview()
    desk.ask(asking(topview_task_id, **given))
    desk.answer(asking(topview_task_id, **given), option, **(words or {}))


def in_a_file(scene: Scene, now: datetime | None = None, **changes: Any) -> None:
    """Let a sensor write its file, change that, and let the sensor look again."""
    scene.ready()
    file = scene.folder / "approve.json"
    given = {"task_id": "a", "topview_task_id": preview(), "path": str(file), "timeout": 60}
    context = new_context(**first_asked(scene.monkeypatch, now or datetime.now(UTC)))
    try:
        TopviewScriptApprovalSensor(**given).execute(context)
    except Reschedule:
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
        TopviewScriptApprovalSensor(**given).execute(context)


@says(
    TopviewNotApproved,
    "Ada rejected the script of marketing_video",
    "it was not exported, and nothing was paid. Clear this task to ask again",
    task=True,
)
def a_script_that_somebody_rejected(scene: Scene) -> None:
    answered(scene, "Reject")


@says(AirflowSkipException, "Ada rejected the script of marketing_video", "nothing was paid")
def a_rejected_script_that_skips(scene: Scene) -> None:
    answered(scene, "Reject", on_reject="skip")


@says(TopviewNotApproved, "Somebody rejected", 'Set "approve" in ', "to null or true, then clear this task", task=True)
def a_file_in_which_somebody_rejected(scene: Scene) -> None:
    in_a_file(scene, approve=False)


@says(TopviewNotApproved, "nobody approved the script of marketing_video", "within 1:00:00", "Clear this", task=True)
def a_form_that_nobody_answered(scene: Scene) -> None:
    scene.ready()
    event = {"error": "late", "error_type": "timeout"}
    Desk(scene.monkeypatch).hand_over(asking(preview(), response_timeout=timedelta(hours=1)), event)


@says(AirflowSensorTimeout, "approve.json: nobody approved the script", "within 60 s", "nothing was paid. Clear this")
def a_file_that_nobody_answered(scene: Scene) -> None:
    in_a_file(scene, datetime(2026, 1, 1, tzinfo=UTC))


@says(
    TopviewInvalidRequest,
    "Airflow refused the answer about the script of marketing_video",
    "'' is too short. Nothing was exported; clear this task to ask again",
    task=True,
)
def an_answer_that_airflow_refused(scene: Scene) -> None:
    scene.ready()
    event = {"error": "'' is too short\n\nFailed validating", "error_type": "validation"}
    Desk(scene.monkeypatch).hand_over(asking(preview()), event)


@says(TopviewInvalidRequest, "segment 1 has no words any more, but ''; nothing was exported", "or reject the script")
def an_answer_with_an_empty_segment(scene: Scene) -> None:
    answered(scene, words={"segment_1": ""})


@says(
    TopviewInvalidRequest,
    "the answer has other segments than the script: it has also segment_9. Nothing was exported",
    "clear this task; to add or drop one, update the script by code",
)
def an_answer_with_a_segment_too_many(scene: Scene) -> None:
    answered(scene, words={"segment_9": "More."})


@says(TopviewInvalidRequest, "approve.json' has other segments than the script: it lacks 0, 1, 2")
def a_file_without_its_segments(scene: Scene) -> None:
    in_a_file(scene, approve=True, segments=[])


@says(
    TopviewInvalidRequest,
    "approve.json' holds script 0 of marketing_video another, not script 0 of ",
    "Put {topview_task_id} into the path, or remove the file",
)
def a_file_that_is_about_another_script(scene: Scene) -> None:
    in_a_file(scene, approve=True, topview_task_id="another")


@says(TopviewError, "cannot read 'file://", "Not a directory")
def a_file_of_an_approval_that_cannot_be_read(scene: Scene) -> None:
    path = scene.file("file") / "approve.json"
    scene.ready()
    TopviewScriptApprovalSensor(task_id="a", topview_task_id=preview(), path=str(path)).poke(new_context())


@says(TopviewInvalidRequest, "on_reject: 'laugh' is none of fail, skip")
def a_word_about_rejections_that_is_none_of_its_choices(scene: Scene) -> None:
    answered(scene, on_reject="laugh")


@says(TopviewUnavailable, "TopView shows no script of marketing_video", "is its preview finished?", task=True)
def a_preview_without_a_script(scene: Scene) -> None:
    scene.service.fault("wrong-type", path=LIST, value=[], times=-1)
    answered(scene)


@says(
    TopviewInvalidRequest, "script_id: marketing_video", "has no words for script '7'; its scripts are 0, 1", task=True
)
def a_script_that_a_preview_does_not_have(scene: Scene) -> None:
    answered(scene, script_id=7)


@says(TopviewInvalidRequest, "A form in Airflow's UI needs Airflow 3.1 or later", "TopviewScriptApprovalSensor")
def a_form_where_airflow_has_none(scene: Scene) -> None:
    _Formless(task_id="a", subject="s", options=["yes"]).execute({})
