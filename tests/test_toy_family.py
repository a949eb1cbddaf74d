"""Adding an endpoint is a row, an operator and a sensor: everything else follows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_a_toy_family_passes_the_whole_contract_suite_with_nothing_else_touched() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.toy", "-p", "no:cacheprovider", "tests/contract"]
    run = subprocess.run(
        [*command, "-k", "toy_film or count"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stdout[-5000:]
    passed = re.search(r"(\d+) passed", run.stdout)
    assert passed, run.stdout
    assert int(passed[1]) >= 25
    assert "skipped" not in run.stdout
