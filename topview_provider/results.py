"""What a query answer says: the state of the task, its files, its values, its cost."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from topview_provider.catalog import Output, TaskFamily
from topview_provider.wire import FAILURES, scrub

WAITING = frozenset({"init", "running"})
SUCCESS = "success"
FAILED_BEFORE = "failed"
"""The mark of a failure that stood there before a second step: it is not the new one's."""


class Phase(Enum):
    """Where a task stands."""

    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class State:
    """
    Say where a task stands.

    :param phase: The phase; ``UNKNOWN`` is waited on like ``RUNNING``.
    :param word: TopView's own word.
    :param message: TopView's reason, where it gives one.
    """

    phase: Phase
    word: str = ""
    message: str = ""

    @property
    def settled(self) -> bool:
        """Whether the task will not change any more."""
        return self.phase in (Phase.SUCCESS, Phase.FAILED)


def state_of(row: TaskFamily, answer: Mapping[str, Any], judge: Mapping[str, str]) -> State:
    """
    Judge a query answer.

    Families whose items have an identity (the scripts of a marketing video) are done when the judged item is: the
    parent's state may still be that of an earlier step, and an empty list means that nothing is there yet.

    :param row: Row of the family.
    :param answer: ``result`` of the query.
    :param judge: What decides, from :meth:`TaskFamily.judge`, with ``seen`` for an item that was there before.
    """
    parent = _parent_state(row, answer)
    items = _picked(row, answer, judge) if judge else []
    item_decides = bool(items) and "script_id" in judge and parent.phase is not Phase.UNKNOWN
    if not judge or (parent.phase is not Phase.SUCCESS and not item_decides):
        stale = parent.phase is Phase.FAILED and judge.get("seen") == FAILED_BEFORE
        return State(Phase.RUNNING, parent.word, "a failure from before") if stale else parent
    if not items:
        return State(Phase.RUNNING, parent.word, f"no {judge['items']} yet")
    states = [_word_state(item.get(row.item_status_key), _reason(item) or _reason(answer)) for item in items]
    for item, state in zip(items, states, strict=True):
        if not state.settled or (state.phase is Phase.SUCCESS and not _item_url(row, item)):
            return State(Phase.RUNNING, state.word, "an item is not there yet")
    if "script_id" in judge and states[0].phase is Phase.FAILED:
        return states[0]
    return State(Phase.SUCCESS, SUCCESS)


def failed_items(row: TaskFamily, answer: Mapping[str, Any], judge: Mapping[str, str]) -> list[str]:
    """
    Name the items of a successful task that failed, in words; empty where every item is usable.

    An item is usable when it has a URL and no state other than success. In families whose items have a state of their
    own, a success without a usable item is named too; elsewhere an empty list is a valid answer.
    """
    if not row.item_status_key:
        return []
    items = _picked(row, answer, judge)
    bad = [(index, item) for index, item in enumerate(items) if not _usable(row, item)]
    if not items:
        return ["the task succeeded without a single item"]
    return [f"item {item.get(row.item_id_key, index)}: {_reason(item) or 'failed'}" for index, item in bad]


def outputs_of(row: TaskFamily, answer: Mapping[str, Any], judge: Mapping[str, str]) -> list[dict[str, Any]]:
    """
    Return every file of a finished task: ``{name, index, item_id, url, language, duration_ms}``, in document order.

    :param row: Row of the family.
    :param answer: ``result`` of the query.
    :param judge: What decides, from :meth:`TaskFamily.judge`.
    """
    found = []
    for output in row.outputs:
        located = [*_located(row, output, output.path, answer, judge)]
        if not located and output.alternative:
            located = [*_located(row, output, output.alternative, answer, judge)]
        found += [{"name": output.name, "index": index, **entry} for index, entry in enumerate(located)]
    return found


def values_of(row: TaskFamily, answer: Mapping[str, Any], judge: Mapping[str, str]) -> dict[str, Any]:
    """Return the other values that the row names: a scalar, or a list where the path has ``[]``."""
    values = {}
    for name, path in row.values.items():
        located = [value for _, value in _walk(answer, _resolved(row, path, judge)) if value is not None]
        values[name] = located if "[]" in path else (located[0] if located else None)
    return values


def title_of(row: TaskFamily, answer: Mapping[str, Any], judge: Mapping[str, str]) -> str | None:
    """Return the title of the first item that has one."""
    if not row.title_path:
        return None
    titles = (value for _, value in _walk(answer, _resolved(row, row.title_path, judge)) if value)
    title = next(titles, None)
    return None if title is None else str(title)


def cost_of(row: TaskFamily, answer: Mapping[str, Any]) -> float | None:
    """Return the charge of a finished task, in credits; None where the answer does not tell."""
    value = answer.get(row.cost_key or "costCredit")
    try:
        cost = math.nan if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return cost if math.isfinite(cost) else None


def seen_item(row: TaskFamily, answer: Mapping[str, Any], judge: Mapping[str, str]) -> str:
    """
    Return what tells the judged item that is there now from a later one; empty text where there is none.

    That is its etag, else the path of its URL: the signature changes with each query. A failure that stands there is
    marked too, for the next one would look the same.
    """
    for item in _picked(row, answer, judge):
        if _word_state(item.get(row.item_status_key), "").settled:
            return _mark(row, item)
    return FAILED_BEFORE if _parent_state(row, answer).phase is Phase.FAILED else ""


def standing(row: TaskFamily, answer: Mapping[str, Any], judge: Mapping[str, str]) -> str:
    """Return what tells all judged items that are there now from later ones under the same id; no signature in it."""
    return " ".join(sorted(_mark(row, item) for item in _picked(row, answer, judge)))


def under_way(row: TaskFamily, answer: Mapping[str, Any], judge: Mapping[str, str]) -> bool:
    """Tell whether the judged item is being made: a failure that stood there before is gone then."""
    states = [_word_state(item.get(row.item_status_key), "") for item in _picked(row, answer, judge)]
    return any(state.phase is Phase.RUNNING for state in states)


def _parent_state(row: TaskFamily, answer: Mapping[str, Any]) -> State:
    word = next((answer[key] for key in (row.status_key, "status", "taskStatus") if answer.get(key)), None)
    return _word_state(word, _reason(answer))


def _word_state(word: Any, message: str) -> State:
    text = str(word or "").strip().lower()
    if text == SUCCESS:
        return State(Phase.SUCCESS, text)
    if text in FAILURES:
        return State(Phase.FAILED, text, message)
    return State(Phase.RUNNING if text in WAITING else Phase.UNKNOWN, text, message)


def _reason(answer: Mapping[str, Any]) -> str:
    reasons = (answer.get(key) for key in ("errorMsg", "errosMsg", "errorMessage", "errorCode"))
    return next((scrub(str(reason)) for reason in reasons if reason), "")


def _picked(row: TaskFamily, answer: Mapping[str, Any], judge: Mapping[str, str]) -> list[Mapping[str, Any]]:
    found = answer.get(judge.get("items") or row.items_key)
    items = [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
    script_id = judge.get("script_id")
    if script_id is not None:
        items = [item for item in items if str(item.get(row.item_id_key)) == script_id]
    if seen := judge.get("seen"):
        items = [item for item in items if _mark(row, item) != seen]
    return items


def _mark(row: TaskFamily, item: Mapping[str, Any]) -> str:
    if _word_state(item.get(row.item_status_key), "").phase is Phase.FAILED:
        return FAILED_BEFORE
    return str(item.get("videoEtag") or re.sub(r"^\w+://[^/?#]*|[?#].*", "", _item_url(row, item)))


def _item_url(row: TaskFamily, item: Mapping[str, Any]) -> str:
    path = row.outputs[0].path.partition("[].")[2] if row.outputs else ""
    return next((str(value) for _, value in _walk(item, path) if value), "") if path else ""


def _usable(row: TaskFamily, item: Mapping[str, Any]) -> bool:
    state_is_fine = row.item_status_key not in item or _word_state(item[row.item_status_key], "").phase is Phase.SUCCESS
    return state_is_fine and bool(_item_url(row, item))


def _located(
    row: TaskFamily, output: Output, path: str, answer: Mapping[str, Any], judge: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    if path == "**":
        for url in _urls(answer):
            yield {"item_id": None, "url": url, "language": None, "duration_ms": None}
        return
    usable = _picked(row, answer, judge) if "[]" in path and row.item_status_key else None
    for item, url in _walk(answer, _resolved(row, path, judge)):
        if not isinstance(url, str) or not url:
            continue
        if usable is not None and not (any(item is one for one in usable) and _usable(row, item)):
            continue
        item_id = item.get(output.item_id) if output.item_id else None
        yield {
            "item_id": None if item_id is None else str(item_id),
            "url": url,
            "language": item.get(output.language) if output.language else None,
            "duration_ms": _duration(item if "[]" in path else answer, output),
        }


def _duration(around: Mapping[str, Any], output: Output) -> int | None:
    found = next((value for _, value in _walk(around, output.duration)), None) if output.duration else None
    try:
        return None if found is None else round(float(found) * output.duration_ms)
    except (TypeError, ValueError, OverflowError):
        return None


def _resolved(row: TaskFamily, path: str, judge: Mapping[str, str]) -> str:
    return path.replace("{items}", judge.get("items") or row.items_key)


def _walk(around: Any, path: str) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Yield each value at a path such as ``videos[].originVideo.filePath``, with the innermost list item around it."""
    yield from _descend(around, around, path.split(".") if path else [])


def _descend(item: Any, node: Any, parts: Sequence[str]) -> Iterator[tuple[Mapping[str, Any], Any]]:
    if not parts:
        yield item, node
        return
    if not isinstance(node, Mapping):
        return
    head, rest = parts[0], parts[1:]
    name, bracket, which = head.partition("[")
    child = node.get(name)
    if not bracket:
        if child is not None:
            yield from _descend(item, child, rest)
        return
    entries = child if isinstance(child, list) else []
    for entry in entries[:1] if which == "0]" else entries:
        yield from _descend(entry, entry, rest)


def _urls(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        if node.startswith(("http://", "https://")):
            yield node
    elif isinstance(node, Mapping):
        for child in node.values():
            yield from _urls(child)
    elif isinstance(node, list):
        for child in node:
            yield from _urls(child)
