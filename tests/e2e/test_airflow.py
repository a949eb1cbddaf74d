"""A product link becomes a video file through a real scheduler and triggerer, whatever dies on the way."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import KEY, LIMIT, begin
from tools.postgres import Postgres
from tools.processes import send, until
from tools.stack import AirflowStack
from topview_provider.standin.server import StandIn


def accepted(service: StandIn) -> int:
    """Return how many marketing videos the stand-in took."""
    return int(service.stats()["families"]["marketing_video"]["accepted"])


def is_video(path: Path) -> bool:
    """Tell whether a file is an MP4 that a player reads."""
    if path.read_bytes()[4:8] != b"ftyp":
        return False
    if not shutil.which("ffprobe"):
        return True
    command = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "json", str(path)]
    streams = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)["streams"]
    return "video" in [stream["codec_type"] for stream in streams]


def test_a_product_link_becomes_a_video_file_while_the_task_is_deferred(
    stack: AirflowStack, service: StandIn, tmp_path: Path
) -> None:
    before = accepted(service)
    run = begin(stack, "topview_marketing_video", product_link="https://shop.example/quick", folder=str(tmp_path))
    assert run.wait(limit=LIMIT) == "success", run.log("make_video")
    stored = Path(run.xcom("download"))
    assert stored.parent == tmp_path
    assert is_video(stored)
    assert accepted(service) == before + 1
    deferred = [event for event in run.events() if event["event"] == "deferred" and event["task_id"] == "make_video"]
    assert deferred, [(event["event"], event["task_id"]) for event in run.events()]
    card = run.xcom("make_video", "topview")
    assert card["state"] == "success"
    assert card["language"] == "en"
    events = stack.api.get("/assets/events", source_dag_id="topview_marketing_video")["asset_events"]
    assert events[0]["extra"]["topview_task_id"] == run.xcom("make_video", "topview_task_id")


def test_a_killed_worker_costs_nothing_the_retry_lands_the_same_video(
    stack: AirflowStack, service: StandIn, tmp_path: Path
) -> None:
    before = accepted(service)
    run = begin(stack, "e2e_on_worker", link="https://shop.example/kill", folder=str(tmp_path))
    until(lambda: accepted(service) == before + 1, limit=LIMIT, what="accepted submit")
    first = until(lambda: run.xcoms("video").get("topview_task_id"), limit=LIMIT, what="noted id")
    task = run.task("video")
    victims = [pid for pid, title in stack.pids().items() if task.id in title]
    assert victims, stack.pids()
    send(signal.SIGKILL, victims)
    assert run.wait(limit=LIMIT) == "success", run.log("video", try_number=2)
    assert run.task("video").try_number == 2
    assert accepted(service) == before + 1
    assert run.xcom("video", "topview_task_id") == first
    assert is_video(tmp_path / "on-worker.mp4")


def test_a_triggerer_that_dies_and_comes_back_goes_on_waiting(
    stack: AirflowStack, service: StandIn, tmp_path: Path
) -> None:
    before = accepted(service)
    run = begin(stack, "topview_marketing_video", product_link="https://shop.example/trigger", folder=str(tmp_path))
    run.wait_for_task("make_video", "deferred", limit=LIMIT)
    stack.kill("triggerer")
    stack.start("triggerer")
    assert run.wait(limit=LIMIT) == "success", run.log("make_video")
    assert run.task("make_video").try_number == 1
    assert accepted(service) == before + 1
    assert is_video(Path(run.xcom("download")))


def test_a_clear_lands_the_same_video_for_free_and_after_its_record_was_deleted_another_one(
    stack: AirflowStack, service: StandIn, tmp_path: Path
) -> None:
    before = accepted(service)
    run = begin(stack, "e2e_on_worker", link="https://shop.example/clear", folder=str(tmp_path))
    assert run.wait(limit=LIMIT) == "success", run.log("video")
    first = run.xcom("video", "topview_task_id")
    run.clear("video")
    assert run.wait(limit=LIMIT) == "success", run.log("video", try_number=2)
    assert (run.xcom("video", "topview_task_id"), accepted(service)) == (first, before + 1)
    stack.api.request("DELETE", f"/api/v2{run.path}/taskInstances/video/state-store/topview?map_index=-1")
    run.clear("video")
    assert run.wait(limit=LIMIT) == "success", run.log("video", try_number=3)
    assert run.xcom("video", "topview_task_id") != first
    assert accepted(service) == before + 2


@pytest.mark.parametrize(
    ("dag_id", "words"),
    [
        ("e2e_wrong_key", ["TopviewAuthError", "topview_wrong", "Topview-Uid", "API key"]),
        ("e2e_no_connection", ["TopviewConnectionInvalid", "airflow connections add topview_nowhere"]),
    ],
)
def test_a_connection_that_cannot_work_fails_at_once_and_says_what_to_do(
    stack: AirflowStack, service: StandIn, dag_id: str, words: list[str]
) -> None:
    before = accepted(service)
    run = begin(stack, dag_id)
    assert run.wait(limit=LIMIT) == "failed"
    assert run.task("video").try_number == 1
    assert accepted(service) == before
    log = run.log("video")
    assert [word for word in words if word not in log] == []


def test_the_api_key_stands_neither_in_a_file_nor_in_the_database_of_airflow(
    stack: AirflowStack, database: Postgres | None, tmp_path: Path
) -> None:
    def found(text: str) -> set[str]:
        if database:
            (stack.home / "database.dump").write_text(database.dump())
        return {Path(name).suffix for name in _files_with(text, stack.home)}

    run = begin(stack, "topview_marketing_video", product_link="https://shop.example/secret", folder=str(tmp_path))
    run.wait_for_task("make_video", "deferred", limit=LIMIT)
    while_deferred = found(KEY)
    assert run.wait(limit=LIMIT) == "success"
    assert while_deferred == set()
    assert found(KEY) == set()
    # The search finds what is there: the task's id stands in the log and in the database.
    assert {".log", ".dump" if database else ".db"} <= found(run.xcom("make_video", "topview_task_id"))
    assert KEY not in json.dumps(run.xcoms("make_video")) + run.log("make_video") + json.dumps(run.events())


def _files_with(text: str, folder: Path) -> list[str]:
    """Return the files below a folder that hold a text: logs, database with XComs, triggers and rendered fields."""
    return [str(file) for file in folder.rglob("*") if file.is_file() and text.encode() in file.read_bytes()]
