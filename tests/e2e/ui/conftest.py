"""A browser in front of a real Airflow whose tasks go to the stand-in; ``make ui`` installs what it needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.ui.screens import PHONE, WIDE, create_connection, expect, ours, playwright
from tools.rest import DagRun
from tools.settings import ROOT
from tools.stack import AirflowStack
from topview_provider.standin.server import StandIn

PICTURES = ROOT / "build" / "ui"
LIMIT = 120.0
EXAMPLES = ("topview_marketing_video", "topview_approval")
VIEWS = {
    "dark-phone": ("dark", PHONE),
    "light-phone": ("light", PHONE),
    "dark-wide": ("dark", WIDE),
    "light-wide": ("light", WIDE),
}

EVIL_NAME = '<img src=x onerror="top.hit=1;window.hit=1">'
EVIL_ERROR = "</p><script>top.hit=2</script><svg onload=top.hit=3> no face found"


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
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowStack]:
    """A whole Airflow with examples and the DAG of these tests, without any connection."""
    home = tmp_path_factory.mktemp("ui")
    dags = home / "dags"
    shutil.copytree(Path(__file__).parent / "dags", dags, ignore=shutil.ignore_patterns("__pycache__"))
    for name in EXAMPLES:
        shutil.copy(ROOT / "dags" / f"{name}.py", dags)
    env = {"AIRFLOW__CORE__PARALLELISM": "2", "AIRFLOW__CORE__TEST_CONNECTION": "Enabled"}
    with AirflowStack(home, dags, env=env) as stack:
        yield stack


@pytest.fixture(scope="session")
def window(airflow: AirflowStack) -> Iterator[Any]:
    """Debian's Chromium with one memory for all pages; a sandbox cannot be made by root."""
    with playwright.sync_playwright() as play:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        playwright.expect.set_options(timeout=30_000)
        browser = play.chromium.launch(executable_path=browser_path(), args=options)
        context = browser.new_context(base_url=airflow.url, viewport=WIDE, locale="en-GB")
        context.set_default_timeout(30_000)
        yield context
        browser.close()


@pytest.fixture(scope="session")
def connected(window: Any, topview: StandIn) -> None:
    """The connection of all runs, made in Airflow's form; the jobs of a stand-in are too short for adaptive polls."""
    address = urlsplit(topview.url)
    fields = {
        "Base URL": f"{address.scheme}://{address.hostname}",
        "Port": str(address.port),
        "Topview-Uid": topview.uid,
        "API key": topview.api_key,
    }
    with window.new_page() as page:
        page.goto("/connections")
        create_connection(page, "topview_default", fields, {"Poll interval (s)": "0.5"})


@pytest.fixture(scope="session")
def begin(airflow: AirflowStack, connected: None) -> Callable[..., DagRun]:
    """What unpauses a DAG and triggers it."""

    def trigger(dag_id: str, **conf: Any) -> DagRun:
        airflow.api.wait_for_dag(dag_id, limit=LIMIT)
        airflow.api.unpause(dag_id)
        return airflow.api.trigger(dag_id, conf)

    return trigger


@pytest.fixture(scope="session")
def begun(
    begin: Callable[..., DagRun], topview: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, DagRun]:
    """Runs that go on while other tests look elsewhere: every kind of result, hostile words among them; an approval."""
    topview.fault("fail", match={"productName": EVIL_NAME + " broken"}, message=EVIL_ERROR, times=-1)
    shop = begin("ui_shop", name=EVIL_NAME, broken=EVIL_NAME + " broken")
    folder = tmp_path_factory.mktemp("approved")
    approval = begin("topview_approval", product_link="https://shop.example/desk-lamp", folder=str(folder))
    return {run.dag_id: run for run in (shop, approval)}


@pytest.fixture(scope="session")
def shop(begun: dict[str, DagRun]) -> DagRun:
    """The run with every kind of result when it is done."""
    run = begun["ui_shop"]
    assert run.wait(limit=LIMIT * 2) == "failed"
    assert {task.name for task in run.tasks() if task.state == "failed"} == {"broken"}
    return run


@pytest.fixture
def tab(window: Any) -> Iterator[Callable[[str], Any]]:
    """What opens a page of Airflow: ``tab("/dags")``; errors of its scripts fail the test."""
    pages, errors = [], []

    def open_page(path: str) -> Any:
        page = window.new_page()
        pages.append(page)
        page.emulate_media(color_scheme="light")
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        page.goto(path)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert errors == []


@pytest.fixture
def picture() -> Callable[[Any, str], None]:
    """What writes a screenshot to ``build/ui``, for people to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)

    def take(page: Any, name: str) -> None:
        page.screenshot(path=str(PICTURES / f"{name}.png"), animations="disabled")

    return take


@pytest.fixture
def pictures(picture: Callable[[Any, str], None]) -> Callable[..., None]:
    """
    What writes four screenshots: light and dark, wide and on a phone.

    With ``own`` it holds a page of ours, which must follow Airflow's theme and fit. Without ``phone`` only wide ones:
    Airflow shows a task beside its grid, which leaves a phone no room.
    """

    def take(page: Any, name: str, *, own: bool = True, phone: bool = True) -> None:
        root = ours(page).locator("html")
        for view, (theme, size) in VIEWS.items():
            if size is PHONE and not phone:
                continue
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size(size)
            if own:
                expect(root).to_have_attribute("data-theme", theme)
                assert root.evaluate("(root) => root.scrollWidth <= root.clientWidth"), view
            picture(page, f"{name}-{view}")

    return take
