"""``make bench``: measure, then write the results, the document and the plots."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.ground import Ground
from benchmarks.report.document import judged, number, render
from benchmarks.report.figures import Figures
from benchmarks.run import Run, peers_here
from benchmarks.scales import SCALES
from tools.settings import ROOT

RESULTS = ROOT / "benchmarks" / "results.json"
DOCUMENT = ROOT / "docs" / "performance.md"
LOGS = ROOT / "build" / "bench-logs"


def write(results: Mapping[str, Any], *, figures: bool) -> None:
    """
    Write results, document and plots.

    :param results: What was measured.
    :param figures: Plots too; they need matplotlib.
    """
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    DOCUMENT.write_text(render(results))
    if figures:
        from benchmarks.report.plots import draw

        draw(results, DOCUMENT.with_suffix(""))


def verdict(results: Mapping[str, Any], problems: list[str]) -> int:
    """
    Print how each goal stands and what was wrong; return the exit code: goals are measured, equal work is demanded.

    :param results: What was measured.
    :param problems: Unequal work and errors.
    """
    for goal, value, word in judged(Figures(results)):
        limit = f"{'>=' if goal.least else '<='} {goal.limit:g} {goal.unit}".rstrip()
        print(f"{word:>5}  {goal.text}: {number(value)} ({limit})")
    for problem in problems:
        print(f"WRONG  {problem}", file=sys.stderr)
    return 1 if problems else 0


def main() -> int:
    """Measure at the scale that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scale", nargs="?", default="bench", choices=SCALES, help="how much is measured")
    parser.add_argument("--document", action="store_true", help="measure nothing, write the document anew")
    given = parser.parse_args()
    if given.document:
        write(json.loads(RESULTS.read_text()), figures=True)
        return 0
    if not peers_here():
        parser.error("the peers are not installed here; `make bench` builds an environment that has them")
    began = time.monotonic()

    def report(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", flush=True)

    with Ground(LOGS) as ground:
        run = Run(ground, SCALES[given.scale], report)
        results = run.everything()
    write(results, figures=True)
    return verdict(results, run.problems)


if __name__ == "__main__":
    sys.exit(main())
