"""Three hundred videos through a distributed Airflow of which parts die: each is bought once, and each lands."""

from __future__ import annotations

import time
from itertools import chain

import pytest

from tests.services.rest import at_rest, in_crowds
from tests.services.world import World


def play(world: World) -> None:
    """Buy the videos, let parts of Airflow die while they are bought, wait and end, and see the runs end."""
    world.say("Airflow is healthy")
    world.rehearse()
    world.begin()
    world.wait(world.half_way, limit=300, what="every second video is deferred, the others are being bought")
    world.kill("scheduler")
    world.wait(world.shared_out, limit=300, what=f"{world.total} videos are deferred")
    for line in chain(at_rest(world), in_crowds(world)):
        world.say(f"at rest, {line}")
    world.kill("triggerer")
    for name in ("Redis", "PostgreSQL"):
        world.restart(name)
    moment = time.time()
    world.wait(lambda: world.polled_since(moment), limit=120, what="all videos are asked for again")
    world.let_jobs_end("first-worker")
    world.wait(world.finished, limit=420, what="all runs have ended")


@pytest.fixture(scope="module")
def played(world: World) -> World:
    """The world after the play; what came of it is said however it ended."""
    try:
        play(world)
    finally:
        for name, number in world.figures().items():
            print(f"{name}: {number}")
        kills = (f"{name} ({waiting} videos waited)" for name, waiting in world.kills.items())
        print(f"kills done: {', '.join(kills)}", flush=True)
    return world


def test_every_video_is_bought_once_and_lands_whatever_dies(played: World) -> None:
    assert [run.state() for run in played.runs] == ["success"] * len(played.runs)
    whole = {"submits": played.total, "accepted": played.total, "landed": played.total, "lost": 0, "doubled": 0}
    assert played.figures() == whole


def test_each_part_died_while_videos_waited(played: World) -> None:
    assert list(played.kills) == ["scheduler", "triggerer", "Redis", "PostgreSQL", "first-worker"]
    assert min(played.kills.values()) > 0


def test_a_part_died_while_videos_were_being_bought(played: World) -> None:
    assert played.kills["scheduler"] < played.total


def test_the_worker_died_with_tasks_that_it_was_running(played: World) -> None:
    assert played.torn["first-worker"] > 0
