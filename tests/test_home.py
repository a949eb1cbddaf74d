"""The tests have an Airflow home of their own, and leave none behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_a_run_removes_the_airflow_home_that_it_made(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != "AIRFLOW_HOME"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_tally.py"]
    subprocess.run(command, cwd=ROOT, env={**env, "TMPDIR": str(tmp_path)}, capture_output=True, check=True)
    assert [*tmp_path.iterdir()] == []
