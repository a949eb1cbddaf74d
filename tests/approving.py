"""What tests of approvals share: a preview to approve, and Airflow's form without Airflow's database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conftest import FakeTaskInstance
from tests.contract.running import made
from tests.lines import LINE, Asked, only_since
from topview_provider.hooks.topview import TopviewHook
from topview_provider.operators.approval import TopviewScriptApprovalOperator
from topview_provider.standin.server import StandIn

PERSON = {"id": "7", "name": "Ada"}
MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def preview(**words: Any) -> str:
    """Make a finished preview and return its id."""
    return made("marketing_video", preview=True, **words)


def script(topview_task_id: str, number: int = 0) -> list[dict[str, Any]]:
    """Return the segments of a script as they stand at TopView."""
    found: list[dict[str, Any]] = TopviewHook().list("marketing_video_script_list", topview_task_id=topview_task_id)[
        number
    ]["scriptContents"]
    return found


def posts(service: StandIn, path: str) -> list[Any]:
    """Return the bodies that were sent to a path that ends so."""
    return [entry["body"] for entry in service.requests() if entry["path"].endswith(path)]


class Waiting(FakeTaskInstance):
    """A task instance whose XComs can be pulled again, by the task and the map index that pushed them."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**{"id": "ti-1", "task_id": "approve", "map_index": -1, **attributes})

    def xcom_pull(self, *, task_ids: str, key: str, map_indexes: int) -> Any:
        """Return what was pushed."""
        assert (task_ids, map_indexes) == (self.task_id, self.map_index)
        return self.pushed.get(key)


class Desk:
    """
    Take the forms that tasks send to Airflow, and hand back answers as Airflow does.

    :param monkeypatch: Puts the desk in the place of Airflow's database.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        only_since((3, 1), "forms for people")
        self.forms: list[dict[str, Any]] = []
        self.ti = Waiting()
        self.context: Any = {"ti": self.ti, "task_instance": self.ti}
        where = "airflow.providers.standard.operators.hitl.upsert_hitl_detail"
        monkeypatch.setattr(where, lambda **form: self.forms.append(form))

    def ask(self, task: TopviewScriptApprovalOperator) -> dict[str, Any]:
        """Let a task ask, and return its form."""
        with pytest.raises(Asked) as parked:
            task.execute(self.context)
        assert parked.value.method_name == "execute_complete"
        assert parked.value.timeout == task.response_timeout or LINE < (3, 3), "its trigger knows it there"
        return self.forms[-1]

    def words(self) -> dict[str, str]:
        """Return the fields of the last form as somebody sends them who changed nothing."""
        return {name: field["value"] for name, field in self.forms[-1]["params"].items()}

    def answer(self, task: TopviewScriptApprovalOperator, option: str = "Approve", **words: Any) -> Any:
        """Answer the last form, with these fields changed, and return what a new instance of the task makes of it."""
        event = {"chosen_options": [option], "params_input": {**self.words(), **words}, "responded_at": MOMENT}
        return self.hand_over(task, {"responded_by_user": PERSON, **event})

    def hand_over(self, task: TopviewScriptApprovalOperator, event: dict[str, Any]) -> Any:
        """Hand an event over as Airflow does."""
        return task.resume_execution("execute_complete", {"event": event}, self.context)


Make = Callable[..., TopviewScriptApprovalOperator]


def asking(topview_task_id: str, **words: Any) -> TopviewScriptApprovalOperator:
    """Return the task that asks."""
    return TopviewScriptApprovalOperator(task_id="approve", topview_task_id=topview_task_id, **words)
