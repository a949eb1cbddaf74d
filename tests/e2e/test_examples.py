"""Every example DAG runs to success in a real Airflow, and what waits is deferred."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.answers import ANSWERS, words_of
from tests.e2e.conftest import LIMIT, NOTICE, begin
from tools.processes import until
from tools.rest import DagRun
from tools.settings import ROOT
from tools.stack import AirflowStack
from topview_provider.standin import server
from topview_provider.standin.server import StandIn

EXAMPLES = sorted(path.stem for path in (ROOT / "dags").glob("*.py"))
MEDIA = Path(server.__file__).parent / "media"
BY_EVENT = "topview_on_notice"
"""Started by the callback of what the next one orders."""
UNWAITED = "topview_submit_with_notice"
FILES = {
    "picture": "*.jpg",
    "mask": "*.png",
    "photo": "*.jpg",
    "template": "*.jpg",
    "recording": "*.mp3",
    "video": "*.mp4",
}


def media(pattern: str) -> str:
    """Return one of the stand-in's files."""
    return str(next(iter(sorted(MEDIA.glob(pattern)))))


def conf_of(folder: Path, airflow_url: str) -> dict[str, object]:
    """Return params that fit every example: Airflow refuses those that a DAG does not have, so each takes its own."""
    files = {name: media(pattern) for name, pattern in FILES.items()} | tables(folder)
    pictures = [media("*.jpg"), media("*.png")]
    texts = {"folder": str(folder), "product_link": "https://shop.example/lamp", "airflow_url": airflow_url}
    return {**files, **texts, "pictures": pictures, "most": 2}


def tables(folder: Path) -> dict[str, str]:
    """Write what the DAGs of a batch read, and return where it is."""
    written = {
        "products": "product_link\nhttps://shop.example/lamp\nhttps://shop.example/mug\n",
        "report": "product_link,rerun,topview_task_id\nhttps://shop.example/lamp,submit,\nhttps://shop.example/mug,no,\n",
        "portraits": f"photo,text,voice_id\n{media('*.jpg')},Good night.,v1\n",
    }
    for name, text in written.items():
        (folder / f"{name}.csv").write_text(text)
    return {name: str(folder / f"{name}.csv") for name in written}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for the files of each example."""
    return {dag_id: tmp_path_factory.mktemp(dag_id) for dag_id in EXAMPLES}


@pytest.fixture(scope="module")
def runs(stack: AirflowStack, folders: dict[str, Path]) -> dict[str, DagRun]:
    """Start all examples at once."""
    started = {}
    stack.api.wait_for_dag(BY_EVENT, limit=LIMIT)
    stack.api.unpause(BY_EVENT)
    for dag_id in EXAMPLES:
        stack.api.wait_for_dag(dag_id, limit=LIMIT)
        known = stack.api.get(f"/dags/{dag_id}/details")["params"]
        conf = conf_of(folders[dag_id], stack.url)
        started[dag_id] = begin(stack, dag_id, **{name: conf[name] for name in conf if name in known})
    return started


@pytest.mark.parametrize("dag_id", EXAMPLES)
def test_the_example_ends_in_success_and_its_waiting_tasks_were_deferred(
    runs: dict[str, DagRun], folders: dict[str, Path], stack: AirflowStack, dag_id: str
) -> None:
    run = runs[dag_id]

    def look(_: object) -> None:
        stack.check_alive()
        if dag_id in ANSWERS:
            ANSWERS[dag_id](run, folders[dag_id])

    assert run.wait(limit=4 * LIMIT, progress=look) == "success", _why(run)
    deferred = {event["task_id"] for event in run.events() if event["event"] == "deferred"}
    tasks = stack.api.get(f"/dags/{dag_id}/tasks")["tasks"]
    waiting = {task["task_id"] for task in tasks if _waits(task) and dag_id != UNWAITED}
    ran = {task.task_id for task in run.tasks() if task.state == "success"}  # what is mapped over nothing is skipped
    assert ran & waiting - deferred == set()
    assert ran & waiting or not waiting
    assert _missed(stack, run) == []


@pytest.mark.parametrize("dag_id", ANSWERS)
def test_what_a_person_wrote_stands_in_the_script_before_the_export_is_bought(
    runs: dict[str, DagRun], service: StandIn, dag_id: str
) -> None:
    assert runs[dag_id].state() == "success"
    posts = [entry for entry in service.requests() if entry["method"] == "POST"]
    written = [entry["path"].endswith("/script/update") and words_of(runs[dag_id]) in str(entry) for entry in posts]
    [update] = [posts[place] for place, found in enumerate(written) if found]
    after = [
        entry["path"]
        for entry in posts[written.index(True) :]
        if (entry["body"] or {}).get("taskId") == update["body"]["taskId"]
    ]
    assert [path.rpartition("/")[2] for path in after] == ["update", "export"]


def test_a_callback_starts_the_example_that_fetches_what_another_one_ordered(
    runs: dict[str, DagRun], stack: AirflowStack
) -> None:
    order = runs[UNWAITED]
    assert order.wait(limit=4 * LIMIT) == "success", _why(order)
    topview_task_id = order.xcom("order_video", "topview_task_id")
    found = until(lambda: _started_by_event(stack), limit=LIMIT, what="a run that the callback started", pause=1)
    run = DagRun(stack.api, BY_EVENT, found)
    assert run.wait(limit=4 * LIMIT) == "success", _why(run)
    path = Path(run.xcom("download", "return_value", map_index=0))
    assert (path.stem, path.read_bytes()[4:8]) == (topview_task_id, b"ftyp")
    path.unlink()
    shown = json.dumps(stack.api.get(f"{order.path}/taskInstances/order_video")) + order.log("order_video")
    assert "/topview/notice/***/marketing_video" in shown
    assert NOTICE not in shown


def _started_by_event(stack: AirflowStack) -> str:
    runs = stack.api.get(f"/dags/{BY_EVENT}/dagRuns")["dag_runs"]
    return next((str(run["dag_run_id"]) for run in runs if run["run_type"] == "asset_triggered"), "")


def _waits(task: dict[str, object]) -> bool:
    """Whether a task stands for a TopView job: it has the arguments that all of those have."""
    import importlib

    from topview_provider.operators.base import TopviewTaskOperator

    name = task["class_ref"]["class_name"]  # type: ignore[index]
    cls = getattr(importlib.import_module(str(task["class_ref"]["module_path"])), name)  # type: ignore[index]
    return issubclass(cls, TopviewTaskOperator)


def _missed(stack: AirflowStack, run: DagRun) -> list[str]:
    """Return where Airflow says that an XCom is missing; by one with an offset it finds the end of a mapped result."""
    lines = (stack.logs / "scheduler.log").read_text(errors="replace").splitlines()
    said = (line for line in lines if "XCom not found" in line and " offset=" not in line)
    return [line for line in said if f"dag_id={run.dag_id} " in line and f"run_id={run.run_id} " in line]


def _why(run: DagRun) -> str:
    failed = [task for task in run.tasks() if task.state == "failed"]
    return "\n".join(run.log(task.task_id, try_number=task.try_number)[-3000:] for task in failed[:2])
