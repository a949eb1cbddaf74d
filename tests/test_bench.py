"""The benchmark in its smallest form, so that it does not rot; no peer is needed, and no figure of it is judged."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import DOCUMENT, RESULTS, main, verdict
from benchmarks.clients import BARE
from benchmarks.faults.measure import verdict as fault_verdict
from benchmarks.faults.service import FAULTS
from benchmarks.ground import Failed, Ground
from benchmarks.pacing import measure as simulation
from benchmarks.pacing.policies import POLICIES
from benchmarks.report.document import judged, number, render
from benchmarks.report.figures import Figures
from benchmarks.report.goals import GOALS
from benchmarks.report.plots import NAMES
from benchmarks.report.reasons import REASONS
from benchmarks.run import Run
from benchmarks.scales import SCALES
from benchmarks.triggerer import measure as triggerer
from benchmarks.waiting.measure import Cell, Waiting, inequality

SMALLEST = SCALES["smallest"]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with Ground(tmp_path_factory.mktemp("logs")) as open_ground:
        yield open_ground


@pytest.fixture(scope="module")
def run(ground: Ground) -> tuple[dict[str, Any], list[str]]:
    """One whole run without peers, and what was wrong with it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.run.peers_here", lambda: False)
        whole = Run(ground, SMALLEST, lambda _: None)
        return whole.everything(airflow=False), whole.problems


def test_ours_and_the_bare_clients_do_the_same_work(run: tuple[dict[str, Any], list[str]]) -> None:
    results, problems = run
    assert problems == []
    assert {row["client"] for row in results["polls"]} == {"ours", *BARE}
    for row in results["polls"]:
        assert row["runs"][0]["cpu_s"] > 0
        if row["mode"] == "burst":
            assert row["runs"][0]["requests"] == 4 * row["count"]


def test_every_part_of_a_run_brings_figures(run: tuple[dict[str, Any], list[str]]) -> None:
    figures = Figures(run[0])
    measured = {goal.key for goal, value, _ in judged(figures) if value is not None}
    shares = ("memory-burst", "memory-park", "triggerer")
    with_peers = {goal.key for goal in GOALS if "peer" in goal.key or goal.key.startswith(shares)}
    assert {goal.key for goal in GOALS} - measured == with_peers | {"steady-raw", "import-one"}


def test_ours_ends_as_it_should_under_the_faults_of_a_small_run(run: tuple[dict[str, Any], list[str]]) -> None:
    (row,) = run[0]["faults"]
    assert row["ends"] == {name: FAULTS[name].right for name in SMALLEST.faults}


def test_a_real_triggerer_is_measured_with_our_trigger(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triggerer, "KINDS", {"SQLite": ("ours",)})
    (row,) = triggerer.measure(ground, SMALLEST.deferred, SMALLEST.watched)
    assert row["database"] == "SQLite"
    assert row["pss_mb"] > 0


def test_a_poll_too_many_is_unequal_work() -> None:
    cell = Cell("ours", "burst", False, 10)
    figures = {"done": 10, "requests": 40, "fewest": 4, "most": 4}
    assert inequality(cell, figures) == ""
    assert inequality(cell, {**figures, "requests": 41, "most": 5}) == (
        "burst N=10 plain ours: requests 41 instead of 40, most 5 instead of 4"
    )


@pytest.mark.parametrize(
    ("cell", "figures"),
    [
        (Cell("ours", "park", True, 10), {"jobs": 10, "most": 2}),
        (Cell("sleep", "park", False, 10), {"jobs": 0}),
        (Cell("sleep", "steady", False, 10), {"done": 10, "requests": 0, "fewest": 0, "most": 0}),
        (Cell("databricks", "steady", True, 10), {"done": 10, "requests": 30, "fewest": 3, "most": 3}),
        (Cell("airbyte", "burst", False, 10), {"done": 10, "requests": 20, "fewest": 2, "most": 2}),
    ],
    ids=str,
)
def test_equal_work_is_what_each_client_does_by_itself(cell: Cell, figures: dict[str, int]) -> None:
    assert inequality(cell, figures) == ""
    name = next(iter(figures))
    assert f"{name} {figures[name] + 1} instead of {figures[name]}" in inequality(
        cell, {**figures, name: figures[name] + 1}
    )


def test_a_real_triggerer_that_polls_less_than_its_pace_is_unequal_work() -> None:
    row = {"database": "SQLite", "kind": "ours", "count": 1000, "polls_s": 95.0}
    assert triggerer.uneven([row, {**row, "kind": "sleep", "polls_s": 0.0}]) == []
    assert triggerer.uneven([{**row, "polls_s": 80.0}]) == [
        "triggerer on SQLite, ours: 80.0 polls per second instead of 100"
    ]


def test_nothing_is_measured_and_written_where_the_peers_are_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("benchmarks.__main__.peers_here", lambda: False)
    monkeypatch.setattr("sys.argv", ["benchmarks"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "make bench" in capsys.readouterr().err


def test_a_peer_that_is_not_there_is_a_problem_and_no_figure(ground: Ground) -> None:
    waiting = Waiting(ground, lambda _: None)
    cell = Cell("ours", "burst", False, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ground, "plain", "http://127.0.0.1:9")
        waiting.measure([cell], float("inf"))
    assert not waiting.runs
    assert "CalledProcessError" in waiting.problems[0]


def test_a_measurement_that_takes_too_long_is_ended(ground: Ground) -> None:
    with pytest.raises(Failed, match="TimeoutExpired"):
        ground.probe("benchmarks.loading.probe", {"groups": {}, "rounds": 1}, limit=0.01)


@pytest.mark.parametrize(
    ("word", "polls", "told", "end"),
    [
        ("done", 5, True, "survived"),
        ("done", 5, False, "wrong"),
        ("not done: {}", 5, True, "failed"),
        ("", 5, False, "hang"),
        ("", 5000, False, "hot loop"),
    ],
)
def test_what_became_of_a_job_has_a_word(word: str, polls: int, told: bool, end: str) -> None:
    assert fault_verdict(word, polls, told) == end


@pytest.mark.parametrize("spread", simulation.SPREADS)
def test_no_policy_beats_the_bound_and_a_fixed_pace_reaches_it_nowhere(
    run: tuple[dict[str, Any], list[str]], spread: float
) -> None:
    rows = [row for row in run[0]["pacing"] if row["spread"] == spread]
    assert {row["policy"] for row in rows} == set(POLICIES)
    fixed = {row["policy"]: row for row in rows}["fixed 5 s"]
    assert fixed["delay_s"] == pytest.approx(2.5, rel=0.1)
    assert fixed["bound"] > 1.3
    # Forty tasks of each family: the mean of a policy that is near the bound may lie a little below it.
    assert all(row["bound"] > 0.9 for row in rows)


def test_a_goal_that_is_short_is_shown_and_unequal_work_ends_badly(capsys: pytest.CaptureFixture[str]) -> None:
    results = json.loads(RESULTS.read_text())
    results["files"] = [
        {"way": "raw_down", "tls": False, "runs": [{"mb_s": 1000.0, "cpu_s": 1.0, "growth_mb": 1.0}]},
        {"way": "hook_down", "tls": False, "runs": [{"mb_s": 500.0, "cpu_s": 1.0, "growth_mb": 1.0}]},
    ]
    assert verdict(results, []) == 0
    assert "short  a large file down, plain: share of a raw socket's rate: 0.500 (>= 0.8)" in capsys.readouterr().out
    assert "| 0.500 | **short** | " in render(results)
    assert verdict(results, ["other bytes arrived"]) == 1


def test_the_document_is_what_the_results_say() -> None:
    results = json.loads(RESULTS.read_text())
    assert DOCUMENT.read_text() == render(results), "run: python -m benchmarks --document"
    for name in NAMES:
        drawn = Path(DOCUMENT.with_suffix("")) / f"{name}.svg"
        assert f"(performance/{name}.svg)" in DOCUMENT.read_text()
        assert drawn.stat().st_size < 100_000


def test_every_reason_belongs_to_a_goal() -> None:
    keys = [goal.key for goal in GOALS]
    assert len(set(keys)) == len(keys)
    assert set(REASONS) <= set(keys)


def test_a_whole_run_has_every_client_at_every_wire() -> None:
    cells = SCALES["bench"].cells(peers=True)
    assert len(set(cells)) == len(cells)
    assert {cell.client for cell in cells if cell.mode == "burst" and cell.tls} >= {"ours", "raw", "airbyte", "openai"}
    assert {cell.client for cell in cells if cell.count == 10_000} == {"ours", "raw", "databricks"}
    assert set(cells) < set(SCALES["full"].cells(peers=True))
    assert not any(dataclasses.replace(cell, client="openai").sensible() for cell in cells if cell.mode == "park")


def test_figures_are_written_with_three_digits_that_count() -> None:
    assert [number(value) for value in (None, 0.1234, 1.234, 12.34, 1234.5)] == ["-", "0.123", "1.23", "12.3", "1,234"]
