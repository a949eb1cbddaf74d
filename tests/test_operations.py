"""What the pages for the person on call quote, name and count is what the code says, and Airflow."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import airflow
import pytest
import yaml
from airflow.configuration import conf
from airflow.jobs import triggerer_job_runner

import topview_provider
from tests.e2e.faults import document
from topview_provider import catalog, metrics, polling, provider_info
from topview_provider.compat import airflow_line
from topview_provider.operators.video import TopviewMarketingVideoOperator

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "docs" / name for name in ("operations.md", "scaling.md")]
OPERATIONS, SCALING = (page.read_text() for page in PAGES)
VALUE = re.compile(r"%\.?\d*[a-z]|\{[^{}]*\}")
"""What stands in a text for a value: of ``logging``, and of ``str.format``."""


def quoted(language: str) -> list[str]:
    """Return the lines of the page's code blocks of a language."""
    blocks = re.findall(rf"```{language}\n(.*?)```", OPERATIONS, re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def texts() -> list[str]:
    """Return every text of the package, with an ellipsis for each value in it."""
    found = []
    for path in Path(topview_provider.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                found.append("".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(VALUE.sub("…", node.value))
    return found


TEXTS = texts()


@pytest.mark.parametrize("line", quoted("text"))
def test_a_quoted_line_is_one_that_the_code_writes(line: str) -> None:
    assert any(line in text for text in TEXTS)


@pytest.mark.parametrize("line", quoted("airflow"))
def test_a_quoted_line_of_airflow_is_one_that_airflow_writes(line: str) -> None:
    assert line in Path(str(triggerer_job_runner.__file__)).read_text()


@pytest.mark.skipif(airflow_line() < (3, 3), reason="the pages name options that came with Airflow 3.3")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_option_that_a_page_names_is_one_of_airflow_or_ours(page: Path) -> None:
    named = set(re.findall(r"`\[(\w+)\] (\w+)", page.read_text()))
    assert named
    ours = {(section, option) for section, rest in provider_info.CONFIG.items() for option in rest["options"]}
    assert [(section, option) for section, option in named - ours if not conf.has_option(section, option)] == []


def test_every_metric_of_ours_that_the_page_names_is_sent() -> None:
    named = set(re.findall(r"`topview\.(\w+)\.", OPERATIONS))
    source = Path(metrics.__file__).read_text()
    assert named >= {"submits", "poll_errors"}
    assert [name for name in named if f"topview.{name}." not in source and f'"{name}"' not in source] == []


@pytest.mark.skipif(airflow_line() < (3, 3), reason="the page names metrics by what Airflow 3.3 calls them")
def test_every_metric_of_airflow_that_the_page_names_is_one_of_its() -> None:
    named = set(re.findall(r"`((?:pool|scheduler|task_instances|triggers?|triggerer)[._][\w.]+)`", OPERATIONS))
    assert named
    [template] = Path(str(airflow.__path__[0])).glob("_shared/observability/metrics/*.yaml")
    known = {metric["name"] for metric in yaml.safe_load(template.read_text())["metrics"]}
    assert sorted(named - known) == []


def test_the_fault_matrix_begins_with_the_words_that_make_faults_writes() -> None:
    assert document.PAGE.read_text().startswith(document.HEAD)


def test_every_error_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(Topview\w+)[`(]", OPERATIONS))
    assert named
    known = {name for name in dir(topview_provider.exceptions) if name.startswith("Topview")}
    assert {name for name in named - known if not name.endswith("Operator")} == set()


def test_the_times_that_the_page_names_are_those_of_the_code() -> None:
    row = catalog.family("marketing_video")
    operator = TopviewMarketingVideoOperator(task_id="video")
    assert f"usually takes {row.expected_seconds / 60:g} minutes" in OPERATIONS
    assert f"gives up after {row.timeout_seconds / 60:g}" in OPERATIONS
    assert f"`max_poll_outage` ({operator.max_poll_outage / 60:g} minutes)" in OPERATIONS
    assert polling.AUTH_TRIES * polling.AUTH_WAIT == 120
    assert operator.busy_timeout == 3600
    assert f"`[triggerer] capacity` ({conf.getint('triggerer', 'capacity'):,}) each" in OPERATIONS
    assert (
        f"health_check_threshold` seconds ({conf.getint('triggerer', 'triggerer_health_check_threshold')})"
        in OPERATIONS
    )


def test_the_videos_at_work_at_once_follow_from_how_long_one_takes() -> None:
    seconds = catalog.family("marketing_video").expected_seconds
    rows = re.findall(r"^\| ([\d,]+) \| ([\d.,]+) \| ([\d.,]+) \|$", SCALING, re.MULTILINE)
    found = [[float(number.replace(",", "")) for number in row] for row in rows]
    assert [videos for videos, _, _ in found] == [10, 1_000, 100_000]
    for videos, all_day, eight_hours in found:
        assert all_day == pytest.approx(videos * seconds / 86_400, rel=0.1)
        assert eight_hours == pytest.approx(videos * seconds / 28_800, rel=0.1)
    assert f"one slot makes {86_400 / seconds:g} a day" in SCALING
