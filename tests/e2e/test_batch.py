"""Sixty products in a real Airflow, of which six fail: a pool bounds them, a report tells, a rerun makes the six."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import KEY, LIMIT, begin, connection
from tests.e2e.database import address, new_database, workers
from tools.rest import DagRun
from tools.settings import ROOT, UNCHANGING
from tools.stack import AirflowStack
from topview_provider.standin.server import StandIn

SLOTS = 15
PRODUCTS = [f"https://shop.example/{number}" for number in range(60)]
FAIL, REFUSED = PRODUCTS[5:45:10], PRODUCTS[50:52]
FAMILY = "marketing_video"
RETRIES = '"retries": 2, "retry_delay": pendulum.duration(seconds=10)'


@pytest.fixture(scope="module")
def shop() -> Iterator[StandIn]:
    """A stand-in that fails four products and refuses two."""
    with StandIn(seconds=20, api_key=KEY) as service:
        for link in FAIL:
            service.fault("fail", match={"productLink": link}, message="no face found", times=-1)
        for link in REFUSED:
            refusal = {"value": "6001", "message": "not for us", "method": "POST"}
            service.fault("code", match={"productLink": link}, times=-1, **refusal)
        yield service


@pytest.fixture(scope="module")
def stack(shop: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowStack]:
    """An Airflow with the two DAGs; retries are what it takes where a busy Airflow mistakes a deferral for a kill."""
    home = tmp_path_factory.mktemp("batch")
    dags = home / "dags"
    dags.mkdir()
    for name in ("topview_products_batch.py", "topview_products_rerun.py"):
        source = (ROOT / "dags" / name).read_text()
        assert RETRIES in source
        (dags / name).write_text(source.replace(RETRIES, '"retries": 4, "retry_delay": pendulum.duration(seconds=1)'))
    with new_database() as database:
        room = {"AIRFLOW__CORE__PARALLELISM": workers(database, 4)}
        env = {"AIRFLOW_CONN_TOPVIEW_DEFAULT": connection(shop, KEY), **UNCHANGING, **room}
        with AirflowStack(home, dags, env=env, sql_alchemy_conn=address(database)) as stack:
            stack.api.set_pool("topview", SLOTS)
            yield stack


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the products stand, and the videos land."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "products.csv").write_text("product_link,product_name\n" + "".join(f"{link},\n" for link in PRODUCTS))
    return folder


@pytest.fixture(scope="module")
def first(stack: AirflowStack, folder: Path) -> DagRun:
    """The run in which six products fail."""
    run = begin(stack, "topview_products_batch", products=str(folder / "products.csv"), folder=str(folder))
    assert run.wait(limit=5 * LIMIT, progress=lambda _: stack.check_alive()) == "failed"
    return run


def report(run: DagRun) -> dict[str, dict[str, str]]:
    """Return the rows of a run's report by product."""
    path = Path(run.xcom("report", "report")["path"].removeprefix("file://"))
    with path.open(newline="") as file:
        return {row["product_link"]: row for row in csv.DictReader(file)}


def accepted(shop: StandIn) -> int:
    return int(shop.stats(FAMILY)["accepted"])


def test_the_report_tells_of_fifty_four_that_are_there_and_of_six_that_failed(first: DagRun) -> None:
    rows = report(first)
    assert list(rows) == PRODUCTS
    assert Counter(row["state"] for row in rows.values()) == {"success": 54, "failed": 6}
    assert {link for link in rows if rows[link]["state"] == "failed"} == {*FAIL, *REFUSED}
    assert [rows[link]["error"] for link in FAIL] == ["no face found"] * 4
    assert all("not for us" in rows[link]["error"] for link in REFUSED)
    assert {row["rerun"] for row in rows.values() if row["state"] == "failed"} == {"submit"}
    numbers = first.xcom("report", "report")
    assert (numbers["total"], numbers["success"], numbers["failed"]) == (60, 54, 6)
    assert (numbers["cost_credit"], numbers["complete"]) == (54 * 5, True)


def test_what_is_reported_as_stored_is_there(first: DagRun) -> None:
    files = [row["file"] for row in report(first).values() if row["state"] == "success"]
    assert len({*files}) == 54
    assert all(Path(file.removeprefix("file://")).stat().st_size for file in files)


def test_never_more_run_at_topview_than_the_pool_has_slots(first: DagRun, shop: StandIn) -> None:
    assert SLOTS // 2 <= shop.stats(FAMILY)["max_running"] <= SLOTS


def test_what_is_there_was_bought_once(first: DagRun, shop: StandIn) -> None:
    bought = Counter(job["body"]["productLink"] for job in shop.jobs())
    assert {link: bought[link] for link in PRODUCTS if link not in FAIL} == {
        link: int(link not in REFUSED) for link in PRODUCTS if link not in FAIL
    }


def test_each_instance_is_called_by_its_product(first: DagRun) -> None:
    rows = first.api.get(f"{first.path}/taskInstances", task_id="product.video", limit=100)["task_instances"]
    names = {row["rendered_map_index"] for row in rows if row["task_id"] == "product.video"}
    assert names == {f"{link} en" for link in PRODUCTS}


def test_a_second_dag_makes_what_the_report_says_is_missing(first: DagRun, stack: AirflowStack, shop: StandIn) -> None:
    path, before = first.xcom("report", "report")["path"], accepted(shop)
    shop.clear_faults()
    run = begin(stack, "topview_products_rerun", report=path, folder=str(Path(path.removeprefix("file://")).parent))
    assert run.wait(limit=2 * LIMIT, progress=lambda _: stack.check_alive()) == "success"
    rows = report(run)
    assert {*rows} == {*FAIL, *REFUSED}
    assert {row["state"] for row in rows.values()} == {"success"}
    assert accepted(shop) - before == 6


def test_clearing_what_failed_makes_the_six_in_the_same_run(first: DagRun, stack: AirflowStack, shop: StandIn) -> None:
    before = accepted(shop)
    shop.clear_faults()
    first.clear(only_failed=True)
    assert first.wait(limit=2 * LIMIT, progress=lambda _: stack.check_alive()) == "success"
    assert Counter(row["state"] for row in report(first).values()) == {"success": 60}
    assert accepted(shop) - before == 6
    assert shop.stats(FAMILY)["max_running"] <= SLOTS
