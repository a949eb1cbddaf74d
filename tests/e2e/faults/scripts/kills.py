"""Processes that die: each is killed at a moment that the stand-in, or the task itself, holds it at."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence

from tests.e2e.faults.cells import Cell
from tests.e2e.faults.play import Script
from tests.e2e.faults.world import World, advance, now
from tools.processes import parent, send


def workers(world: World, cells: Sequence[Cell]) -> Script:
    """Kill the workers of cells, each at its moment, and let what then goes on come to its end."""
    # Who is held at a moment, or waits again after it, keeps a worker: no more of them than there are workers.
    most = max(1, world.room - 1)
    for begin in range(0, len(cells), most):
        batch = cells[begin : begin + most]
        world.start(batch)
        yield lambda batch=batch: all(_reached(world, cell) for cell in batch)  # type: ignore[misc]
        killed = now()
        for cell in batch:
            send(signal.SIGKILL, _processes(world, cell))
        yield from _goes_on(world, batch, killed)


def term(world: World, cells: Sequence[Cell]) -> Script:
    """Ask the process of a waiting task to end, as whoever shuts down a worker does."""
    yield from _waiting(world, cells)
    asked = now()
    for cell in cells:
        send(signal.SIGTERM, _processes(world, cell))
    yield from _goes_on(world, cells, asked)


def triggerer(world: World, cells: Sequence[Cell]) -> Script:
    """Kill the only triggerer and start another."""
    yield from _waiting(world, cells)
    world.stack.kill("triggerer")
    killed = now()
    world.stack.start("triggerer")
    yield from _goes_on(world, cells, killed)


def two_triggerers(world: World, cells: Sequence[Cell]) -> Script:
    """Start a second triggerer, and kill the first, which waits for these cells."""
    yield from _waiting(world, cells)
    world.stack.launch("second-triggerer")
    yield lambda: len(_triggerers(world)) == 2
    world.stack.kill("triggerer")
    yield from _goes_on(world, cells, now())


def scheduler(world: World, cells: Sequence[Cell]) -> Script:
    """Kill the scheduler, its workers and their tasks, and start it again."""
    yield from _waiting(world, cells)
    world.stack.kill("scheduler")
    killed = now()
    world.stack.start("scheduler")
    yield from _goes_on(world, cells, killed)


def api_server(world: World, cells: Sequence[Cell]) -> Script:
    """Restart the API server, which everything that Airflow's tasks say goes through."""
    yield from _waiting(world, cells)
    world.stack.stop("api-server")
    world.stack.start("api-server")
    yield from _goes_on(world, cells, now())


def _waiting(world: World, cells: Sequence[Cell]) -> Script:
    """Begin cells and see each wait for its job."""
    world.start(cells)
    yield lambda: world.polled(*cells)


def _goes_on(world: World, cells: Sequence[Cell], since: float) -> Script:
    """See that each job is waited for again, and let it end."""
    yield lambda: world.polled(*cells, since=since) and world.handed_over(*cells)
    advance(world.service(cells[0]))
    yield lambda: world.finished(*cells)


def _triggerers(world: World) -> list[int]:
    found = world.stack.api.get("/jobs", job_type="TriggererJob", is_alive=True, limit=10)["jobs"]
    return [job["id"] for job in found]


def _reached(world: World, cell: Cell) -> bool:
    """Whether a cell is at the moment at which it is to be killed."""
    moments: dict[str, Callable[[], bool]] = {
        "asked": lambda: world.asked_for_uid(cell),
        "arriving": lambda: bool(world.submits(cell)),
        "accepted": lambda: bool(world.jobs(cell)),
        "answered": (world.folder / f"{world.marks[cell.id]}.answered").exists,
        "waiting": lambda: world.polled(cell),
    }
    return moments[cell.moment]()


def _processes(world: World, cell: Cell) -> list[int]:
    """Return the process of a cell's task, and its supervisor where both are meant."""
    process = world.runs[cell.id].task("video").pid
    if process not in world.stack.pids():
        raise LookupError(f"{cell.id}: {process} is no process of a running task")
    return [parent(process), process] if cell.victims == "both" else [process]
