"""What all tests share: a stand-in over real HTTP, and the Airflow connection that leads to it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

# Before anything imports Airflow: no test may read or write the home of whoever runs it.
HOME = "" if "AIRFLOW_HOME" in os.environ else tempfile.mkdtemp(prefix="topview-tests-")
os.environ.setdefault("AIRFLOW_HOME", HOME)
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
os.environ.setdefault("AIRFLOW__CORE__UNIT_TEST_MODE", "True")
for name in ("TOPVIEW_UID", "TOPVIEW_API_KEY", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
    os.environ.pop(name, None)
for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC", "NO_PROXY", "no_proxy", "all_proxy"):
    os.environ.pop(name, None)

import hypothesis
import pytest

from topview_provider.compat import airflow_line
from topview_provider.standin.server import StandIn

CONN_ID = "topview_default"

# The same examples in every run, and no clock; HYPOTHESIS_PROFILE=default looks for new ones.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_unconfigure() -> None:
    """Remove the home that was made for this run."""
    if HOME:
        shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def fast_standin() -> Iterator[StandIn]:
    """A stand-in whose jobs take a tenth of a second; shared, so tests tell their tasks apart by their bodies."""
    with StandIn(seconds=0.1, any_file=True, credits=1_000_000) as service:
        yield service


@pytest.fixture
def standin() -> Iterator[StandIn]:
    """A stand-in of this test's own, to count and to break."""
    with StandIn(seconds=0.1, any_file=True) as service:
        yield service


def connecting(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return a function that points an Airflow connection at a service: ``connect(service, read_timeout=1)``."""

    def point(
        service: Any, *, conn_id: str = CONN_ID, login: str | None = None, password: str | None = None, **extra: Any
    ) -> str:
        value = {
            "conn_type": "topview",
            "login": service.uid if login is None else login,
            "password": service.api_key if password is None else password,
            "host": service.url,
            "extra": {"poll_interval": 0.05, **extra},
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(value))
        return conn_id

    return point


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What points an Airflow connection at a service; see :func:`connecting`."""
    return connecting(monkeypatch)


@pytest.fixture
def service(connect: Callable[..., str]) -> Iterator[StandIn]:
    """A stand-in of this test's own behind the default connection; its jobs are done at the first query."""
    with StandIn(seconds=0, any_file=True) as service:
        connect(service, poll_interval=0.01)
        yield service


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads that fail are asked again as often as ever, but at once."""
    from topview_provider.hooks import requesting

    monkeypatch.setattr(requesting, "LONGEST_WAIT", 0.0)


class FakeStore(dict[str, Any]):
    """The task state store of Airflow 3.3 as far as operators use it; holds JSON, as the real one does."""

    def set(self, key: str, value: Any) -> None:
        """Write a value, which must be what JSON gives back: Airflow refuses tuples."""
        self[key] = json.loads(json.dumps(value))
        assert self[key] == value, value

    def delete(self, key: str) -> None:
        """Forget a value."""
        self.pop(key, None)


class FakeTaskInstance(SimpleNamespace):
    """A task instance that remembers what was pushed."""

    def __init__(self, **attributes: Any) -> None:
        names = {"dag_id": "d", "run_id": "r", "task_id": "t", "map_index": -1}
        super().__init__(**{"try_number": 1, "max_tries": 0, "pushed": {}, "upstream": {}, **names, **attributes})

    def xcom_push(self, key: str, value: Any) -> None:
        """Remember an XCom; it must be JSON, as in Airflow, and Airflow 3.0 takes no None."""
        assert value is not None or airflow_line() != (3, 0), key
        self.pushed[key] = json.loads(json.dumps(value))

    def xcom_pull(self, task_ids: list[str], key: str) -> list[Any]:
        """Return what tasks upstream pushed, None for one that pushed nothing."""
        return [self.upstream.get(task_id, {}).get(key) for task_id in task_ids]


@pytest.fixture
def context() -> dict[str, Any]:
    """A context as Airflow 3.3 gives it to ``execute``."""
    return {"ti": FakeTaskInstance(), "task_state_store": FakeStore(), "outlet_events": {}}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses between tries to 10 ms; their number and their rules stay."""
    monkeypatch.setattr("topview_provider.hooks.requesting.LONGEST_WAIT", 0.03)


@pytest.fixture
def hook(service: StandIn) -> Any:
    """A hook whose connection leads to the stand-in of this test."""
    from topview_provider.hooks.topview import TopviewHook

    return TopviewHook()
