"""Errors about tasks at TopView: the request, the wait, the result."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import AirflowSensorTimeout, AirflowSkipException

from tests.attempts import forgetful, retried
from tests.test_orphans import in_dag
from topview_provider.exceptions import (
    TopviewBudgetExceeded,
    TopviewError,
    TopviewInsufficientCredits,
    TopviewInvalidRequest,
    TopviewNotFound,
    TopviewPartialResult,
    TopviewTaskFailed,
    TopviewTaskTimeout,
    TopviewUnavailable,
)
from topview_provider.operators.account import TopviewCreditDetailOperator
from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.operators.image import TopviewRemoveBackgroundOperator
from topview_provider.operators.script import TopviewMarketingVideoScriptUpdateOperator
from topview_provider.operators.spending import TopviewRunCostOperator
from topview_provider.operators.video import TopviewMarketingVideoExportOperator
from topview_provider.sensors.topview import TopviewMarketingVideoSensor, TopviewVideoAvatarSensor

from . import QUERY, Scene, says

UNKNOWN = "0123456789abcdef0123456789abcdef"


@says(TopviewInvalidRequest, "marketing_video was not sent to TopView: give at least one of product_link or file_ids")
def a_request_without_what_it_needs(scene: Scene) -> None:
    scene.film(file_ids=None)


@says(
    TopviewInvalidRequest,
    "marketing_video was not sent to TopView",
    "language: 'klingon' is not allowed; allowed: en, ar",
    "; video_length_type (videoLengthType): 9 ",
)
def a_request_with_several_mistakes(scene: Scene) -> None:
    scene.film(language="klingon", video_length_type=9)


@says(TopviewInvalidRequest, "extra_payload must be a mapping of wire names, not 'language=de'")
def an_extra_payload_that_is_a_text(scene: Scene) -> None:
    scene.film(extra_payload="language=de")


@says(TopviewInvalidRequest, "extra_payload may not set 'taskId'; use the argument topview_task_id")
def an_extra_payload_that_names_the_task(scene: Scene) -> None:
    given = {"topview_task_id": UNKNOWN, "extra_payload": {"taskId": "1"}}
    scene.run(TopviewMarketingVideoExportOperator(task_id="e", **given))


@says(TopviewInvalidRequest, "POST /v1/m2v/task/submit: the body cannot be written as JSON", "not JSON compliant")
def a_number_that_json_does_not_have(scene: Scene) -> None:
    scene.film(extra_payload={"odd": float("nan")})


@says(TopviewInvalidRequest, "timeout: 'an hour' is neither a number of seconds nor a timedelta")
def a_deadline_that_is_no_duration(scene: Scene) -> None:
    scene.buy(timeout="an hour")


@says(TopviewInvalidRequest, "topview_task_id: 'None' is no task id; did a template render nothing?")
def a_task_id_that_a_template_rendered_to_nothing(scene: Scene) -> None:
    scene.run(TopviewVideoAvatarSensor(task_id="s", topview_task_id="None"))


@says(TopviewInvalidRequest, "resume_topview_task_id", "'None' is no task id; did a template render nothing?")
def a_task_to_resume_that_a_template_rendered_to_nothing(scene: Scene) -> None:
    scene.buy(resume_topview_task_id="None")


@says(TopviewInvalidRequest, "marketing_video: preview: 'maybe' is neither true nor false")
def a_switch_of_a_sensor_that_is_neither_true_nor_false(scene: Scene) -> None:
    scene.run(TopviewMarketingVideoSensor(task_id="s", topview_task_id=UNKNOWN, preview="maybe"))


@says(
    TopviewBudgetExceeded,
    "it may cost 5 credits, more than the 1 of max_credits",
    "max_credits",
    "Raise max_credits, or ask for less",
)
def a_request_that_is_too_dear(scene: Scene) -> None:
    topview_task_id = scene.film(preview=True)["topview_task_id"]
    task = TopviewMarketingVideoExportOperator(task_id="e", topview_task_id=topview_task_id, max_credits=1)
    scene.run(task, context=retried(None, 1))


@says(TopviewBudgetExceeded, "was not sent to TopView: max_credits is 1", "max_credits_unknown='allow'")
def a_request_whose_price_nobody_knows(scene: Scene) -> None:
    scene.buy(max_credits=1)


@says(TopviewInvalidRequest, "max_credits: 'few'")
def a_limit_that_is_no_number(scene: Scene) -> None:
    scene.buy(max_credits="few")


@says(TopviewInvalidRequest, "max_credits_unknown: 'perhaps' is none of refuse, allow")
def a_word_about_unknown_prices_that_is_none_of_its_choices(scene: Scene) -> None:
    scene.buy(max_credits=1, max_credits_unknown="perhaps")


LOW = "1000 credits remain at TopView (topview_default), fewer than the 5000 of min_credits"


@says(TopviewInsufficientCredits, LOW, "Top up at TopView, then clear this task")
def a_balance_below_the_guard(scene: Scene) -> None:
    scene.run(TopviewCreditDetailOperator(task_id="c", min_credits=5000))


@says(AirflowSkipException, LOW)
def a_balance_below_a_guard_that_skips(scene: Scene) -> None:
    scene.run(TopviewCreditDetailOperator(task_id="c", min_credits=5000, on_low="skip"))


@says(TopviewUnavailable, "the credit query shows no balance, only ['uid']")
def a_credit_query_without_a_balance(scene: Scene) -> None:
    scene.fault("wrong-type", path="/user/credit/detail", value={"uid": "u"})
    scene.run(TopviewCreditDetailOperator(task_id="c", min_credits=5000))


@says(TopviewTaskFailed, "failed at TopView: the model said no. Failed tasks are not charged", task=True)
def a_task_that_failed(scene: Scene) -> None:
    scene.fault("fail", method="POST", message="the model said no")
    scene.buy(deferrable=True)


@says(
    TopviewTaskTimeout,
    "not finished after",
    "last seen: running",
    "The deadline of this attempt passed; the task goes on at TopView and is charged if it finishes",
    "A retry, or clearing this Airflow task, resumes it without paying again",
    task=True,
)
def a_task_that_takes_too_long(scene: Scene) -> None:
    scene.fault("never-ends", method="POST")
    scene.buy(timeout=timedelta(0))


@says(TopviewTaskTimeout, "goes on at TopView", "This Airflow keeps no record of it", "sensor", task=True)
def a_task_that_takes_too_long_where_nothing_is_remembered(scene: Scene) -> None:
    scene.fault("never-ends", method="POST")
    scene.buy(context=forgetful(), timeout=0)


@says(TopviewTaskTimeout, "goes on at TopView", "the last polls failed", "HTTP 503", task=True)
def a_deadline_that_passes_while_polls_fail(scene: Scene) -> None:
    scene.buy(wait_for_completion=False)
    scene.fault("status", path=QUERY, value=503, times=-1)
    scene.buy(2, timeout=0)


@says(TopviewUnavailable, "could not be asked for", "max_poll_outage 0 s", f"GET {QUERY} answered HTTP 503", task=True)
def an_outage_that_lasts(scene: Scene) -> None:
    scene.buy(wait_for_completion=False)
    scene.fault("status", path=QUERY, value=503, times=-1)
    scene.buy(2, max_poll_outage=0)


@says(TopviewNotFound, f"GET {QUERY} answered 4004: task {UNKNOWN} not found", task=True)
def a_named_task_that_topview_does_not_know(scene: Scene) -> None:
    scene.buy(resume_topview_task_id=UNKNOWN)


@says(
    TopviewPartialResult,
    "succeeded and is charged, but item",
    "2 good outputs are in the XComs; set allow_partial=True and clear this task",
    task=True,
)
def a_success_with_a_bad_item(scene: Scene) -> None:
    scene.fault("partial", method="POST", value=1)
    scene.film()


@says(TopviewInvalidRequest, "return_raw: the answer has", "XCom takes 49152; give result_path instead")
def a_raw_answer_too_large_for_xcom(scene: Scene) -> None:
    scene.open(scripts=100)
    scene.film(return_raw=True)


@says(TopviewInvalidRequest, "result_path", "is a folder; give the path of a file")
def a_place_for_the_raw_answer_that_is_a_folder(scene: Scene) -> None:
    scene.buy(result_path=str(scene.folder))


@says(TopviewInvalidRequest, "s3://bucket/raw.json cannot be used", "Install airflow-provider-topview[s3]")
def a_place_for_the_raw_answer_whose_file_system_is_not_installed(scene: Scene) -> None:
    scene.buy(result_path="s3://bucket/raw.json")


@says(TopviewError, "The trigger of video_avatar sent an event that is not one: KeyError. Clear the task: it resumes")
def an_event_of_another_shape(scene: Scene) -> None:
    task = TopviewVideoAvatarOperator(task_id="t", avatar_id="a1", tts_text="Hello.")
    task.execute_complete(retried(scene.store, 1), event={"status": "success"})


@says(TopviewUnavailable, "TopView took the script of", "but does not show it after 0 s")
def a_script_that_topview_does_not_show(scene: Scene) -> None:
    scene.monkeypatch.setattr("topview_provider.operators.script.SETTLE_SECONDS", 0.0)
    topview_task_id = scene.film(preview=True)["topview_task_id"]
    scene.fault("wrong-type", path="/v1/m2v/script/list", value=[], times=-1)
    contents = [{"segId": "0", "segText": "New."}]
    scene.run(
        TopviewMarketingVideoScriptUpdateOperator(
            task_id="u", topview_task_id=topview_task_id, script_contents=contents
        )
    )


def never_done(scene: Scene, **words: Any) -> None:
    scene.fault("never-ends", method="POST")
    scene.buy(wait_for_completion=False)
    [topview_task_id] = scene.ids
    given = {"topview_task_id": topview_task_id, "timeout": 0, "deferrable": True, **words}
    scene.run(TopviewVideoAvatarSensor(task_id="s", **given))


@says(AirflowSensorTimeout, "video_avatar ", "not finished after", "the task itself goes on at TopView")
def a_deadline_of_a_sensor(scene: Scene) -> None:
    never_done(scene)


@says(AirflowSkipException, "Skipped instead of failed: video_avatar ", "the task itself goes on at TopView")
def a_deadline_of_a_soft_sensor(scene: Scene) -> None:
    never_done(scene, soft_fail=True)


@says(TopviewInvalidRequest, "task_ids: name at least one task; it has v")
def a_bill_for_no_task(scene: Scene) -> None:
    scene.run(TopviewRunCostOperator(task_id="b", task_ids=[]), context=in_dag(retried(scene.store, 1)))


@says(TopviewInvalidRequest, "task_ids: no task w in this DAG; it has v")
def a_bill_for_a_task_that_is_not_there(scene: Scene) -> None:
    scene.run(TopviewRunCostOperator(task_id="b", task_ids="w"), context=in_dag(retried(scene.store, 1)))


@says(TopviewInvalidRequest, "remove_background was not sent to TopView")
def a_request_without_a_picture(scene: Scene) -> None:
    scene.run(TopviewRemoveBackgroundOperator(task_id="r", product_image_file_id=""))
