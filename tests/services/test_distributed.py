"""Three hundred videos through a distributed Airflow of which parts die: each is bought once, and each lands."""

from __future__ import annotations

import time

import pytest

from tests.services.rest import at_rest
from tests.services.world import FAMILY, World


@pytest.fixture(scope="module")
def played(world: World) -> World:
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
    return world


def test_every_video_is_bought_once_and_lands_whatever_dies(played: World) -> None:
    bought, landed = played.bought(), {path.stem for path in played.folder.glob("*.mp4")}
    submits = played.topview.stats(FAMILY)
    doubled = [name for name, times in bought.items() if times > 1]
    lost = {job["topview_task_id"] for job in played.topview.jobs()} - landed
    print(f"submits: {submits['received']} received, {submits['accepted']} accepted")
    print(f"landed: {len(landed)}\nlost: {played.total - len(bought) + len(lost)}\ndoubled: {len(doubled)}")
    print(f"kills done: {', '.join(played.kills)}", flush=True)
    assert [run.state() for run in played.runs] == ["success"] * len(played.runs)
    assert submits["accepted"] == len(bought) == len(landed) == played.total
    assert (doubled, lost) == ([], set())


def test_nothing_that_died_was_spared(played: World) -> None:
    assert played.kills == ["triggerer", "scheduler", "Redis", "PostgreSQL", "first-worker"]
