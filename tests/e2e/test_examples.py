"""Every example DAG runs to success in a real Airflow, and what waits is deferred."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.answers import ANSWERS, words_of
from tests.e2e.conftest import LIMIT, begin
from tools.rest import DagRun
from tools.settings import ROOT
from tools.stack import AirflowStack
from topview_provider.standin import server
from topview_provider.standin.server import StandIn

EXAMPLES = sorted(path.stem for path in (ROOT / "dags").glob("*.py"))
MEDIA = Path(server.__file__).parent / "media"
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


def conf_of(folder: Path) -> dict[str, object]:
    """Return params that fit every example: Airflow refuses those that a DAG does not have, so each takes its own."""
    files = {name: media(pattern) for name, pattern in FILES.items()}
    pictures = [media("*.jpg"), media("*.png")]
    return {**files, "pictures": pictures, "folder": str(folder), "product_link": "https://shop.example/lamp"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for the files of each example."""
    return {dag_id: tmp_path_factory.mktemp(dag_id) for dag_id in EXAMPLES}


@pytest.fixture(scope="module")
def runs(stack: AirflowStack, folders: dict[str, Path]) -> dict[str, DagRun]:
    """Start all examples at once."""
    started = {}
    for dag_id in EXAMPLES:
        stack.api.wait_for_dag(dag_id, limit=LIMIT)
        known = stack.api.get(f"/dags/{dag_id}/details")["params"]
        conf = conf_of(folders[dag_id])
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
    waiting = {task["task_id"] for task in tasks if _waits(task)}
    assert waiting - deferred == set()


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


def _waits(task: dict[str, object]) -> bool:
    """Whether a task stands for a TopView job: it has the arguments that all of those have."""
    import importlib

    from topview_provider.operators.base import TopviewTaskOperator

    name = task["class_ref"]["class_name"]  # type: ignore[index]
    cls = getattr(importlib.import_module(str(task["class_ref"]["module_path"])), name)  # type: ignore[index]
    return issubclass(cls, TopviewTaskOperator)


def _why(run: DagRun) -> str:
    failed = [task for task in run.tasks() if task.state == "failed"]
    return "\n".join(run.log(task.task_id, try_number=task.try_number)[-3000:] for task in failed[:2])
