"""Many products: read them, map over them, and report what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator, Context, conf

from topview_provider import catalog, compat, late
from topview_provider.exceptions import TopviewBatchIncomplete, TopviewError, TopviewInvalidRequest
from topview_provider.operators.counting import TopviewCounting, every
from topview_provider.waiting import switch

if TYPE_CHECKING:
    from topview_provider.bill import Line
    from topview_provider.tables import Placed, Row, Table


class TopviewProductsOperator(BaseOperator):
    """
    Read products from a file or a query, and return them to map over.

    Returns a list of mappings, each with every column, None where it is empty: give it to ``expand_kwargs`` of a task
    group or an operator. Nothing is asked of TopView. What is wrong is named with line and column, all at once, and
    before any money is spent: a line that cannot be read, an unknown or missing column, an empty field, the same
    product twice, a file without products. A query that finds none, and a report in which nothing is missing, are no
    error: the list is empty then, and nothing is mapped.

    :param source: CSV, JSON lines or JSON, by the suffix (``.csv``, ``.jsonl``, ``.ndjson``, ``.json``), any path that
        ``ObjectStoragePath`` knows; or a list of mappings, such as the result of a query. In CSV the first line names
        the columns, which a comma, a semicolon or a tab parts. (templated)
    :param columns: Names that the columns may have, those of the arguments to map over.
    :param required: Those of them that must be filled.
    :param languages: Make each product in each of these languages; one that has a ``language`` of its own is made in
        that alone. Means nothing with ``rerun``. (templated)
    :param rerun: The source is a report of :class:`TopviewReportOperator`. Only what its column ``rerun`` says
        ``submit`` or ``resume`` of is returned, with ``resume_topview_task_id``: an empty list where all are there.
    :raises TopviewInvalidRequest: There is no such file, no product in it, or something is wrong with one; or there
        are more than Airflow maps over (``[core] max_map_length``).
    :raises TopviewError: The file cannot be read.
    """

    template_fields: Sequence[str] = ("source", "languages")
    ui_color = "#e6e0ff"

    def __init__(
        self,
        *,
        source: str | Sequence[Mapping[str, Any]],
        columns: Sequence[str],
        required: Sequence[str] = (),
        languages: Sequence[str] | str | None = None,
        rerun: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.columns = columns
        self.required = required
        self.languages = languages
        self.rerun = rerun

    def execute(self, context: Context) -> list[Row]:
        """Read the products and return what to map over."""
        try:
            products = self.products()
        except ValueError as error:
            about = repr(self.source) if isinstance(self.source, str) else "the list"
            raise TopviewInvalidRequest(f"source: {about} cannot be mapped over: {error}") from None
        most = conf.getint("core", "max_map_length", fallback=1024)
        if len(products) > most:
            raise TopviewInvalidRequest(
                f"source: {len(products)} products are more than the {most} that Airflow maps over "
                "([core] max_map_length): split the file, or raise the option"
            )
        self.log.info("%d to make", len(products))
        return products

    def products(self) -> list[Row]:
        """
        Return the products, checked.

        :raises ValueError: Something is wrong with them.
        """
        (rows, problems), columns, languages = self.rows(), list(self.columns), self.spoken()
        rerun = switch("rerun", self.rerun)
        if rerun:  # a report has a row for each language already
            rows, wrong = self.again(rows)
            problems, columns, languages = [*problems, *wrong], [*columns, late.batches.RESUME], []
        if not rows and not problems and (rerun or not isinstance(self.source, str)):
            return []
        return late.batches.Wanted(columns, self.required, languages).products(rows, problems)

    def rows(self) -> Table:
        """
        Return the rows of the source with their places, and what is wrong with those that cannot be read.

        :raises TopviewInvalidRequest: There is no such file.
        :raises TopviewError: It cannot be read.
        """
        from topview_provider.hooks import transfer

        if not isinstance(self.source, str):
            return late.tables.placed(list(self.source or ()))
        kind, path = late.tables.kind_of(self.source, "source"), transfer.file_path(self.source, "source")
        try:
            with path.open("rb") as file:  # type: ignore[no-untyped-call]
                data = file.read()
        except FileNotFoundError:
            raise TopviewInvalidRequest(f"source: no file {self.source!r}") from None
        except OSError as error:
            raise TopviewError(f"{self.source} cannot be read: {error}") from error
        return late.tables.read(data, kind)

    def again(self, rows: Sequence[Placed]) -> Table:
        """
        Return the products of a report that are to be made now, and what is wrong with its other rows.

        :param rows: The rows of the report.
        """
        found, doubtful, problems = late.batches.open_rows(rows, self.columns)
        if doubtful:
            self.log.warning(
                "left alone, for TopView may have taken them: %s. Look at the account's tasks, then write submit or no "
                "into their column rerun",
                ", ".join(doubtful),
            )
        return found, problems

    def spoken(self) -> list[str]:
        """
        Return the languages.

        :raises TopviewInvalidRequest: They are no list of texts.
        """
        try:
            return list(catalog.Field("languages", "array[string]").to_wire(self.languages or []))
        except catalog.FieldError as error:
            raise TopviewInvalidRequest(f"languages: {error}") from None


class TopviewReportOperator(TopviewCounting, BaseOperator):
    """
    Write what became of each product of a batch: state, cost, file and reason, a row for each.

    A row holds the columns of the product and ``product``, ``language``, ``map_index``, ``state`` (``success``,
    ``failed``, ``skipped``, ``not run``), ``topview_task_id``, ``cost_credit`` (None where it is not known), ``file``,
    ``error``, and ``rerun``: what a second run may do, ``no``, ``submit``, ``resume`` (it is paid for, or under way) or
    ``look first`` (nobody knows whether TopView took it). Costs come about as those of
    :class:`TopviewRunCostOperator`. Give it ``trigger_rule="all_done"``.

    Returns ``path``, ``total``, ``success``, ``failed``, ``skipped``, ``not_run``, ``cost_credit``, ``complete`` (every
    cost is known), and ``missing``, the paying tasks of which there is no list, because what was to make it failed; the
    others are reported on all the same, and of these there is a row, without the product's columns, for all that
    left a word. The XCom ``report`` holds the same, also where this task fails.

    :param task_ids: Airflow tasks of this DAG that pay, a list or one name. (templated)
    :param rows: What was mapped over; where ``task_ids`` are several, a list for each of them. (templated)
    :param path: Where to write it, as CSV, JSON lines or JSON, by the suffix (``.csv``, ``.jsonl``, ``.ndjson``,
        ``.json``): any path that ``ObjectStoragePath`` knows. (templated)
    :param files: Tasks that stored the files, whose result is the path, in the order of ``task_ids``; by default no
        file is wanted. (templated)
    :param fail_on_failures: Fail when the report is written, if products failed or did not run, or a list is missing.
        The run is red then, and *clear failed* takes this task along.
    :param lag_timeout: Seconds or timedelta for which charges that are not in the credit log yet are waited for.
    :param topview_conn_id: Connection whose credit log is read; by default that of each task. (templated)
    :param deferrable: Wait in the triggerer instead of on a worker; by default what ``[operators]
        default_deferrable`` says.
    :raises TopviewInvalidRequest: An argument is wrong, a task is not one of this DAG, or there is no list at all.
    :raises TopviewBatchIncomplete: Some products failed, or a list is missing, and ``fail_on_failures`` is on.
    :raises TopviewError: The report cannot be written.
    """

    template_fields: Sequence[str] = ("task_ids", "rows", "path", "files", "topview_conn_id")
    ui_color = "#e6e0ff"

    def __init__(
        self,
        *,
        task_ids: Sequence[str] | str,
        rows: Sequence[Any],
        path: str,
        files: Sequence[str] | str = (),
        fail_on_failures: bool = True,
        lag_timeout: float | timedelta = 300,
        topview_conn_id: str | None = None,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.task_ids = task_ids
        self.rows = rows
        self.path = path
        self.files = files
        self.fail_on_failures = fail_on_failures
        self.lag_timeout = lag_timeout
        self.topview_conn_id = topview_conn_id
        self.deferrable = deferrable

    def execute(self, context: Context) -> dict[str, Any]:
        """Look at every product, write the report, and say how many there are."""
        late.tables.kind_of(self.path, "path")
        return self.add_up(context)

    def report(self, context: Context, lines: Sequence[Line]) -> dict[str, Any]:
        """
        Write the report and return its numbers.

        :param context: Airflow's context.
        :param lines: What the tasks had, with what is known of their cost.
        :raises TopviewInvalidRequest: There is no list at all, or not as many as tasks.
        :raises TopviewBatchIncomplete: Some products failed, and that is to fail this task.
        """
        paying, storing = self.tasks(context), self.named(context, "files", self.files)
        lists = list(self.rows or ()) if len(paying) > 1 else [self.rows]
        if len(lists) != len(paying) or len(storing) not in (0, len(paying)):
            raise TopviewInvalidRequest(
                f"rows, files: {len(paying)} tasks need as many lists of rows, not {len(lists)}, and as many tasks "
                f"that store files or none, not {len(storing)}"
            )
        found: list[Row] = []
        missing = self.without_list(context, paying, lists)
        for number, products in enumerate(lists):
            storer = storing[number] if storing else None
            found += self.part(context, paying[number], storer, products, lines)
        path, complete = self.write(found), not late.bill.unknown(lines)
        return self.told(
            context, {"path": path, **late.batches.numbers(found), "complete": complete, "missing": missing}
        )

    def without_list(self, context: Context, paying: Sequence[str], lists: Sequence[Any]) -> list[str]:
        """
        Return the paying tasks whose list is missing; where they were skipped, none is missed.

        :param context: Airflow's context.
        :param paying: The paying tasks.
        :param lists: What each of them was mapped over, None where there is no list.
        :raises TopviewInvalidRequest: There is none for any of them.
        """
        without = [payer for payer, products in zip(paying, lists, strict=True) if products is None]
        if len(without) == len(paying):
            raise TopviewInvalidRequest("rows: there is no list; the task that was to make it did not succeed")
        return [payer for payer in without if {*compat.task_states(context, payer).values()} != {"skipped"}]

    def part(
        self, context: Context, payer: str, storer: str | None, products: Sequence[Row] | None, lines: Sequence[Line]
    ) -> list[Row]:
        """
        Return the rows of one mapped task.

        :param context: Airflow's context.
        :param payer: The task that paid.
        :param storer: The task that stored the files.
        :param products: What was mapped over; None where that is missing, then there is a row for what left a word.
        :param lines: What the tasks had.
        """
        ti = context["ti"]
        states = compat.task_states(context, payer)
        cards = _by_index(self.cards(context, payer))
        reasons = _by_index(every(ti.xcom_pull(task_ids=payer, key="topview_error")))
        costs = {line.map_index: line.cost_credit for line in lines if line.task_id == payer}
        rows = []
        left: list[tuple[int, Row]] = [(index, {}) for index in sorted({*cards, *reasons})]
        for index, product in left if products is None else enumerate(products):
            state = states.get(index, states.get(-1))
            stored = storer and state == "success" and ti.xcom_pull(task_ids=storer, map_indexes=index)
            file = ", ".join(stored) if isinstance(stored, list) else stored or None
            facts = (
                cards.get(index, {}),
                reasons.get(index, {}),
                costs.get(index),
                file,
                bool(storer),
                product.get(late.batches.RESUME),
            )
            rows.append(late.batches.Instance(index, state, *facts).row(product))
        return rows

    def write(self, rows: Sequence[Row]) -> str:
        """
        Write the report as a whole and return where it is.

        :param rows: Its rows.
        :raises TopviewError: It cannot be written.
        """
        from topview_provider.hooks import transfer

        target = transfer.file_path(self.path, "path")
        with transfer.landing(target) as file:
            file.write(late.tables.write(rows, late.tables.kind_of(self.path, "path")))
        return str(target)

    def told(self, context: Context, numbers: dict[str, Any]) -> dict[str, Any]:
        """
        Say the numbers in the log and in an XCom, and return them.

        :param context: Airflow's context.
        :param numbers: What the report adds up to.
        :raises TopviewBatchIncomplete: Some products failed, or a list is missing, and that is to fail this task.
        """
        said = "%(success)d of %(total)d products are there, %(failed)d failed, %(skipped)d were skipped"
        text = f"{said}, %(not_run)d did not run; %(cost_credit)g credits; the report is %(path)s" % numbers
        if missing := ", ".join(numbers["missing"]):
            text += (
                f"; the list of {missing} is missing, for the task that was to make it did not succeed: of what was on "
                "it, the report has what TopView took, or refused"
            )
        self.log.info(text)
        context["ti"].xcom_push(key="report", value=numbers)
        if switch("fail_on_failures", self.fail_on_failures) and (numbers["failed"] or numbers["not_run"] or missing):
            raise TopviewBatchIncomplete(f"{text}. Mend what it names, then clear what failed in this run")
        return numbers


def _by_index(found: Sequence[Mapping[str, Any]]) -> dict[int, Mapping[str, Any]]:
    return {int(one.get("map_index", -1)): one for one in found}
