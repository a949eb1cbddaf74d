"""What a distributed Airflow costs while all that it does is wait."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.services.world import World
from tools.vitals import cpu_seconds, memory_mb

SECONDS = 10
COMMITS = "select sum(xact_commit)::float from pg_stat_database"
SIZE = "select pg_database_size(current_database())::float"


def at_rest(world: World) -> Iterator[str]:
    """Watch for some seconds, and yield a line for each component and one for the database."""
    services = world.stack.services
    pids = {name: services[name].pids() for name in world.stack.started} | {"PostgreSQL": world.postgres.pids()}
    before, commits = {name: cpu_seconds(found) for name, found in pids.items()}, world.ask_database(COMMITS)
    time.sleep(SECONDS)
    for name, found in pids.items():
        share = 100 * (cpu_seconds(found) - before[name]) / SECONDS
        yield f"{name}: {share:.1f} % of a core, {memory_mb(found):.0f} MB"
    rate = (world.ask_database(COMMITS) - commits) / SECONDS
    yield f"the database: {rate:.0f} transactions per second, {world.ask_database(SIZE) / 1e6:.0f} MB"
