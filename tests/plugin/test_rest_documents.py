"""The command lines that the documents show for Airflow's REST API, run against a real API server of Airflow."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.plugin.conftest import RUN, Visitor
from tests.test_docs import blocks
from tools.settings import ROOT

PLACE = f"/api/v2/dags/open/dagRuns/{RUN}/taskInstances/video"


def block(page: str, words: str) -> str:
    """Return the one block of a page with these words, about a task that is there."""
    [found] = [one for one in blocks((ROOT / "docs" / page).read_text(), "bash") if words in one]
    given = {"<name>": "admin", "<password>": "admin", "<dag>": "open", "<run>": RUN, "<task>": "video"}
    for name, value in {**given, "topview_products_batch": "open"}.items():
        found = found.replace(name, value)
    return found


@pytest.fixture
def token(admin: Visitor) -> str:
    """The lines that fetch a token, for this API server."""
    lines = block("money.md", "auth/token")
    assert "AIRFLOW=http://localhost:8080\n" in lines
    return lines.replace("http://localhost:8080", admin.url)


def bash(script: str) -> str:
    """Run lines as a person would, and return what they print."""
    env = {**os.environ, "no_proxy": "*"}
    run = ["bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(run, env=env, capture_output=True, text=True, check=True, timeout=60).stdout


def test_a_name_and_a_password_give_a_token(admin: Visitor, token: str) -> None:
    printed = bash(f'{token}curl -sf -H "Authorization: Bearer $TOKEN" "$AIRFLOW/api/v2/dags/open"')
    assert '"dag_id":"open"' in printed


def test_the_call_of_the_document_forgets_a_record(admin: Visitor, token: str) -> None:
    place = f"{admin.url}{PLACE}/state-store/topview?map_index=-1"
    admin.session.put(place, json={"value": {"topview_task_id": "t1"}}, timeout=60).raise_for_status()
    assert admin.session.get(place, timeout=60).json()["value"] == {"topview_task_id": "t1"}
    bash(token + block("money.md", "state-store"))
    assert admin.session.get(place, timeout=60).status_code == 404


def test_the_call_of_the_document_clears_what_failed(admin: Visitor, token: str) -> None:
    change = admin.session.patch(admin.url + PLACE, json={"new_state": "failed"}, timeout=60)
    change.raise_for_status()
    bash(token + block("batches.md", "clearTaskInstances"))
    assert admin.get(PLACE).json()["state"] is None
