"""The task group: which tasks it has, in which order, and what reaches them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, Asset, TaskGroup, task

from tests.contract.running import new_context
from tests.lines import since, through_the_database
from topview_provider.exceptions import TopviewInvalidRequest
from topview_provider.operators.base import TopviewTaskOperator
from topview_provider.operators.lookup import TopviewChooseAvatarOperator, TopviewChooseVoiceOperator
from topview_provider.standin.server import StandIn
from topview_provider.task_groups import marketing_video

DAGS = Path(__file__).resolve().parent.parent / "dags"
CHOICES = (TopviewChooseVoiceOperator, TopviewChooseAvatarOperator)


def built(**words: Any) -> tuple[DAG, TaskGroup]:
    with DAG("d") as dag:
        group = marketing_video(**{"path": "/tmp/{topview_task_id}.mp4", "product_link": "https://a.example", **words})
    return dag, group


def order(dag: DAG) -> list[str]:
    return [one.task_id.removeprefix("marketing_video.") for one in dag.topological_sort()]


def test_without_an_approval_the_video_is_made_and_stored() -> None:
    dag, _ = built()
    assert order(dag) == ["make_video", "download"]
    assert dag.task_dict["marketing_video.download"].family == "marketing_video"
    assert not dag.task_dict["marketing_video.make_video"].preview


@pytest.mark.parametrize(
    ("approve", "operator"), [("form", "TopviewScriptApprovalOperator"), ("file", "TopviewScriptApprovalSensor")]
)
def test_an_approval_stands_between_the_free_preview_and_the_paid_export(approve: str, operator: str) -> None:
    dag, _ = built(approve=approve, approval_path="/tmp/{topview_task_id}.json")
    assert order(dag) == ["preview", "approve", "write_script", "export", "download"]
    tasks = {task_id.partition(".")[2]: one for task_id, one in dag.task_dict.items()}
    assert type(tasks["approve"]).__name__ == operator
    assert tasks["preview"].preview is True
    assert tasks["export"].upstream_task_ids == {"marketing_video.write_script", "marketing_video.preview"}
    assert tasks["download"].family == "marketing_video_export"


def test_files_are_uploaded_first() -> None:
    dag, _ = built(sources=["a.jpg", "b.jpg"], product_link=None, product_name="Lamp", product_description="LED")
    assert order(dag) == ["upload", "make_video", "download"]
    assert dag.task_dict["marketing_video.upload"].expand_input.value == {"source": ["a.jpg", "b.jpg"]}


def test_files_may_come_from_a_task() -> None:
    @task
    def pictures() -> list[str]:
        return ["a.jpg"]

    with DAG("d") as dag:
        marketing_video(path="/tmp/a.mp4", sources=pictures(), product_name="Lamp", product_description="LED")
    assert dag.task_dict["marketing_video.upload"].upstream_task_ids == {"pictures"}


def test_arguments_reach_the_tasks_they_are_for() -> None:
    dag, _ = built(
        approve="file",
        approval_path="/tmp/approve.json",
        response_timeout=timedelta(hours=8),
        on_reject="skip",
        voice_id="v1",
        language="de",
        outlets=[Asset("topview://videos")],
        default_args={"topview_conn_id": "other", "deferrable": True, "retries": 2},
    )
    tasks = {task_id.partition(".")[2]: one for task_id, one in dag.task_dict.items()}
    assert {one.topview_conn_id for one in tasks.values()} == {"other"}
    assert {one.retries for one in tasks.values()} == {2}
    assert (tasks["preview"].deferrable, tasks["export"].deferrable) == (True, True)
    assert (tasks["preview"].voice_id, tasks["preview"].language) == ("v1", "de")
    assert (tasks["approve"].timeout, tasks["approve"].on_reject) == (8 * 3600, "skip")
    assert [asset.uri for asset in tasks["download"].outlets] == ["topview://videos/"]


@since((3, 1), "forms for people")
def test_who_may_answer_a_form_and_how_long_is_passed_on() -> None:
    users = [{"id": "7", "name": "Ada"}]
    dag, _ = built(approve="form", assigned_users=users, response_timeout=timedelta(hours=8))
    asks = dag.task_dict["marketing_video.approve"]
    assert (asks.assigned_users, asks.response_timeout) == (users, timedelta(hours=8))


@pytest.mark.parametrize("words", [{"approve": "maybe"}, {"approve": "file"}])
def test_a_group_that_cannot_be_built_says_why(words: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="give one of no, form, file, and an approval_path with 'file'"):
        built(**words)


def test_two_groups_stand_in_one_dag_and_others_go_on_from_them() -> None:
    @task
    def publish(file: str) -> None: ...

    with DAG("d") as dag:
        for language in ("de", "fr"):
            group = marketing_video(language, path="/tmp/a.mp4", product_link="https://a.example", language=language)
            publish.override(task_id=f"publish_{language}")(group.get_child_by_label("download").output)
    assert dag.task_dict["publish_fr"].upstream_task_ids == {"fr.download"}
    assert set(through_the_database(dag).task_dict) == set(dag.task_dict)


@pytest.mark.parametrize("name", ["topview_approval", "topview_approval_by_file"])
def test_a_wrong_name_of_a_voice_or_an_avatar_ends_the_example_before_anything_is_sent(
    name: str, service: StandIn
) -> None:
    source = (DAGS / f"{name}.py").read_text().replace("with DAG(", "with (the_dag := DAG(", 1)
    scope: dict[str, Any] = {}
    exec(source.replace("\n):\n", "\n)):\n", 1), scope)
    tasks = scope["the_dag"].task_dict
    choosing = [one for one in tasks.values() if isinstance(one, CHOICES)]
    assert len(choosing) == 2
    for one in choosing:
        one.name = "Nobody"
        one.language = "en"
        with pytest.raises(TopviewInvalidRequest, match="'Nobody'"):
            one.execute(new_context())
    for one in tasks.values():
        if isinstance(one, TopviewTaskOperator):
            assert {other.task_id for other in choosing} <= one.get_flat_relative_ids(upstream=True)
    assert [entry for entry in service.requests() if entry["method"] == "POST"] == []


def test_a_form_that_waits_for_days_holds_no_slot_of_the_pool_that_bounds_videos() -> None:
    dag, _ = built(approve="form", default_args={"pool": "topview"})
    pools = {task_id.partition(".")[2]: task.pool for task_id, task in dag.task_dict.items()}
    assert (pools.pop("approve"), {*pools.values()}) == ("default_pool", {"topview"})
