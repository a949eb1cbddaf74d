"""People who approve, for the examples that ask somebody: in Airflow's form, and in a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.e2e.conftest import LIMIT
from tools.processes import until
from tools.rest import DagRun
from tools.stack import AirflowStack

Answer = Callable[[AirflowStack, DagRun, Path], None]


def words_of(run: DagRun) -> str:
    """Return what the person of a run writes."""
    return f"Written by a person for {run.dag_id}."


def in_the_form(stack: AirflowStack, run: DagRun, folder: Path) -> None:
    """Change the first segment in Airflow's form, and approve."""
    run.wait_for_task("approve", "awaiting_input", "deferred", limit=3 * LIMIT)
    path = f"{run.path}/taskInstances/approve/-1/hitlDetails"
    fields = {name: field["value"] for name, field in stack.api.get(path)["params"].items()}
    answer = {"chosen_options": ["Approve"], "params_input": {**fields, "segment_1": words_of(run)}}
    stack.api.request("PATCH", f"/api/v2{path}", json=answer)


def in_the_file(stack: AirflowStack, run: DagRun, folder: Path) -> None:
    """Change the first segment in the file, and approve."""
    [file] = until(lambda: list(folder.glob("approve-*.json")), limit=3 * LIMIT, what="a file to approve")
    question = json.loads(file.read_text())
    question["segments"][0]["text"] = words_of(run)
    file.write_text(json.dumps({**question, "approve": True}))


ANSWERS: dict[str, Answer] = {"topview_approval": in_the_form, "topview_approval_by_file": in_the_file}
"""Who answers, by example."""
