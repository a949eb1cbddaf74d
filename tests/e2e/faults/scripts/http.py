"""Faults that a request meets: ordered at the stand-in, most of them before the run begins."""

from __future__ import annotations

from collections.abc import Sequence

from tests.e2e.faults.cells import Cell
from tests.e2e.faults.play import Script
from tests.e2e.faults.world import World, advance, now

RUNS_PER_WORKER = 2
"""Runs that are under way at once, as many of them wait elsewhere."""
OUTAGE = 30.0
"""Seconds without a connection."""


def plain(world: World, cells: Sequence[Cell]) -> Script:
    """Begin so many at once that Airflow's own loops stay quick; what was ordered does the rest."""
    rest, most = list(cells), RUNS_PER_WORKER * world.room
    while rest:
        yield lambda: len(world.under_way()) < most
        free = most - len(world.under_way())
        world.start(rest[:free])
        del rest[:free]
    yield lambda: world.finished(*cells)


def later(world: World, cell: Cell) -> Script:
    """Order the faults of a cell that is under way."""
    there = {"received": world.submits, "accepted": world.jobs}
    yield lambda: cell.id in world.runs
    for then in cell.then:
        seen = there[then.after]
        yield lambda seen=seen: bool(seen(cell)) or world.finished(cell)  # type: ignore[misc]
        world.order(cell, then.fault)


def outage(world: World, cells: Sequence[Cell]) -> Script:
    """Cut every connection for half a minute: while waiting, at the submit, and then before the download."""
    waiting, submitting, downloading = (
        [cell for cell in cells if cell.moment == moment] for moment in ("waiting", "submitting", "downloading")
    )
    world.start(downloading)
    yield lambda: world.polled(*downloading) and world.handed_over(*downloading)
    advance(world.services["gated"])
    yield lambda: world.finished(*downloading)
    world.start(waiting)
    yield lambda: world.polled(*waiting)
    world.gate.shut()
    began = now()
    world.start(submitting)
    yield lambda: now() > began + OUTAGE and all(_tried(world, cell, "video", 1) for cell in submitting)
    world.gate.open()
    opened = now()
    yield lambda: world.polled(*waiting, *submitting, since=opened) and world.handed_over(*waiting, *submitting)
    advance(world.services["gated"])
    yield lambda: world.finished(*waiting, *submitting)
    yield from _fetched_again(world, downloading)


def _fetched_again(world: World, cells: Sequence[Cell]) -> Script:
    """Clear downloads while nothing can be reached, and open the gate when each has failed once."""
    world.gate.shut()
    for cell in cells:
        world.file(cell).unlink()
        world.runs[cell.id].clear("download")
    world.look()
    yield lambda: all(_tried(world, cell, "download", 2) for cell in cells)
    world.gate.open()
    yield lambda: world.finished(*cells)


def rotation(world: World, cells: Sequence[Cell]) -> Script:
    """Give TopView and the connection another key while a task is waited on."""
    [service] = {world.service(cell) for cell in cells}
    world.start(cells)
    yield lambda: world.polled(*cells) and world.handed_over(*cells)
    new = f"{service.api_key}-rotated"
    if cells[0].moment == "connection first":
        _store(world, cells[0], new)
        service.rotate(new)
    else:
        service.rotate(new)
        refused = now()
        yield lambda: world.polled(*cells, since=refused)
        _store(world, cells[0], new)
    advance(service)
    yield lambda: world.finished(*cells)


def _store(world: World, cell: Cell, key: str) -> None:
    body = {"connection_id": cell.conn_id, "conn_type": "topview", "password": key}
    api = world.stack.api
    path = f"{api.prefix}/connections/{cell.conn_id}"
    api.request("PATCH", path, params={"update_mask": ["password"]}, json=body)


def _tried(world: World, cell: Cell, task_id: str, tries: int) -> bool:
    """Whether so many tries of a task have failed."""
    task = world.runs[cell.id].task(task_id)
    return task.try_number > tries or (task.try_number == tries and task.state == "up_for_retry")
