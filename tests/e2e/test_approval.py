"""What a real Airflow does when a script is rejected, and when somebody marks the question as answered."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.answers import answer_form
from tests.e2e.conftest import LIMIT, begin
from tools.processes import until
from tools.rest import DagRun
from tools.stack import AirflowStack
from topview_provider.standin.server import StandIn


def sent(service: StandIn, run: DagRun, step: str) -> list[str]:
    """Return what was sent to TopView about the preview of a run, in order."""
    topview_task_id = run.xcom(step, "topview_task_id")
    entries = [entry for entry in service.requests() if (entry["body"] or {}).get("taskId") == topview_task_id]
    return [entry["path"].rpartition("/")[2] for entry in entries]


def test_a_script_that_is_rejected_in_the_form_is_not_exported(
    stack: AirflowStack, service: StandIn, tmp_path: Path
) -> None:
    run = begin(stack, "topview_approval", product_link="https://shop.example/mug", folder=str(tmp_path))
    assert run.wait(limit=2 * LIMIT, progress=lambda _: answer_form(run, "Reject")) == "failed"
    states = {task.task_id: task.state for task in run.tasks()}
    assert states["approve"] == "failed"
    assert {states[name] for name in ("write_script", "export", "download")} == {"upstream_failed"}
    assert sent(service, run, "preview") == []


def test_a_question_that_is_marked_as_success_exports_the_script_as_it_is(
    stack: AirflowStack, service: StandIn, tmp_path: Path
) -> None:
    run = begin(stack, "topview_approval_by_file", product_link="https://shop.example/cup", folder=str(tmp_path))
    until(lambda: list(tmp_path.glob("approve-*.json")), limit=2 * LIMIT, what="a file to approve")
    run.wait_for_task("marketing_video.approve", "up_for_reschedule", limit=LIMIT)
    path = f"/api/v2{run.path}/taskInstances/marketing_video.approve"
    stack.api.request("PATCH", path, json={"new_state": "success"})
    assert run.wait(limit=2 * LIMIT) == "success"
    assert sent(service, run, "marketing_video.preview") == ["export"]
    assert {file.suffix for file in tmp_path.iterdir()} == {".mp4", ".json"}
