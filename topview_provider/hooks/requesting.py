"""What both doors share: the calls they build, and for how long they ask again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from topview_provider import catalog, wire
from topview_provider import exceptions as errors
from topview_provider.catalog.check import build
from topview_provider.hooks.doors import may_have_left
from topview_provider.hooks.settings import Settings

if TYPE_CHECKING:
    from tenacity import RetryCallState

Item = dict[str, Any]
Items = list[Item]

READ_ATTEMPTS = 5
LONGEST_WAIT = 30.0


def submit_call(settings: Settings, family: str, body: Mapping[str, Any]) -> wire.Call:
    """Return the POST that may cost credits."""
    row = catalog.family(family)
    return wire.Call(
        "POST",
        settings.path(family, "submit", row.submit),
        settings.conn_id,
        body=body,
        submits=True,
        topview_task_id=body.get(row.task_id_key),
        alternatives=row.alternatives[:1],
    )


def query_call(settings: Settings, family: str, topview_task_id: str, cloud_front: bool) -> wire.Call:
    """Return the GET that asks how a task stands."""
    row = catalog.family(family)
    params = {row.task_id_key: topview_task_id, **({"needCloudFrontUrl": "true"} if cloud_front else {})}
    return wire.Call(
        "GET",
        settings.path(family, "query", row.query),
        settings.conn_id,
        params=params,
        topview_task_id=topview_task_id,
        alternatives=row.alternatives[1:],
    )


def listing_call(settings: Settings, name: str, arguments: Mapping[str, Any]) -> wire.Call:
    """
    Return the call of a list or action.

    :raises TopviewInvalidRequest: An argument is unknown, missing or wrong.
    """
    row = catalog.listing(name)
    known = [field.name for field in row.fields]
    if unknown := sorted(set(arguments) - set(known)):
        raise errors.TopviewInvalidRequest(f"{name}: no argument {', '.join(unknown)}; allowed: {', '.join(known)}")
    body, problems = build(row, arguments)
    if problems:
        raise errors.TopviewInvalidRequest(f"{name}: " + "; ".join(problem.text for problem in problems))
    texts = {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in body.items()}
    return wire.Call(
        row.method,
        settings.path(name, "path", row.path),
        settings.conn_id,
        params={} if row.body else texts,
        body=body if row.body else None,
        submits=row.charges,
        topview_task_id=body.get("taskId"),
        uid_optional=row.uid_optional,
        loose=row.loose,
        alternatives=row.alternatives,
    )


def judge(row: catalog.TaskFamily, arguments: Mapping[str, Any]) -> dict[str, str]:
    """
    Return what decides when a task is done, from arguments that nothing has checked yet.

    :param row: Row of the family.
    :param arguments: Wire name to value.
    :raises TopviewInvalidRequest: ``preview`` is neither true nor false.
    """
    try:
        return row.judge(arguments)
    except catalog.FieldError as error:
        raise errors.TopviewInvalidRequest(f"{row.name}: {error}") from None


def task_answer(call: wire.Call, result: Any) -> Item:
    """
    Return the ``result`` of a query.

    :raises TopviewUnavailable: It is not an object, so it says nothing about the task.
    """
    if not isinstance(result, dict):
        kind = "no result" if result is wire.ABSENT else f"a result of type {type(result).__name__}"
        raise wire.lost(call, f"an answer with {kind}")
    return result


def action_answer(name: str, result: Any) -> Any:
    """Return the ``result`` of an action as it came, without the fields that must not leave the wire."""
    if isinstance(result, dict):
        return without(result, catalog.listing(name).drop)
    return None if result is wire.ABSENT else result


def balance_of(account: Mapping[str, Any]) -> float:
    """
    Return the remaining credits of an account.

    :param account: Answer of the credit query.
    :raises TopviewUnavailable: It shows no balance.
    """
    balance = account.get("remainCredit", account.get("credit"))
    if isinstance(balance, bool) or not isinstance(balance, int | float):
        raise errors.TopviewUnavailable(f"the credit query shows no balance, only {sorted(account)}")
    return balance


def items_in(row: catalog.Listing, result: Any) -> Items:
    """Return the items of a list answer: a bare array, ``data``, ``list``, ``records``, or a single object."""
    found = result
    if isinstance(result, Mapping):
        keys = (row.items_key, "data", "list", "records")
        found = next((result[key] for key in keys if isinstance(result.get(key), list)), None)
        if found is None:
            found = [result] if result and "total" not in result else []
    if not isinstance(found, list):
        return []
    return [without(item, row.drop) for item in found if isinstance(item, dict)]


def without(item: Item, drop: tuple[str, ...]) -> Item:
    """Return an item without the fields that must not leave the wire."""
    return {key: value for key, value in item.items() if key not in drop}


class Pages:
    """
    Walk the pages of a list: build each call, read each answer, know when there are no more.

    :param name: Name of the list.
    :param filters: The API's filters in Python names.
    """

    def __init__(self, name: str, filters: Mapping[str, Any]) -> None:
        self.row = catalog.listing(name)
        self.filters = dict(filters)
        start = self.filters.pop("page_no", None) if self.row.paged else None
        try:
            self.page = int(start or 1)
        except (TypeError, ValueError):
            raise errors.TopviewInvalidRequest(f"{name}: page_no: {start!r} is not a whole number") from None
        self.seen = 0
        self.before: Items = []
        self.more = True

    def call(self, settings: Settings) -> wire.Call:
        """Return the call for the next page."""
        paging = {"page_no": self.page} if self.row.paged else {}
        return listing_call(settings, self.row.name, {**self.filters, **paging})

    def items(self, result: Any) -> Items:
        """Return the items of an answer and turn the page."""
        items = items_in(self.row, result)
        if items == self.before:  # a service that ignores pageNo would give its one page for ever
            items = []
        self.before = items
        self.page += 1
        self.seen += len(items)
        self.more = bool(items) and not self._was_last(result)
        return items

    def _was_last(self, result: Any) -> bool:
        if not self.row.paged or not isinstance(result, Mapping):
            return True
        try:
            return self.seen >= int(result["total"])
        except (KeyError, TypeError, ValueError, OverflowError):
            return False  # without a total, only an empty page is the last


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = getattr(error, "retry_after", None) or 0.0
    grown: float = min(2.0 ** min(state.attempt_number - 1, 16), LONGEST_WAIT / 3)
    return max(grown, min(asked, LONGEST_WAIT))


def reading() -> dict[str, Any]:
    """Return how long a read is asked again: it costs nothing, so every passing fault counts."""
    from tenacity import retry_if_exception, stop_after_attempt

    return {
        "retry": retry_if_exception(lambda e: isinstance(e, errors.TopviewUnavailable | errors.TopviewBusy)),
        "wait": _wait,
        "stop": stop_after_attempt(READ_ATTEMPTS),
        "reraise": True,
    }


def submitting(patience: float) -> dict[str, Any]:
    """
    Return how long a submit is sent again: only where TopView surely did not take it.

    ``TopviewUnavailable`` means here that the connection was never established; everything unclear is
    ``TopviewSubmitUnknown``, which no rule retries.

    :param patience: Seconds.
    """
    from tenacity import stop_before_delay

    return {**reading(), "stop": stop_before_delay(patience)}


def acting(call: wire.Call, patience: float) -> dict[str, Any]:
    """Return how long an action is sent again: as a submit where it costs credits, as a read where it does not."""
    return submitting(patience) if call.submits else reading()


def asks_for_less(error: errors.TopviewError) -> bool:
    """
    Tell whether an error is about how much is asked, not about one request: HTTP 429, code 5003, a 503 with a pause.

    Code 4007 counts open tasks, so polls may go on.

    :param error: What a door raised.
    """
    label = error.code or ""
    told = error.retry_after is not None and label.startswith("HTTP 503")
    return told or label.startswith("HTTP 429") or label.endswith("5003")


class Tries:
    """
    Send one call, maybe several times, and know what an earlier try may have done.

    A delete that was carried out and whose answer was lost is answered 4004 the second time; that is its success.

    :param send: Sends a call once.
    """

    def __init__(self, send: Callable[[wire.Call], Any]) -> None:
        self.send = send
        self.unclear = False

    def __call__(self, call: wire.Call) -> Any:
        """Send the call once more."""
        try:
            return self.send(call)
        except errors.TopviewNotFound as error:
            if call.method == "DELETE" and self.unclear and str(error.code).endswith("4004"):
                return None
            raise
        except errors.TopviewUnavailable as error:
            self.unclear = self.unclear or may_have_left(error)
            raise
