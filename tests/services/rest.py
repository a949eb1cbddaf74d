"""What a distributed Airflow costs while all that it does is wait, and how much more it would bear."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from tests.services.world import World
from tools.vitals import cpu_seconds, memory_mb

SECONDS = 10
COMMITS = "select sum(xact_commit)::float from pg_stat_database"
SIZE = "select pg_database_size(current_database())::float"
CROWDS = [int(number) for number in os.environ.get("SERVICES_CROWDS", "").split(",") if number]
"""How many more videos shall wait, one number after the other; they exist in Airflow's database only."""
FIRST = 1_000_000
"""Beyond what Airflow itself has numbered."""
SETTLING = 60
"""Seconds until triggerers have taken up what they can of a crowd."""
JOIN = """
insert into trigger select copy.* from trigger one, generate_series(1, {number}) n,
    lateral jsonb_populate_record(one, jsonb_build_object('id', {first} + n, 'triggerer_id', null)) copy
    where one.id = (select min(id) from trigger);
insert into task_instance select copy.* from task_instance one, generate_series(1, {number}) n,
    lateral jsonb_populate_record(one, jsonb_build_object(
        'id', gen_random_uuid(), 'map_index', {first} + n, 'trigger_id', {first} + n)) copy
    where one.id = (select id from task_instance where state = 'deferred' limit 1)
"""
LEAVE = "delete from task_instance where map_index > {first}; delete from trigger where id > {first}"


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


def in_crowds(world: World) -> Iterator[str]:
    """Let copies of a waiting video wait beside it, watch, and take them away again."""
    for number in CROWDS:
        world.tell_database(JOIN.format(number=number, first=FIRST))
        time.sleep(SETTLING)
        yield from (f"{number} more: {line}" for line in at_rest(world))
        world.tell_database(LEAVE.format(first=FIRST))
        time.sleep(SETTLING / 2)
