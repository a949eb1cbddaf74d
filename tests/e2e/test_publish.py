"""A video that lands starts the DAG that publishes it, which is told all about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import LIMIT, begin
from tests.e2e.test_airflow import is_video
from tools.processes import until
from tools.rest import DagRun
from tools.stack import AirflowStack

PUBLISH = "topview_publish"


@pytest.fixture
def listening(stack: AirflowStack) -> Iterator[AirflowStack]:
    """The DAG that waits for videos, awake as long as a test lasts."""
    stack.api.wait_for_dag(PUBLISH, limit=LIMIT)
    stack.api.unpause(PUBLISH)
    yield stack
    stack.api.request("PATCH", f"/api/v2/dags/{PUBLISH}", json={"is_paused": True})


def published(stack: AirflowStack, topview_task_id: str) -> dict[str, Any] | None:
    """Return what a run that an asset started published of a task."""
    rows = stack.api.get(f"/dags/{PUBLISH}/dagRuns", run_type="asset_triggered", state="success")["dag_runs"]
    runs = [DagRun(stack.api, PUBLISH, row["dag_run_id"]) for row in rows]
    videos = [video for run in runs for video in run.xcom("publish")]
    return next((video for video in videos if video["topview_task_id"] == topview_task_id), None)


def test_a_video_that_landed_is_published_by_itself_with_all_that_is_known_of_it(
    listening: AirflowStack, tmp_path: Path
) -> None:
    run = begin(
        listening,
        "topview_marketing_video",
        product_link="https://shop.example/publish",
        language="fr",
        folder=str(tmp_path),
    )
    assert run.wait(limit=LIMIT) == "success", run.log("make_video")
    name = run.xcom("make_video", "topview_task_id")
    video = until(lambda: published(listening, name), limit=LIMIT, what="published video")
    copy = Path(video.pop("uri").removeprefix("file://"))
    assert is_video(copy)
    assert copy.read_bytes() == Path(run.xcom("download")).read_bytes()
    copy.unlink()
    card = run.xcom("make_video", "topview")
    assert video == {
        "topview_task_id": name,
        "family": "marketing_video",
        "state": "success",
        "language": "fr",
        "cost_credit": card["cost_credit"],
    }
