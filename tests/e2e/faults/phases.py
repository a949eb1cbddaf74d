"""The order of the play: what may go on side by side, and what needs Airflow for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.e2e.faults.cells import Cell
from tests.e2e.faults.play import Script, play
from tests.e2e.faults.scripts import http, kills
from tests.e2e.faults.world import World

ACTORS: dict[str, Callable[[World, Sequence[Cell]], Script]] = {
    "plain": http.plain,
    "outage": http.outage,
    "rotation": http.rotation,
    "kills": kills.workers,
    "orphans": kills.workers,
    "term": kills.term,
    "triggerer": kills.triggerer,
    "two triggerers": kills.two_triggerers,
    "scheduler": kills.scheduler,
    "api server": kills.api_server,
}

ROOM = 10
"""Workers with which phases are played side by side, and in their limits."""


@dataclass(frozen=True)
class Phase:
    """
    Hold scripts that are played side by side.

    :param name: For messages.
    :param actors: Keys of ``ACTORS``.
    :param limit: Seconds until all must have ended.
    :param rounds: How often cells are played whose run Airflow itself disturbed.
    """

    name: str
    actors: tuple[str, ...]
    limit: float
    rounds: int = 1

    def groups(self, world: World, cells: Sequence[Cell]) -> Iterator[dict[str, Script]]:
        """Yield scripts that need each other; cells of one actor and stand-in are played together."""
        for actor in self.actors:
            mine = [cell for cell in cells if cell.script == actor]
            for service in sorted({cell.service for cell in mine}):
                group = [cell for cell in mine if cell.service == service]
                later = {f"later {cell.id}": http.later(world, cell) for cell in group if cell.then}
                yield {f"{actor} with {service}": ACTORS[actor](world, group), **later}

    def play(self, world: World, cells: Sequence[Cell]) -> Iterator[str]:
        """Play cells of this phase, side by side where Airflow has the room, and yield what went wrong."""
        rest = [cell for cell in cells if cell.script in self.actors]
        for left in reversed(range(self.rounds)):
            groups = list(self.groups(world, rest))
            if world.room >= ROOM:
                groups = [{name: script for group in groups for name, script in group.items()}]
            for group in groups:
                yield from play(world, group, limit=self.limit * ROOM / world.room)
            # Without a round that is left nobody asks: where we kill, Airflow is right to give up a try.
            rest = [cell for cell in rest if left and world.disturbed(cell)]
            if not rest:
                return
            yield f"Airflow disturbed {', '.join(cell.id for cell in rest)}; again"


PHASES = (
    Phase("requests", ("plain", "outage", "rotation"), 420, rounds=4),
    Phase("workers", ("kills",), 240),
    Phase("lost ids", ("orphans",), 120),
    Phase("a worker that is asked to end", ("term",), 60),
    Phase("triggerer", ("triggerer",), 120),
    Phase("two triggerers", ("two triggerers",), 120),
    Phase("scheduler", ("scheduler",), 180),
    Phase("API server", ("api server",), 120),
)
