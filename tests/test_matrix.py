"""The matrix: which cells there are, what their tests see, and that its pins and workflows name the same."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from tools import tested
from tools.matrix import floor
from tools.matrix.cells import CELLS, LOWEST, Cell, Missing, chosen, least
from tools.settings import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
LINES = [cell for cell in CELLS if cell.name != LOWEST]


@pytest.mark.parametrize("cell", LINES, ids=lambda cell: cell.name)
def test_the_pins_of_a_cell_are_names_and_versions_and_hold_its_airflow(cell: Cell) -> None:
    lines = cell.pins.read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[^ @]+", line)] == []
    assert f"apache-airflow=={cell.name}" in lines


def test_cells_are_chosen_by_name_and_a_wrong_name_is_an_error() -> None:
    assert chosen("") == CELLS
    assert [cell.name for cell in chosen("3.3.2, 2.11.2")] == ["2.11.2", "3.3.2"]
    with pytest.raises(Missing, match=r"no cell is called 9\.9; there are 2\.11\.2"):
        chosen("3.3.2,9.9")


def test_the_lowest_cell_takes_the_lower_bound_of_every_requirement() -> None:
    required = re.search(r"install_requires =\n(.*?)\n\n", (ROOT / "setup.cfg").read_text(), re.DOTALL)
    assert required
    assert least() == [f"{line.strip().replace('>=', '==')}.*" for line in required.group(1).splitlines()]


def test_the_tests_of_a_cell_stand_where_the_package_does_not(tmp_path: Path) -> None:
    place = floor.lay(tmp_path / "floor")
    names = {path.name for path in place.iterdir()}
    assert names == set(floor.PARTS)
    there = {path.name for path in (place / "tests").iterdir()}
    assert there & {*floor.ABOUT_THE_CHECKOUT, *floor.SLOW} == set()
    assert all((place / name).exists() for name in floor.BRIEF)


@pytest.mark.parametrize("name", [*floor.ABOUT_THE_CHECKOUT, *floor.SLOW])
def test_what_a_cell_leaves_out_exists(name: str) -> None:
    assert (ROOT / "tests" / name).exists()


def test_the_workflows_try_every_cell_with_verbs_that_exist() -> None:
    found = {path.stem: yaml.safe_load(path.read_text()) for path in WORKFLOWS}
    jobs = found["ci"]["jobs"]
    rows = jobs["matrix"]["strategy"]["matrix"]["include"]
    assert [row["cell"] for row in rows] == [cell.name for cell in CELLS]
    assert [row["cell"] for row in rows if not row["brief"]] == ["2.11.2", "3.3.2"]
    verbs = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {*jobs["check"]["strategy"]["matrix"]["verb"], "matrix"} <= verbs
    text = "\n".join(path.read_text() for path in WORKFLOWS)
    assert set(re.findall(r"make ([a-z]+)", text)) <= verbs


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read_unless_it_says_so_and_pins_its_actions(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    uses = re.findall(r"uses: (.+)", path.read_text())
    assert uses
    ours = {f"./.github/workflows/{each.name}" for each in WORKFLOWS}
    assert [one for one in uses if one not in ours and not re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", one)] == []


def test_what_is_published_was_built_and_passed_everything() -> None:
    release, ci = (yaml.safe_load((WORKFLOWS[0].parent / f"{name}.yml").read_text()) for name in ("release", "ci"))
    assert set(release["jobs"]["publish"]["needs"]) == {"ci", "build"}
    assert release["jobs"]["ci"] == {"uses": "./.github/workflows/ci.yml"}
    assert "workflow_call" in ci[True]  # what YAML makes of the key "on"


def test_the_table_says_what_was_seen_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tested, "NOTES", tmp_path / "tested.json")
    tested.note(tested.Row("lowest", "2.11.0", "3.11.7", 7, 2))
    tested.note(tested.Row("2.11.2", "2.11.2", "3.12.1", 8, 1))
    tested.note(tested.Row("2.11.2", "2.11.2", "3.12.1", 9, 1))
    assert tested.table().splitlines()[2:] == [
        "| 2.11.2 | 3.12.1 | a video | 9 | 1 |",
        "| 2.11.0, all requirements at their lowest | 3.11.7 | a video | 7 | 2 |",
    ]
    tested.forget("2.11.2")
    tested.forget("3.3.2")
    assert [row.cell for row in tested.noted()] == ["lowest"]


def imported(path: Path, folder: Path) -> set[str]:
    """Return the modules of the tests that a file names in its imports, however deep in it they stand."""
    package = path.relative_to(folder).parent.parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            around = package[: len(package) + 1 - node.level] if node.level else ()
            found.add(".".join((*around, *filter(None, [node.module]))))
    return {name for name in found if name.partition(".")[0] == "tests"}


def test_no_test_of_a_cell_needs_one_that_the_cell_leaves_out(tmp_path: Path) -> None:
    place = floor.lay(tmp_path / "floor")
    files = [*(place / "tests").rglob("*.py")]
    needed = {name: path.name for path in files for name in imported(path, place)}
    places = {name: place.joinpath(*name.split(".")) for name in needed}
    there = {name for name, path in places.items() if path.is_dir() or path.with_suffix(".py").exists()}
    assert {name: user for name, user in needed.items() if name not in there} == {}
