"""The demo a newcomer runs first: it lands a video, and leaves nothing behind, not even half way."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.test_airflow import is_video
from tools.settings import ROOT, clean_environment


@pytest.fixture(scope="module")
def demo() -> subprocess.CompletedProcess[str]:
    """Run the demo to its end."""
    command = [sys.executable, "-m", "tools.demo"]
    return subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False, timeout=300
    )


def test_the_demo_ends_with_a_video_and_the_credits(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stdout + demo.stderr
    last = demo.stdout.strip().splitlines()[-2:]
    assert re.fullmatch(r"credits: \d+(\.\d+)?", last[1])
    assert is_video(Path(last[0].removeprefix("video: ")))


def test_the_demo_shows_that_the_task_waited_in_the_triggerer(demo: subprocess.CompletedProcess[str]) -> None:
    assert "make_video: deferred" in demo.stdout


def test_a_demo_that_is_interrupted_while_it_waits_leaves_no_process() -> None:
    command = [sys.executable, "-m", "tools.interrupted", "make_video: deferred", "ctrl-c"]
    run = subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "left: nothing" in run.stdout
