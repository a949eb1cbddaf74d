"""Errors about many products: the list of them, the report, and the budget of a run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from airflow.providers.common.compat.sdk import AirflowSkipException

from tests.conftest import FakeTaskInstance
from tests.contract.running import new_context
from topview_provider.exceptions import TopviewBatchIncomplete, TopviewError, TopviewInvalidRequest
from topview_provider.operators.batch import TopviewProductsOperator, TopviewReportOperator
from topview_provider.operators.spending import TopviewRunCostOperator

from . import Scene, says

NO_CARD = {"family": "text_to_voice", "topview_conn_id": "topview_default", "submitted_at": None, "map_index": 0}
DEAR = {**NO_CARD, "topview_task_id": "t1", "state": "success", "cost_credit": 7}
UNKNOWN = {**DEAR, "cost_credit": None}


class Left(FakeTaskInstance):
    """A task instance that sees one card of the mapped task ``make``, which has failed."""

    def xcom_pull(self, task_ids: str, key: str = "return_value", map_indexes: int | None = None) -> Any:
        """Return the card."""
        return self.card if key == "topview" else None

    def get_task_states(self, dag_id: str, task_ids: list[str], run_ids: list[str]) -> Any:
        """Return that it failed."""
        return {run_ids[0]: {"make_0": "failed"} if task_ids == ["make"] else {}}


def after(scene: Scene, task: Any, card: Any = None) -> Any:
    dag = SimpleNamespace(task_dict={"make": None, "more": None})
    return scene.run(task, context={**new_context(), "ti": Left(card=card), "dag": dag})


def products(scene: Scene, source: Any, **words: Any) -> Any:
    given = {"task_id": "p", "columns": ["link", "name"], "required": ["link"], **words}
    return scene.run(TopviewProductsOperator(source=source, **given))


def report(scene: Scene, rows: Any = ({"link": "l1"},), path: str = "r.csv", **words: Any) -> Any:
    given = {"task_id": "r", "rows": rows, "path": str(scene.folder / path), "task_ids": "make", **words}
    return after(scene, TopviewReportOperator(**given))


@says(TopviewInvalidRequest, "source: no file '/", "/gone.csv'")
def a_list_of_products_that_is_gone(scene: Scene) -> None:
    products(scene, str(scene.folder / "gone.csv"))


@says(TopviewInvalidRequest, "/list.xlsx' ends in none of .csv, .jsonl, .ndjson, .json")
def a_list_of_products_of_another_kind(scene: Scene) -> None:
    products(scene, str(scene.folder / "list.xlsx"))


@says(
    TopviewInvalidRequest, "/list.csv' cannot be mapped over: line 2: column 'nmae' is not known (did you mean 'name'?"
)
def a_list_of_products_with_a_column_that_is_not_known(scene: Scene) -> None:
    products(scene, str(scene.file("list.csv", b"link,nmae\nl1,Lamp\n")))


@says(
    TopviewInvalidRequest,
    "/list.csv' cannot be mapped over: line 2: has 3 columns, the header has 2; line 3: is no CSV: ",
    "; line 4: link is empty",
)
def a_list_of_products_with_several_mistakes(scene: Scene) -> None:
    products(scene, str(scene.file("list.csv", b'link,name\nl1,Lamp,red\n"l2"x,Mug\n,Pen\n')))


@says(
    TopviewInvalidRequest, "/a.jsonl' cannot be mapped over: line 1: is no JSON: ", "line 2: must have names and values"
)
def lines_of_products_with_several_mistakes(scene: Scene) -> None:
    products(scene, str(scene.file("a.jsonl", b'{"link":\n["l2"]\n')))


@says(TopviewInvalidRequest, "source: the list cannot be mapped over: row 2: link is empty")
def a_query_that_leaves_a_field_empty(scene: Scene) -> None:
    products(scene, [{"link": "l1"}, {"link": ""}])


@says(TopviewInvalidRequest, "source: 2000 products are more than the 1024 that Airflow maps over", "split the file")
def more_products_than_airflow_maps_over(scene: Scene) -> None:
    products(scene, [{"link": str(number)} for number in range(2000)])


@says(TopviewInvalidRequest, "languages: ", "is not a list")
def languages_that_are_no_list(scene: Scene) -> None:
    products(scene, [{"link": "l1"}], languages={"en": 1})


@says(TopviewError, "/list.csv cannot be read: ", "Permission denied")
def a_list_of_products_that_cannot_be_read(scene: Scene) -> None:
    def refuse(*args: Any, **words: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    path = str(scene.file("list.csv"))
    scene.monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem._open", refuse)
    products(scene, path)


@says(TopviewInvalidRequest, "rerun: 'maybe'")
def a_rerun_that_is_neither_true_nor_false(scene: Scene) -> None:
    products(scene, [], rerun="maybe")


@says(TopviewInvalidRequest, "rows: there is no list; the task that was to make it did not succeed")
def a_report_without_rows(scene: Scene) -> None:
    report(scene, rows=None)


@says(TopviewInvalidRequest, "rows, files: 1 tasks need as many lists of rows, not 1", "not 2")
def a_report_with_more_files_than_tasks(scene: Scene) -> None:
    dag = {"make": None, "a": None, "b": None}
    given = {"task_id": "r", "rows": [], "path": str(scene.folder / "r.csv"), "task_ids": "make", "files": ["a", "b"]}
    context = {**new_context(), "ti": Left(card=None), "dag": SimpleNamespace(task_dict=dag)}
    scene.run(TopviewReportOperator(**given), context=context)


@says(TopviewInvalidRequest, "path: ", "/r.txt' ends in none of .csv, .jsonl")
def a_report_of_no_known_kind(scene: Scene) -> None:
    report(scene, path="r.txt")


@says(TopviewInvalidRequest, "files: no task store in this DAG; it has make, more")
def a_report_on_files_of_a_task_that_is_not_there(scene: Scene) -> None:
    report(scene, files="store")


@says(
    TopviewBatchIncomplete,
    "0 of 1 products are there, 1 failed",
    "the report is file:///",
    "clear what failed in this run",
)
def a_batch_of_which_something_failed(scene: Scene) -> None:
    report(scene)


@says(
    TopviewBatchIncomplete,
    "the report is file:///",
    "the list of more is missing, for the task that was to make it did not succeed",
    "clear what failed in this run",
)
def a_batch_of_which_a_whole_list_is_missing(scene: Scene) -> None:
    report(scene, rows=[None, []], task_ids=["more", "make"])


@says(AirflowSkipException, "this run cost 7 credits, and 5 are to come: more than its budget of 10")
def a_run_whose_budget_is_used_up(scene: Scene) -> None:
    after(scene, TopviewRunCostOperator(task_id="c", task_ids="make", budget=10, to_come=5), DEAR)


@says(AirflowSkipException, "nobody knows yet what 1 tasks of this run cost, so nothing more is bought")
def a_run_of_unknown_cost_that_has_a_budget(scene: Scene) -> None:
    scene.ready()
    after(scene, TopviewRunCostOperator(task_id="c", task_ids="make", budget=10, lag_timeout=0), UNKNOWN)


@says(TopviewInvalidRequest, "budget: 'much'")
def a_budget_that_is_no_number(scene: Scene) -> None:
    after(scene, TopviewRunCostOperator(task_id="c", task_ids="make", budget="much"), DEAR)


@says(TopviewInvalidRequest, "source: the list cannot be mapped over: row 1: rerun is 'resume', but topview_task_id is")
def a_report_that_lacks_the_id_to_go_on_with(scene: Scene) -> None:
    products(scene, [{"link": "l1", "rerun": "resume", "topview_task_id": None}], rerun=True)
