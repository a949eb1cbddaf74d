"""A browser in front of a real Airflow whose tasks go to the stand-in; ``make ui`` installs what it needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

try:
    from playwright import sync_api as playwright
except ImportError:
    playwright = None

from tools.rest import DagRun
from tools.settings import ROOT
from tools.stack import AirflowStack
from topview_provider.standin.server import StandIn

PICTURES = ROOT / "build" / "ui"
LIMIT = 120.0
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser where there is none."""
    if playwright and browser_path():
        return
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="no playwright or no chromium; make ui installs them"))


def browser_path() -> str | None:
    """Return the browser of the system, of which ``CHROMIUM`` names another one."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def topview() -> Iterator[StandIn]:
    """
    A stand-in whose jobs take 10 s to 30 s.

    Airflow fails a task whose trigger fires before the worker that deferred it has ended, which may take 6 s.
    """
    with StandIn(seconds=20, any_file=True, credits=500) as service:
        yield service


@pytest.fixture(scope="session")
def airflow(topview: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowStack]:
    """A whole Airflow with the quickstart and the DAG of these tests; its connection stands in its database."""
    home = tmp_path_factory.mktemp("ui")
    dags = home / "dags"
    shutil.copytree(Path(__file__).parent / "dags", dags, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "dags" / "topview_marketing_video.py", dags)
    with AirflowStack(home, dags, env={"AIRFLOW__CORE__PARALLELISM": "2"}) as stack:
        fields = {"login": topview.uid, "password": topview.api_key, "host": topview.url}
        body = {"connection_id": "topview_default", "conn_type": "topview", "extra": '{"poll_interval": 0.5}', **fields}
        stack.api.request("POST", "/api/v2/connections", json=body)
        yield stack


@pytest.fixture(scope="session")
def begin(airflow: AirflowStack) -> Callable[..., DagRun]:
    """What unpauses a DAG and triggers it."""

    def trigger(dag_id: str, **conf: Any) -> DagRun:
        airflow.api.wait_for_dag(dag_id, limit=LIMIT)
        airflow.api.unpause(dag_id)
        return airflow.api.trigger(dag_id, conf)

    return trigger


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium; a sandbox cannot be made by root."""
    with playwright.sync_playwright() as play:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        playwright.expect.set_options(timeout=30_000)
        browser = play.chromium.launch(executable_path=browser_path(), args=options)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Any, airflow: AirflowStack) -> Iterator[Callable[..., Any]]:
    """What opens a page of Airflow: ``tab("/dags", theme="dark", size=PHONE)``; errors of its scripts fail the test."""
    contexts, errors = [], []

    def open_page(path: str, *, theme: str = "light", size: dict[str, int] = WIDE) -> Any:
        context = chromium.new_context(viewport=size, color_scheme=theme, locale="en-GB")
        context.add_init_script(f"localStorage.setItem('theme', '{theme}')")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        page.goto(airflow.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def picture() -> Callable[[Any, str], None]:
    """What writes a screenshot to ``build/ui``, for people to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)

    def take(page: Any, name: str) -> None:
        page.screenshot(path=str(PICTURES / f"{name}.png"))

    return take
