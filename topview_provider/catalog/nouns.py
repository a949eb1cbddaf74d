"""What a row of the table can say: a task family, or a list or action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from topview_provider.catalog.fields import LEFTOVERS, Field, FieldError, is_empty, truth

NOTICE_URL = Field("noticeUrl", rule="TopView POSTs here when the task ends; a hint only, the truth is the query")


@dataclass(frozen=True, slots=True)
class Output:
    """
    Name one kind of file that a finished task offers.

    :param name: Name in XComs (``<name>_url``, ``<name>_urls``) and in the manifest.
    :param path: Where its URL stands in the answer, ``[]`` for each item of a list; ``{items}`` stands for the list
        that is judged. ``**`` means every http(s) text under the answer, in document order.
    :param alternative: A second path, read where the first has nothing.
    :param item_id: Key of the item that identifies it.
    :param language: Key of the item that holds its language.
    :param duration: Path of its duration, beside the URL for items.
    :param duration_ms: Milliseconds in one unit of that duration.
    """

    name: str
    path: str
    alternative: str = ""
    item_id: str = ""
    language: str = ""
    duration: str = ""
    duration_ms: float = 1

    @property
    def kind(self) -> str:
        """What a player makes of it: ``video``, ``audio`` or ``image``."""
        return {"video": "video", "preview": "video", "audio": "audio"}.get(self.name, "image")


@dataclass(frozen=True, slots=True)
class Echo:
    """
    Say where TopView lists tasks beside what they were given: there a submit whose answer was lost may be found again.

    :param listing: Name of the list.
    :param fields: Wire names of the submit that an item holds under the same names; empty where it holds all of them.
    :param under: Key of the item that holds them; empty where they stand in the item itself.
    :param needs: Wire names that the submit must have given.
    :param spoilt_by: Wire names with which the echo is no longer what was given.
    :param filters: Wire names of the submit that narrow the list.
    """

    listing: str
    fields: tuple[str, ...] = ()
    under: str = ""
    needs: tuple[str, ...] = ()
    spoilt_by: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """
    Say which list of TopView shows how tasks of a family stand, so that one request can ask after many of them.

    :param listing: Name of the list. Its items have ``taskId`` and ``status``, with the words of the query.
    :param filters: Wire names of the query's answer that narrow the list; a task whose answer lacks one is not in it.
    :param order: Arguments of the list that bring the newest first, in Python names; empty where it takes none.
    """

    listing: str
    filters: tuple[str, ...] = ()
    order: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PriceGuard:
    """
    Bound from above what one submit can cost, by published prices: a reason to refuse it, never what it did cost.

    :param credits: Credits per unit; None where no bound follows from what TopView publishes.
    :param times: Wire names that multiply it: a number as it is, a list by its length. A number that is left out counts
        as the most that its field allows.
    :param free_if: Wire name of the switch with which the submit costs nothing.
    :param source: Where the price stands.
    :param date: Year and month in which it stood there.
    """

    credits: float | None
    times: tuple[str, ...] = ()
    free_if: str = ""
    source: str = "https://docs.topview.ai"
    date: str = "2026-07"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    Hold what both kinds of rows have.

    :param name: Name of the family, as in classes and XComs.
    :param title: One line for tables.
    :param fields: The request, in the order of the operator's arguments.
    :param one_of: Groups of wire names of which at least one must not be empty.
    :param answer: Flat map of answer paths to types, as the reference lists them.
    :param docs: Pages this row was read from; the first one is TopView's own where it exists.
    :param certainty: Mark of the path.
    :param path_uncertain: The path is a guess; it can be overridden in the connection's extra.
    :param alternatives: Other spellings of the paths, named when TopView does not know the first.
    """

    name: str
    title: str
    fields: tuple[Field, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    answer: Mapping[str, str] = field(default_factory=dict)
    docs: tuple[str, ...] = ()
    certainty: str = "D"
    path_uncertain: bool = False
    alternatives: tuple[str, ...] = ()

    def field_of(self, wire: str) -> Field | None:
        """Return the field of that wire name, or None."""
        return next((item for item in self.fields if item.wire == wire), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFamily(Row):
    """
    Describe a task: one endpoint that takes the job, one that tells how it stands.

    :param submit: Path of the POST that costs.
    :param query: Path of the GET that asks; spelled out, for TopView's suffixes follow no rule.
    :param task_id_key: Name of the task id in bodies, answers and the query string. A family whose request has this
        field is the second step of another: it goes on under the same id.
    :param status_key: Where the state stands in the answer.
    :param submit_status: State of an accepted submit; never the state of the job.
    :param items_key: List whose items are the result.
    :param preview_items_key: The list to judge instead when the request says ``preview``.
    :param item_status_key: State of one item; empty if items have none.
    :param item_id_key: Identifies one item (``scriptId``). With it the task is done only when such an item is, because
        the parent's state may still be that of an earlier step.
    :param outputs: Files of a finished task.
    :param values: Other things a next task needs, XCom name to answer path; a path with ``[]`` gives a list, one with
        ``[0]`` the first.
    :param title_path: A title for people; the first one found.
    :param cost_key: Where the charge stands; empty if the answer has none.
    :param cost_type: ``number`` or ``string``, as the answer spells it.
    :param callback: ``bizType`` of the callback; empty if unknown.
    :param preview_callback: ``bizType`` of the callback when the request says ``preview``.
    :param charge: What one task costs in the stand-in; not a price list.
    :param expected_seconds: Usual time to the result, shown to people.
    :param poll_seconds: Interval between polls.
    :param timeout_seconds: Default deadline of one attempt.
    :param price: TopView's price in words.
    :param price_guard: The most that one submit can cost; None where no bound follows from what TopView publishes.
    :param echo: Where a submit whose answer was lost may be found again; None where TopView shows no input.
    :param sight: Which list shows how such tasks stand; None where no list surely does.
    """

    submit: str
    query: str
    task_id_key: str = "taskId"
    status_key: str = "status"
    submit_status: str = "success"
    items_key: str = ""
    preview_items_key: str = ""
    item_status_key: str = ""
    item_id_key: str = ""
    outputs: tuple[Output, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    title_path: str = ""
    cost_key: str = ""
    cost_type: str = "number"
    callback: str = ""
    preview_callback: str = ""
    charge: float = 1
    expected_seconds: float
    poll_seconds: float
    timeout_seconds: float
    price: str = ""
    price_guard: PriceGuard | None = None
    echo: Echo | None = None
    sight: Sight | None = None

    @property
    def body_fields(self) -> tuple[Field, ...]:
        """Every field of the submit body, the shared ones included."""
        return (*self.fields, NOTICE_URL)

    @property
    def continues(self) -> bool:
        """Whether this is a second step, which goes on under the id of an earlier task."""
        return self.field_of(self.task_id_key) is not None

    def judge(self, body: Mapping[str, Any]) -> dict[str, str]:
        """
        Return what decides when the task of this body is done, flat, for the trigger.

        ``items``: the list to judge; ``script_id``: the item of a second step. Empty for families whose own state says
        everything.

        :param body: The submit body, or the sensor's arguments in wire names.
        :raises FieldError: ``preview`` is neither true nor false, or the item is what an empty template leaves.
        """
        if not self.item_id_key:
            return {}
        judge = {"items": self.preview_items_key if self._previews(body.get("preview")) else self.items_key}
        picked = body.get(self.item_id_key)
        if str(picked).strip() in LEFTOVERS and picked is not None:
            raise FieldError(f"{self.item_id_key}: {picked!r}; did a template render nothing?")
        if picked not in (None, ""):
            judge["script_id"] = str(picked)
        return judge

    def _previews(self, value: Any) -> bool:
        if not self.preview_items_key or is_empty(value):
            return False
        try:
            return truth(value)
        except FieldError as error:
            raise FieldError(f"preview: {error}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Row):
    """
    Describe a list (a read that costs nothing) or an action (one call that changes or fetches something).

    :param method: HTTP method.
    :param path: Path of the call.
    :param action: True for an action, False for a list.
    :param body: The fields travel as a JSON body; otherwise in the query string.
    :param paged: The answer has pages (``pageNo``, ``pageSize``, ``total``).
    :param items_key: Where the items stand; empty for a bare array or a single object.
    :param columns: Wire names kept for XCom, all if empty.
    :param single: The answer of the list is one object, not many.
    :param uid_optional: The call is answered without ``Topview-Uid``.
    :param loose: The fields may stand beside ``result`` instead of in it.
    :param drop: Wire names that must never leave the wire (keys in clear).
    :param charges: The call costs credits, so it is sent again only where TopView surely did not take it.
    """

    path: str
    method: str = "GET"
    action: bool = False
    body: bool = False
    paged: bool = False
    items_key: str = ""
    columns: tuple[str, ...] = ()
    single: bool = False
    uid_optional: bool = False
    loose: bool = False
    drop: tuple[str, ...] = ()
    charges: bool = False


TASK_STATE: Mapping[str, str] = MappingProxyType({"taskId": "string", "status": "string", "errorMsg": "string|null"})
"""What every query answer holds beside its results."""

PAGING = (Field("pageNo", "integer", default=1), Field("pageSize", "integer", default=20))
"""What a list with pages takes."""

PAGE: Mapping[str, str] = MappingProxyType({"total": "integer", "pageNo": "integer", "pageSize": "integer"})
"""What a list with pages answers beside its items."""


def items(prefix: str, answer: Mapping[str, str]) -> dict[str, str]:
    """Return the answer paths of the items of a list: ``items("videos[]", {"url": "string"})``."""
    return {f"{prefix}.{name}": kind for name, kind in answer.items()}
