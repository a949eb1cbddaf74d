"""A real API server of Airflow with our plugin, and visitors who may see more or less of it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import FakeTaskInstance, connecting
from tests.contract.running import new_context
from tests.plugin.guard import CLOSED, OUTSIDER
from tools.settings import ROOT
from tools.stack import AirflowStack
from topview_provider.operators.video import TopviewMarketingVideoOperator
from topview_provider.standin.server import StandIn

ROLES = {"admin": "admin", "viewer": "viewer", OUTSIDER: "viewer"}
RUN = "manual__2026-11-22T10:00:00+00:00"
LINK = "https://shop.example/p"


@pytest.fixture(scope="module")
def topview() -> Iterator[StandIn]:
    """The stand-in to which the connections of the API server lead; its jobs are done at the first query."""
    with StandIn(seconds=0, any_file=True, credits=120) as service:
        yield service


@pytest.fixture(scope="module")
def server(topview: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowStack]:
    """Only the API server of Airflow, with the DAGs ``open`` and ``closed`` and three users."""
    home = tmp_path_factory.mktemp("airflow")
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps({name: name for name in ROLES}))
    env = {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(importable(home)), os.environ.get("PYTHONPATH")])),
        "AIRFLOW__CORE__AUTH_MANAGER": "tests.plugin.guard.GuardedAuthManager",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in ROLES.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        **{f"AIRFLOW_CONN_{name.upper()}": value for name, value in connections(topview).items()},
    }
    stack = AirflowStack(home, Path(__file__).parent / "dags", env=env)
    try:
        stack.airflow("db", "migrate")
        stack.airflow("dags", "reserialize")
        stack.launch("api-server")
        stack.wait_healthy()
        yield stack
    finally:
        stack.close()


def importable(home: Path) -> Path:
    """Return a folder from which ``tests`` can be imported; the checkout itself would show the plugin a second time."""
    folder = home / "importable"
    folder.mkdir()
    (folder / "tests").symlink_to(ROOT / "tests")
    return folder


def connections(service: StandIn) -> dict[str, str]:
    """Return connections as JSON: to the stand-in, with a wrong key, and of another type."""
    right = {"conn_type": "topview", "login": service.uid, "password": service.api_key, "host": service.url}
    found = {
        "topview_default": right,
        "wrong": {**right, "password": "not-the-key"},
        "other": {**right, "conn_type": "http"},
    }
    return {name: json.dumps(fields) for name, fields in found.items()}


class Visitor:
    """
    Somebody with a browser that follows no redirect.

    :param url: Address of the API server.
    :param name: User; empty for one who has not logged in.
    """

    def __init__(self, url: str, name: str = "") -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        if name:
            login = self.session.post(f"{url}/auth/token", json={"username": name, "password": name}, timeout=30)
            self.session.cookies.set("_token", login.json()["access_token"])

    def get(self, path: str, **words: Any) -> requests.Response:
        """Ask for a path."""
        return self.session.get(self.url + path, allow_redirects=False, timeout=60, **words)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send JSON, which must be accepted."""
        answer = self.session.post(self.url + path, json=body, timeout=60)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(scope="module")
def admin(server: AirflowStack) -> Visitor:
    """Somebody who may do everything; both DAGs have one run."""
    visitor = Visitor(server.url, "admin")
    for dag_id in ("open", CLOSED):
        visitor.post(f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None, "dag_run_id": RUN, "conf": {}})
    return visitor


@pytest.fixture(scope="module")
def viewer(server: AirflowStack, admin: Visitor) -> Visitor:
    """Somebody who may read DAGs and no connections."""
    return Visitor(server.url, "viewer")


@pytest.fixture(scope="module")
def outsider(server: AirflowStack, admin: Visitor) -> Visitor:
    """Somebody who may not see the DAG ``closed``."""
    return Visitor(server.url, OUTSIDER)


@pytest.fixture
def bought(
    topview: StandIn, admin: Visitor, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., dict[str, Any]]]:
    """What buys a video as a task would, and puts its card where the task would; changed as a test wants it."""
    connecting(monkeypatch)(topview)
    places = []

    def buy(dag_id: str = "open", task_id: str = "video", map_index: int = -1, **changes: Any) -> dict[str, Any]:
        context = new_context(ti=FakeTaskInstance(dag_id=dag_id, task_id=task_id, map_index=map_index))
        link = f"{LINK}/{secrets.token_hex(4)}"
        TopviewMarketingVideoOperator(task_id=task_id, product_link=link).execute(context)
        card = {**context["ti"].pushed["topview"], **changes}
        path = f"/api/v2/dags/{dag_id}/dagRuns/{RUN}/taskInstances/{task_id}/xcomEntries"
        admin.post(path, {"key": "topview", "value": card, "map_index": map_index})
        places.append(f"{admin.url}{path}/topview?map_index={map_index}")
        return card

    yield buy
    topview.clear_faults()
    for place in places:
        admin.session.delete(place, timeout=60).raise_for_status()
