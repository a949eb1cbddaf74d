"""What a report leaves to a second run: nothing is bought twice, and no product gets the video of another."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.contract.running import new_context
from tests.test_report import Run, again, report, speech
from topview_provider.batches import RESUME
from topview_provider.exceptions import TopviewInvalidRequest
from topview_provider.operators.batch import TopviewProductsOperator
from topview_provider.operators.voice import TopviewTextToVoiceOperator
from topview_provider.standin.server import StandIn

LAMP = {"product": "lamp", "language": "en"}
PAID = [{**LAMP, RESUME: "paid-1"}]


@pytest.fixture
def run(service: StandIn) -> Run:
    """A run at a stand-in whose jobs are done at once."""
    return Run()


def only(run: Run, folder: Path, rows: Any = (LAMP,)) -> tuple[str, str | None]:
    """Return what the report's only row says of a second run."""
    _, [row] = report(run, folder / "r.json", rows=list(rows))
    return row["rerun"], row["topview_task_id"]


@pytest.mark.parametrize("state", ["skipped", "failed", "upstream_failed"])
def test_what_topview_works_on_is_resumed_whatever_airflow_calls_the_task(
    state: str, run: Run, service: StandIn, tmp_path: Path
) -> None:
    service.fault("never-ends")
    run.make(speech(timeout=0), 0, state=state)
    [job] = service.jobs()
    assert only(run, tmp_path) == ("resume", job["topview_task_id"])


@pytest.mark.parametrize("state", ["skipped", "upstream_failed", "failed"])
def test_what_was_to_be_resumed_and_never_ran_is_still_paid_for(state: str, run: Run, tmp_path: Path) -> None:
    run.states["make"] = {0: state}
    assert only(run, tmp_path, PAID) == ("resume", "paid-1")
    [found] = again(tmp_path / "r.json")
    assert found[RESUME] == "paid-1"


def test_what_was_to_be_resumed_and_was_refused_before_is_still_paid_for(run: Run, tmp_path: Path) -> None:
    run.make(
        TopviewTextToVoiceOperator(task_id="make", voice_text="", voice_id="v", resume_topview_task_id="paid-1"), 0
    )
    assert run.left["make", "topview_error"][0]["rerun"] == "resume"
    assert only(run, tmp_path, PAID) == ("resume", "paid-1")


def test_what_was_to_be_resumed_and_failed_at_topview_may_be_bought(run: Run, service: StandIn, tmp_path: Path) -> None:
    service.fault("fail")
    run.make(speech(), 0)
    assert only(run, tmp_path, PAID)[0] == "submit"


@pytest.mark.parametrize("code", ["4100", "6001"])
def test_what_is_gone_at_topview_and_may_be_bought_again_is_not_gone_on_with(
    code: str, run: Run, service: StandIn, tmp_path: Path
) -> None:
    run.make(speech(), 0)
    service.fault("code", path="*/query", value="4004")
    service.fault("code", value=code, message="not now", method="POST")
    run.make(speech(on_missing_result="resubmit"), 0)
    error = run.left["make", "topview_error"][0]
    assert "not now" in error["error"]
    assert (error["rerun"], error["topview_task_id"]) == ("submit", None)


@pytest.mark.parametrize("words", ["", "Words that TopView refuses"])
def test_a_product_is_never_given_the_video_that_its_place_in_the_list_bought_before(
    words: str, run: Run, service: StandIn, tmp_path: Path
) -> None:
    run.make(speech(), 0)
    run.left.clear()
    if words:
        service.fault("code", value="6001", message="not for us", method="POST")
    run.make(TopviewTextToVoiceOperator(task_id="make", voice_text=words, voice_id="v"), 0)
    assert only(run, tmp_path)[0] == ("submit" if words else "look first")


def test_a_try_that_could_not_even_ask_leaves_what_an_earlier_one_bought_to_a_person(
    run: Run, service: StandIn, tmp_path: Path
) -> None:
    service.fault("never-ends")
    run.make(speech(timeout=0), 0)
    run.left.clear()
    run.make(speech(topview_conn_id="gone"), 0)
    [job] = service.jobs()
    assert only(run, tmp_path) == ("look first", job["topview_task_id"])


def test_without_a_store_a_deadline_still_says_what_goes_on(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("topview_provider.ledger.book.store_of", lambda context: None)
    service.fault("never-ends")
    run = Run()
    run.make(speech(timeout=0), 0)
    [job] = service.jobs()
    left = run.left["make", "topview_error"][0]
    assert (left["rerun"], left["topview_task_id"]) == ("resume", job["topview_task_id"])


def written(folder: Path, **words: Any) -> Path:
    """Write a report of one row by hand."""
    path = folder / "r.json"
    row = {**LAMP, "map_index": 0, "state": "failed", "topview_task_id": "t1", "rerun": "resume", **words}
    path.write_text(json.dumps([row]))
    return path


def test_to_resume_without_an_id_is_no_purchase(tmp_path: Path) -> None:
    with pytest.raises(TopviewInvalidRequest, match="row 1: rerun is 'resume', but topview_task_id is empty"):
        again(written(tmp_path, topview_task_id=None))


def test_a_column_that_the_second_dag_does_not_know_is_not_left_out_silently(tmp_path: Path) -> None:
    with pytest.raises(TopviewInvalidRequest, match="row 1: column 'avatar_id' is not known"):
        again(written(tmp_path, avatar_id="a1"))


def test_a_rerun_makes_no_more_languages_than_the_report_has(tmp_path: Path) -> None:
    given = {"columns": ["product", "language"], "rerun": True, "languages": ["en", "de"]}
    source = str(written(tmp_path, language=None))
    [row] = TopviewProductsOperator(task_id="p", source=source, **given).execute(new_context())
    assert row == {"product": "lamp", "language": None, RESUME: "t1"}


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json"])
def test_a_report_is_written_whatever_the_rows_of_a_task_look_like(suffix: str, run: Run, tmp_path: Path) -> None:
    for index in range(2):
        run.make(speech(), index)
    rows = [{"product": "lamp"}, {"product": "mug", "voice_id": "v", "since": date(2026, 1, 2), "days": [date.max]}]
    _, found = report(run, tmp_path / f"r.{suffix}", rows=rows)
    assert (found[1]["voice_id"], found[1]["since"]) == ("v", "2026-01-02")
