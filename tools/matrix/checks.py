"""What a wheel must do on each Airflow: stand alone, make a video, leave nothing behind, keep what the tests say."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tools import demo
from tools.matrix import floor
from tools.matrix.environment import Environment, Failed
from tools.settings import ROOT
from topview_provider.provider_info import PACKAGE

OURS = re.compile(r"topview", re.IGNORECASE)
WHERE = "import topview_provider; print(topview_provider.__file__)"
SHOWN = {"list": f'"package_name": "{PACKAGE}"', "hooks": '"connection_type": "topview"'}
"""What commands of ``airflow providers`` must show."""

SUMMARY = re.compile(r"(\d+) (passed|skipped|failed|errors?)")

WORKERS = ("-n", "4", "--dist", "loadfile", "--no-loadscope-reorder")
"""Four processes run the tests, each a file at a time: what a file shares among its tests is made once."""


def stands_alone(cell: Environment) -> None:
    """
    See that Airflow finds and validates the provider.

    :param cell: Holds Airflow and the wheel, nothing else.
    :raises Failed: It does not.
    """
    cell.run(cell.python, "-m", "airflow", "version")  # fails if provider info is not what this Airflow validates
    for command, shown in SHOWN.items():
        said = cell.run("airflow", "providers", command, "--output", "json")
        if shown not in said:  # not parsed: some versions log before it
            raise Failed(f"airflow providers {command} does not show {shown}\n{said[-6000:]}")


def makes_a_video(cell: Environment) -> None:
    """
    Run the quickstart against the stand-in of the wheel, with nothing of the checkout but the one DAG file.

    :param cell: Holds Airflow and the wheel, nothing else.
    :raises Failed: It ended without a video.
    """
    dags, videos = cell.home / "dags", cell.home / "videos"
    dags.mkdir()
    (dags / f"{demo.DAG_ID}.py").write_text((ROOT / "dags" / f"{demo.DAG_ID}.py").read_text())
    conf = {"product_link": demo.DEMO_LINK, "folder": videos.as_uri()}
    cell.run("airflow", "db", "migrate")
    with demo.standin(cell.home / "logs", [str(cell.programs / "topview-standin")]) as (_, connection):
        cell.run("airflow", "dags", "reserialize", variables=connection)
        said = cell.run("airflow", "dags", "test", demo.DAG_ID, "--conf", json.dumps(conf), variables=connection)
    if not [path for path in videos.rglob("*.mp4") if path.stat().st_size]:
        raise Failed(f"the quickstart made no video\n{said[-6000:]}")


def leaves_nothing(cell: Environment, wheel: Path) -> None:
    """
    Take the wheel away, see that all of it is gone and Airflow still starts, and put it back.

    :param cell: Holds the wheel.
    :param wheel: The file.
    :raises Failed: Something of it stays.
    """
    cell.uninstall(PACKAGE)
    left = sorted(name for name in cell.files() if OURS.search(name))
    if left:
        raise Failed(f"after the wheel was uninstalled there is still {', '.join(left)}")
    cell.run("airflow", "version")
    cell.install("--no-deps", str(wheel))


def keeps_its_promises(cell: Environment, wheel: Path, pins: Path, *, brief: bool) -> dict[str, int]:
    """
    Run the tests against the wheel, and return how many passed and were skipped.

    :param cell: Holds the wheel.
    :param wheel: The file.
    :param pins: Versions of everything.
    :param brief: Whether only the contract, the examples and the provider info are looked at.
    :raises Failed: A test failed, or the tests would not see the wheel.
    """
    cell.install("--constraint", str(pins), f"{wheel}[test]")
    place = floor.lay(cell.folder / "floor")
    found = cell.run(cell.python, "-c", WHERE, cwd=place).splitlines()[-1]
    if not Path(found).is_relative_to(cell.folder / "env"):
        raise Failed(f"the tests would import {found}")
    words = floor.BRIEF if brief else ("tests",)
    # Airflow 2 asks its database for every connection that the environment does not hold.
    database = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{cell.home}/airflow.db"}
    command = [cell.python, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", *WORKERS]
    said = cell.run(*command, *words, cwd=place, variables=database, log=cell.folder / "tests.log")
    return {what: int(number) for number, what in SUMMARY.findall(said.splitlines()[-1])}
