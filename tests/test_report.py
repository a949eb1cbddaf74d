"""What a report says of each product, what it leaves to a second run, and what that one makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from tests.conftest import FakeStore, FakeTaskInstance
from tests.contract.running import new_context
from topview_provider import tables
from topview_provider.exceptions import TopviewBatchIncomplete, TopviewError, TopviewInvalidRequest
from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.operators.batch import TopviewProductsOperator, TopviewReportOperator
from topview_provider.operators.voice import TopviewTextToVoiceOperator
from topview_provider.standin.server import StandIn

ROWS = [{"product": name, "language": "en"} for name in ("lamp", "mug", "pen")]


class Batch(FakeTaskInstance):
    """A task instance that hands out what the mapped tasks of its run left, as Airflow 3 does."""

    left: dict[tuple[str, str], dict[int, Any]]
    states: dict[str, dict[int, str | None]]

    def xcom_pull(self, task_ids: str, key: str = "return_value", map_indexes: int | None = None) -> Any:
        """Return one XCom where an index is given, else all of the task."""
        found = self.left.get((task_ids, key), {})
        return list(found.values()) if map_indexes is None else found.get(map_indexes)

    def get_task_states(self, dag_id: str, task_ids: list[str], run_ids: list[str]) -> dict[str, dict[str, Any]]:
        """Return the states by name, as Airflow 3 spells it."""
        [task_id], [run_id] = task_ids, run_ids
        named = {task_id if index < 0 else f"{task_id}_{index}": state for index, state in self.states[task_id].items()}
        return {run_id: named} if named else {}


class Run:
    """A run whose mapped tasks have happened."""

    def __init__(self) -> None:
        self.left: dict[tuple[str, str], dict[int, Any]] = {}
        self.states: dict[str, dict[int, str | None]] = {"make": {}, "store": {}, "more": {}}
        self.stores: dict[int, FakeStore] = {}

    def make(self, operator: Any, index: int, task_id: str = "make", state: str | None = None) -> None:
        """Run one instance of a paying task and keep what it left."""
        context = new_context(self.stores.setdefault(index, FakeStore()), map_index=index)
        try:
            operator.execute(context)
            ended = "success"
        except TopviewError:
            ended = "failed"
        self.states[task_id][index] = state or ended
        for key, value in context["ti"].pushed.items():
            self.left.setdefault((task_id, key), {})[index] = value

    def store(self, index: int, value: Any) -> None:
        """Say where the file of one instance is."""
        self.left.setdefault(("store", "return_value"), {})[index] = value

    @property
    def context(self) -> dict[str, Any]:
        ti = Batch(left=self.left, states=self.states)
        return {**new_context(), "ti": ti, "dag": SimpleNamespace(task_dict=dict.fromkeys(self.states))}


def speech(**words: Any) -> TopviewTextToVoiceOperator:
    return TopviewTextToVoiceOperator(task_id="make", voice_text="Hello", voice_id="v", **words)


def report(run: Run, path: Any, **words: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Write a report, and return its numbers and its rows."""
    given = {"task_ids": "make", "rows": ROWS, "path": str(path), "fail_on_failures": False, "lag_timeout": 0, **words}
    context = run.context
    numbers = TopviewReportOperator(task_id="report", **given).execute(context)
    assert context["ti"].pushed["report"] == numbers
    kind = tables.kind_of(str(path), "path")
    return numbers, [row for _, row in tables.read(path.read_bytes(), kind)[0]]


def column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


@pytest.fixture
def run(service: StandIn) -> Run:
    """A run at a stand-in whose jobs are done at once."""
    return Run()


def test_a_row_says_what_a_product_cost_and_where_its_file_is(run: Run, tmp_path: Path) -> None:
    for index in range(3):
        run.make(speech(), index)
        run.store(index, f"s3://bucket/{index}.mp3" if index else ["a.mp3", "b.mp3"])
    numbers, rows = report(run, tmp_path / "r.jsonl", files="store")
    assert [numbers.pop(name) for name in ("path", "cost_credit")] == [f"file://{tmp_path}/r.jsonl", 0.3]
    counted = {"total": 3, "success": 3, "failed": 0, "skipped": 0, "not_run": 0}
    assert numbers == {**counted, "complete": True, "missing": []}
    assert rows[1] == {
        "product": "mug",
        "language": "en",
        "map_index": 1,
        "state": "success",
        "topview_task_id": run.left["make", "topview"][1]["topview_task_id"],
        "cost_credit": 0.1,
        "file": "s3://bucket/1.mp3",
        "error": None,
        "rerun": "no",
    }
    assert rows[0]["file"] == "a.mp3, b.mp3"


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl", "ndjson"])
def test_the_suffix_decides_how_it_is_written(suffix: str, run: Run, tmp_path: Path) -> None:
    run.make(speech(), 0)
    _, rows = report(run, tmp_path / f"r.{suffix}", rows=ROWS[:1])
    assert [(row["product"], row["state"], str(row["map_index"])) for row in rows] == [("lamp", "success", "0")]


def test_what_failed_at_topview_may_be_bought_again(run: Run, service: StandIn, tmp_path: Path) -> None:
    service.fault("fail", message="no face found")
    run.make(speech(), 0)
    numbers, [row] = report(run, tmp_path / "r.json", rows=ROWS[:1])
    assert (row["state"], row["error"], row["rerun"], row["cost_credit"]) == ("failed", "no face found", "submit", 0)
    assert numbers["failed"] == 1


def test_what_was_refused_has_a_row_with_the_reason_though_topview_gave_no_id(
    run: Run, service: StandIn, tmp_path: Path
) -> None:
    service.fault("code", value="6001", message="not for us", method="POST")
    run.make(speech(), 0)
    run.make(TopviewTextToVoiceOperator(task_id="make", voice_text="", voice_id="v"), 1)
    _, rows = report(run, tmp_path / "r.json", rows=ROWS[:2])
    assert column(rows, "state") == ["failed", "failed"]
    assert column(rows, "rerun") == ["submit", "submit"]
    assert column(rows, "topview_task_id") == [None, None]
    assert "not for us" in rows[0]["error"]
    assert "voice_text" in rows[1]["error"]


def test_what_goes_on_at_topview_or_was_not_stored_is_gone_on_with(run: Run, service: StandIn, tmp_path: Path) -> None:
    run.make(speech(), 0)
    service.fault("never-ends")
    run.make(speech(timeout=0), 1)
    _, rows = report(run, tmp_path / "r.json", rows=ROWS[:2], files="store")
    assert column(rows, "state") == ["failed", "failed"]
    assert column(rows, "rerun") == ["resume", "resume"]
    assert rows[0]["error"] == "made, but its file was not stored"
    assert "deadline" in rows[1]["error"] or "timeout" in rows[1]["error"]
    ids = [job["topview_task_id"] for job in service.jobs()]
    assert column(rows, "topview_task_id") == ids


def test_where_topview_may_have_taken_it_somebody_must_look_first(run: Run, service: StandIn, tmp_path: Path) -> None:
    service.fault("answer-lost-after-accept", method="POST")
    run.make(speech(), 0)
    run.states["make"][1] = "failed"  # killed: it left nothing
    _, rows = report(run, tmp_path / "r.json", rows=ROWS[:2])
    assert column(rows, "rerun") == ["look first", "look first"]
    assert "may have accepted" in rows[0]["error"]
    assert rows[1]["error"] == "its log says why"


def test_a_store_that_cannot_be_read_leaves_a_doubt(run: Run, tmp_path: Path) -> None:
    class Broken(FakeStore):
        def get(self, key: str, default: Any = None) -> Any:
            raise OSError("away")

    run.stores[0] = Broken()
    run.make(speech(), 0)
    _, [row] = report(run, tmp_path / "r.json", rows=ROWS[:1])
    assert (row["state"], row["rerun"]) == ("failed", "look first")


def test_an_earlier_purchase_that_goes_on_with_other_inputs_needs_a_look(
    run: Run, service: StandIn, tmp_path: Path
) -> None:
    service.fault("never-ends")
    run.make(speech(timeout=0), 0)
    run.left.clear()
    run.make(TopviewTextToVoiceOperator(task_id="make", voice_text="Other words", voice_id="v"), 0)
    _, [row] = report(run, tmp_path / "r.json", rows=ROWS[:1])
    [job] = service.jobs()
    assert (row["rerun"], row["topview_task_id"]) == ("look first", job["topview_task_id"])


def test_what_was_skipped_or_never_ran_has_a_row_too(run: Run, tmp_path: Path) -> None:
    run.states["make"] = {0: "skipped", 1: "upstream_failed"}
    numbers, rows = report(run, tmp_path / "r.csv")
    assert column(rows, "state") == ["skipped", "not run", "not run"]
    assert column(rows, "rerun") == ["submit"] * 3
    assert (numbers["skipped"], numbers["not_run"], numbers["cost_credit"]) == (1, 2, 0)


def test_a_task_that_was_skipped_before_it_was_mapped_counts_for_all_its_rows(run: Run, tmp_path: Path) -> None:
    run.states["make"] = {-1: "skipped"}
    assert column(report(run, tmp_path / "r.csv")[1], "state") == ["skipped"] * 3


def test_several_mapped_tasks_have_a_list_of_rows_each(run: Run, tmp_path: Path) -> None:
    for index in range(2):
        run.make(speech(), index)
    run.states["more"] = {-1: "skipped"}
    _, rows = report(run, tmp_path / "r.csv", task_ids=["make", "more"], rows=[ROWS[:2], ROWS[2:]])
    assert column(rows, "product") == ["lamp", "mug", "pen"]
    assert column(rows, "state") == ["success", "success", "skipped"]


def test_where_one_list_of_several_is_missing_the_others_are_reported_on_and_it_is_named(
    run: Run, tmp_path: Path
) -> None:
    run.make(speech(), 0)
    run.states["more"] = {-1: "upstream_failed"}
    words = {"task_ids": ["more", "make"], "rows": [None, ROWS[:1]], "files": ["more", "store"]}
    run.store(0, "a.mp3")
    numbers, rows = report(run, tmp_path / "r.csv", **words)
    assert (column(rows, "product"), column(rows, "file")) == (["lamp"], ["a.mp3"])
    assert (numbers["total"], numbers["success"], numbers["missing"]) == (1, 1, ["more"])
    with pytest.raises(TopviewBatchIncomplete, match=r"1 of 1 products are there.*the list of more is missing"):
        report(run, tmp_path / "again.csv", **words, fail_on_failures=True)
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "r.csv").read_bytes()


@pytest.mark.parametrize("state", ["success", "skipped"])
def test_what_was_bought_for_a_list_that_is_missing_now_stays_in_the_report(
    run: Run, tmp_path: Path, state: str
) -> None:
    run.make(speech(), 0)
    for index in (0, 1):
        run.stores[index] = FakeStore()
        run.make(speech(), index, task_id="more", state=state)
    words = {"task_ids": ["make", "more"]}
    before, there = report(run, tmp_path / "r.jsonl", **words, rows=[ROWS[:1], ROWS[1:]])
    after, rows = report(run, tmp_path / "r.jsonl", **words, rows=[ROWS[:1], None])
    assert column(rows, "topview_task_id") == column(there, "topview_task_id")
    assert column(rows, "rerun") == ["no", *["no" if state == "success" else "resume"] * 2]
    assert (after["total"], after["cost_credit"]) == (before["total"], before["cost_credit"])


def test_a_list_that_was_skipped_with_its_task_is_not_missing(run: Run, tmp_path: Path) -> None:
    run.make(speech(), 0)
    run.states["more"] = {-1: "skipped"}
    words = {"task_ids": ["make", "more"], "rows": [ROWS[:1], None], "fail_on_failures": True}
    numbers, rows = report(run, tmp_path / "r.csv", **words)
    assert (column(rows, "product"), numbers["missing"]) == (["lamp"], [])


@pytest.mark.parametrize("name", ["budget", "to_come"])
def test_what_only_the_cost_of_a_run_knows_is_no_argument_of_a_report(name: str) -> None:
    with pytest.raises((TypeError, AirflowException), match=name):
        TopviewReportOperator(task_id="report", task_ids="make", rows=[], path="r.csv", **{name: 1})
    assert name not in TopviewReportOperator.template_fields


def test_it_fails_after_it_has_written_when_a_product_is_missing(run: Run, tmp_path: Path) -> None:
    run.make(speech(), 0)
    run.states["make"][1] = "failed"
    with pytest.raises(TopviewBatchIncomplete, match=r"1 of 3 products are there, 1 failed, .* clear what failed") as e:
        report(run, tmp_path / "r.csv", fail_on_failures=True)
    assert isinstance(e.value, AirflowFailException)
    assert len(tables.read((tmp_path / "r.csv").read_bytes(), "csv")[0]) == 3


def test_what_was_skipped_does_not_fail_it(run: Run, tmp_path: Path) -> None:
    run.states["make"] = {-1: "skipped"}
    assert report(run, tmp_path / "r.csv", fail_on_failures=True)[0]["skipped"] == 3


def test_a_cost_that_no_answer_tells_comes_from_the_credit_log(run: Run, tmp_path: Path) -> None:
    run.make(TopviewVideoAvatarOperator(task_id="make", avatar_id="a", tts_text="Hello."), 0)
    assert run.left["make", "topview"][0]["cost_credit"] is None
    numbers, [row] = report(run, tmp_path / "r.json", rows=ROWS[:1])
    assert row["cost_credit"] == numbers["cost_credit"] > 0


def test_an_unknown_language_and_name_come_from_the_card(run: Run, tmp_path: Path) -> None:
    from topview_provider.operators.video import TopviewMarketingVideoOperator

    run.make(TopviewMarketingVideoOperator(task_id="make", product_link="https://a/lamp", language="fr"), 0)
    _, [row] = report(run, tmp_path / "r.json", rows=[{"n": 1}])
    assert (row["language"], row["product"], row["n"]) == ("fr", run.left["make", "topview"][0]["product"], 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"rows": None}, "rows: there is no list; the task that was to make it did not succeed"),
        ({"task_ids": ["make", "more"], "rows": [None, None]}, "rows: there is no list; the task that was to make it"),
        ({"task_ids": []}, "task_ids: name at least one task; it has make, store, more"),
        ({"files": ["store", "make"]}, "1 tasks need as many lists of rows, not 1, and as many tasks"),
        ({"task_ids": ["make", "more"], "rows": [ROWS]}, "2 tasks need as many lists of rows, not 1"),
        ({"files": "stroe"}, "files: no task stroe in this DAG"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(words: dict[str, Any], said: str, run: Run, tmp_path: Path) -> None:
    with pytest.raises(TopviewInvalidRequest, match=said):
        report(run, tmp_path / "r.csv", **words)
    assert list(tmp_path.iterdir()) == []


def test_a_path_of_no_known_kind_is_refused_before_anything_is_asked(run: Run, tmp_path: Path) -> None:
    with pytest.raises(TopviewInvalidRequest, match=r"path: '.*r\.xlsx' ends in none of \.csv, \.jsonl"):
        report(run, tmp_path / "r.xlsx")


def again(path: Path) -> Any:
    """Return what a second run maps over."""
    operator = TopviewProductsOperator(
        task_id="products", source=str(path), columns=["product", "language"], required=["product"], rerun=True
    )
    return operator.execute(new_context())


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl"])
def test_a_second_run_takes_from_the_report_what_is_missing_and_surely_not_paid_for(
    suffix: str, run: Run, service: StandIn, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    names = ["there", "failed", "slow", "lost"]
    rows = [{"product": name, "language": "en"} for name in names]
    run.make(speech(), 0)
    service.fault("fail")
    run.make(speech(), 1)
    service.fault("never-ends")
    run.make(speech(timeout=0), 2)
    service.fault("answer-lost-after-accept", method="POST")
    run.make(speech(), 3)
    report(run, tmp_path / f"r.{suffix}", rows=rows)
    found = again(tmp_path / f"r.{suffix}")
    slow = run.left["make", "topview"][2]["topview_task_id"]
    assert found == [
        {"product": "failed", "language": "en", "resume_topview_task_id": None},
        {"product": "slow", "language": "en", "resume_topview_task_id": slow},
    ]
    place = {"csv": "line 5", "jsonl": "line 4", "json": "row 4"}[suffix]
    assert f"left alone, for TopView may have taken them: {place}. Look" in capfd.readouterr().out


def test_a_second_run_that_has_nothing_to_do_maps_over_nothing(run: Run, tmp_path: Path) -> None:
    run.make(speech(), 0)
    report(run, tmp_path / "r.csv", rows=ROWS[:1])
    assert again(tmp_path / "r.csv") == []


def test_a_file_that_is_no_report_is_not_made_again(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps([{"product": "lamp"}]))
    with pytest.raises(TopviewInvalidRequest, match=r"row 1: rerun is None, none of no, submit, .* is it a report\?"):
        again(tmp_path / "r.json")


def test_everything_that_is_wrong_with_a_report_is_said_at_once(tmp_path: Path) -> None:
    rows = ["product,rerun,topview_task_id", "lamp,resume,", "mug,perhaps,", "pen,submit,,", ",submit,", "cup,submit,"]
    (tmp_path / "r.csv").write_text("\n".join(rows))
    with pytest.raises(TopviewInvalidRequest) as caught:
        again(tmp_path / "r.csv")
    wrong = [
        "line 4: has 4 columns, the header has 3",
        "line 2: rerun is 'resume', but topview_task_id is empty",
        "line 3: rerun is 'perhaps', none of no, submit, resume, look first; is it a report?",
        "line 5: product is empty",
    ]
    assert str(caught.value).partition("cannot be mapped over: ")[2].split("; ") == "; ".join(wrong).split("; ")


def test_a_broken_line_is_said_though_nothing_else_is_left_to_do(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"product": "lamp", "rerun": "no"}\n{"product":\n')
    with pytest.raises(TopviewInvalidRequest, match="line 2: is no JSON"):
        again(tmp_path / "r.jsonl")
