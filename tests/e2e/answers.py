"""People who answer whenever they are asked, for the DAGs that ask somebody: in Airflow's form, and in a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tools.rest import DagRun

Answer = Callable[[DagRun, Path], None]


def words_of(run: DagRun) -> str:
    """Return what the person of a run writes."""
    return f"Written by a person for {run.dag_id}."


def in_the_form(run: DagRun, folder: Path) -> None:
    """Change the first segment in Airflow's form, and approve."""
    answer_form(run, "Approve", segment_1=words_of(run))


def answer_form(run: DagRun, option: str, **words: str) -> None:
    """
    Answer the form of the task ``approve`` if it waits for that.

    A busy scheduler may take a task that went on quickly for one that died: the next try asks again.
    """
    if not [task for task in run.tasks() if task.task_id == "approve" and task.state in ("awaiting_input", "deferred")]:
        return
    path = f"{run.path}/taskInstances/approve/-1/hitlDetails"
    form = run.api.get(path)
    if not form["response_received"]:
        fields = {name: field["value"] for name, field in form["params"].items()}
        answer = {"chosen_options": [option], "params_input": {**fields, **words}}
        run.api.request("PATCH", f"/api/v2{path}", json=answer)


def in_the_file(run: DagRun, folder: Path) -> None:
    """Change the first segment in the file, and approve."""
    for file in folder.glob("approve-*.json"):
        question = json.loads(file.read_text())
        if question["approve"] is None:
            question["segments"][0]["text"] = words_of(run)
            file.write_text(json.dumps({**question, "approve": True}))


ANSWERS: dict[str, Answer] = {"topview_approval": in_the_form, "topview_approval_by_file": in_the_file}
"""Who answers, by example."""
