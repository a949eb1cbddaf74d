"""Every sentence of docs/approval.md that can be run is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseNotifier

from tests.approving import Desk, asking, preview
from tests.contract.running import new_context
from tests.test_docs import blocks
from topview_provider.operators.voice import TopviewTextToVoiceOperator
from topview_provider.sensors.approval import INSTRUCTIONS, TopviewScriptApprovalSensor
from topview_provider.standin.server import StandIn

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "approval.md").read_text()


def dag_of(words: str) -> Any:
    """Return the DAG of the one block that holds these words, and its names."""
    [source] = [block for block in blocks(PAGE, "python") if words in block]
    scope: dict[str, Any] = {}
    exec(source.replace("with DAG(", "with (dag := DAG(", 1).replace('tz="UTC")):', 'tz="UTC"))):', 1), scope)
    return scope["dag"], scope


def test_the_group_of_the_document_can_be_built() -> None:
    dag, scope = dag_of("marketing_video(")
    names = ["upload", "preview", "approve", "write_script", "export", "download"]
    assert [one.task_id for one in dag.topological_sort()] == [f"lamp.{name}" for name in names]
    pools = {one.task_id: one.pool for one in dag.tasks}
    assert (pools.pop("lamp.approve"), {*pools.values()}) == ("default_pool", {"topview"})
    assert scope["stored"].operator.task_id == "lamp.download"


def test_the_steps_of_the_document_follow_each_other() -> None:
    [source] = [block for block in blocks(PAGE, "python") if block.startswith("approve = ")]
    named = (ROOT / "dags" / "topview_approval.py").read_text()
    for line in source.strip().splitlines():
        assert line.strip() in named or line in ("update >> export", ")"), line


def test_a_task_of_taskflow_asks_by_the_hook_and_hands_over_to_an_operator(service: StandIn) -> None:
    dag, _ = dag_of("def grown_up_voice")
    tasks = dag.task_dict
    assert tasks["grown_up_voice"].pool == "topview"
    assert tasks["speech"].upstream_task_ids == {"grown_up_voice"}
    assert tasks["said"].upstream_task_ids == {"speech"}
    voice_id = tasks["grown_up_voice"].python_callable("en")
    json.dumps(voice_id)
    given = {"voice_text": "Good morning.", "voice_id": voice_id}
    manifest = TopviewTextToVoiceOperator(task_id="speech", **given).execute(new_context())
    assert tasks["said"].python_callable(manifest).startswith(service.url)
    assert service.jobs()[0]["family"] == "text_to_voice"


def test_the_file_of_the_document_is_the_one_that_is_written(service: StandIn, tmp_path: Path) -> None:
    [shown] = [json.loads(block) for block in blocks(PAGE, "json")]
    given = {"topview_task_id": preview(), "path": str(tmp_path / "a.json")}
    TopviewScriptApprovalSensor(task_id="a", **given).poke(new_context())
    written = json.loads((tmp_path / "a.json").read_text())
    assert list(shown) == list(written)
    assert shown["segments"][0].keys() == written["segments"][0].keys()
    assert INSTRUCTIONS.startswith(shown["instructions"].removesuffix(" ..."))


class Chat(BaseNotifier):
    """A notifier as Airflow's own are: it renders its text and sends it."""

    template_fields = ("text",)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.sent: list[str] = []

    def notify(self, context: Any) -> None:
        self.sent.append(self.text)


def test_a_notifier_of_airflow_tells_where_the_form_is(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example")
    [text] = re.findall(r'SlackNotifier\(text="(.*?)"\)', PAGE)
    desk, chat = Desk(monkeypatch), Chat(text)
    task = asking(preview(), notifiers=chat)
    desk.context["task"] = task
    desk.ask(task)
    link = "https://airflow.example/dags/d/runs/r/tasks/approve/required_actions?map_index=-1"
    assert chat.sent == [f"A script waits for you: {link}"]


def test_every_key_of_the_card_that_the_document_names_is_one(service: StandIn) -> None:
    context = new_context()
    TopviewTextToVoiceOperator(task_id="t", voice_text="Hello.", voice_id="v1").execute(context)
    named = set(re.findall(r"key='topview'\)\['(\w+)'\]", PAGE))
    assert named == {"product", "cost_credit"}
    assert named <= set(context["ti"].pushed["topview"])
