"""Three hundred videos through a distributed Airflow of which parts die: each is bought once, and each lands."""

from __future__ import annotations

import time

import pytest

from tests.services.rest import at_rest
from tests.services.world import World


def play(world: World) -> None:
    """Buy the videos, let parts of Airflow die while they wait and when they end, and see the runs end."""
    world.say("Airflow is healthy")
    world.rehearse()
    world.begin()
    world.wait(world.shared_out, limit=480, what=f"{world.total} videos are deferred")
    for line in at_rest(world):
        world.say(f"at rest, {line}")
    for name in ("triggerer", "scheduler"):
        world.kill(name)
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
        print(f"kills done: {', '.join(world.kills)}", flush=True)
    return world


def test_every_video_is_bought_once_and_lands_whatever_dies(played: World) -> None:
    assert [run.state() for run in played.runs] == ["success"] * len(played.runs)
    whole = {"submits": played.total, "accepted": played.total, "landed": played.total, "lost": 0, "doubled": 0}
    assert played.figures() == whole


def test_nothing_that_should_die_was_spared(played: World) -> None:
    assert played.kills == ["triggerer", "scheduler", "Redis", "PostgreSQL", "first-worker"]
