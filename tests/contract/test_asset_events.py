"""What each family tells the outlets of its tasks, and OpenLineage: flat, scalar, and without a signed URL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import Asset, AssetAlias

from tests.lines import alias_events, outlet_events
from topview_provider.catalog import TaskFamily
from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.standin.server import StandIn

from .examples import full
from .promises import promise
from .running import known, new_context, operator_class, sensor_arguments, sensor_class, walk

VIDEOS, ANY = Asset("videos"), AssetAlias("any")
NAMES = {"uri", "topview_task_id", "family", "state", "language", "cost_credit"}
SCALARS = str | int | float | bool | None


def operator(row: TaskFamily, **words: Any) -> Any:
    """Return the operator with every field given, and both kinds of outlet."""
    return operator_class(row)(task_id="t", outlets=[VIDEOS, ANY], **full(row, known(row)).arguments, **words)


def told(make: Any, **ti: Any) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """Run a task and return the extra of the asset, and what the alias stands for."""
    events = outlet_events()
    walk(make, {**new_context(**ti), "outlet_events": events})
    extra = events[VIDEOS].extra
    assert extra == json.loads(json.dumps(extra))
    assert all(isinstance(value, SCALARS) for value in extra.values()), extra
    assert "?" not in json.dumps(extra)
    found = alias_events(events[ANY])
    assert all(one.keys() == extra.keys() for _, one in found)
    return extra, found


@promise
def test_an_outlet_of_a_task_that_was_deferred_hears_of_it(row: TaskFamily, service: StandIn) -> None:
    extra, found = told(lambda: operator(row, deferrable=True))
    assert set(extra) == NAMES
    assert (extra["uri"], extra["family"], extra["state"]) == (None, row.name, "success")
    assert [uri for uri, _ in found] == [f"topview://task/{row.name}/{extra['topview_task_id']}"]


@promise
def test_an_outlet_of_a_task_that_nobody_waits_for_hears_that_it_was_accepted(
    row: TaskFamily, service: StandIn
) -> None:
    assert told(lambda: operator(row, wait_for_completion=False))[0]["state"] == "accepted"


@promise
def test_an_outlet_of_a_sensor_hears_the_same(row: TaskFamily, service: StandIn) -> None:
    extra, _ = told(lambda: operator(row))
    arguments = sensor_arguments(row, full(row, known(row)).arguments, extra["topview_task_id"])
    seen, _ = told(lambda: sensor_class(row)(task_id="s", outlets=[VIDEOS, ANY], **arguments))
    assert {**seen, "language": extra["language"]} == extra


@promise
def test_an_outlet_of_a_download_hears_where_the_file_is(row: TaskFamily, service: StandIn, tmp_path: Path) -> None:
    task = operator(row)
    context = {**new_context(), "outlet_events": outlet_events()}
    manifest, card = task.execute(context), context["ti"].pushed["topview"]
    for output in row.outputs:
        names = {"family": row.name, "topview_task_id": manifest["topview_task_id"], "output": output.name}
        if "preview" in full(row, known(row)).arguments:
            names |= {"preview": task.preview}
        target = f"{tmp_path}/{output.name}-{{index}}.{{ext}}"

        def fetch(names: Any = names, target: str = target) -> Any:
            download = TopviewDownloadOperator(task_id="d", index="all", path=target, outlets=[VIDEOS, ANY], **names)
            download.upstream_task_ids.add("t")
            return download

        extra, found = told(fetch, upstream={"t": {"topview": card}})
        assert set(extra) == NAMES | {"count"}
        assert {name: extra[name] for name in ("family", "cost_credit", "state")} == {
            name: card[name] for name in ("family", "cost_credit", "state")
        }
        assert card["language"] in (None, extra["language"])
        assert len(found) == extra["count"]
        assert [uri for uri, _ in found] == [f"file://{one['uri']}" for _, one in found]
        assert all(Path(one["uri"]).is_file() for _, one in found)
