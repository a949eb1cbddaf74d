"""List how a row differs from the reference, key by key, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from topview_provider.catalog import Field, Listing, Row, TaskFamily
from topview_provider.catalog.nouns import NOTICE_URL

RANGE = re.compile(r"(?<![\w.=])(\d+(?:\.\d+)?) to (\d+(?:\.\d+)?)(?! s\b| min)")
SHARED = {NOTICE_URL.wire}
"""What every task takes, whether its page says so or not."""


def differences(entry: dict[str, Any], row: Row) -> list[str]:
    """Return every difference between an entry of the reference and a row, except those that the row explains."""
    found = [*_common(entry, row), *_fields(entry, row), *_answer(entry, row)]
    if isinstance(row, TaskFamily):
        found += [*_task(entry, row), *_outputs(entry, row)]
    else:
        found += [*_listing(entry, row)]
    return [f"{entry['family']}: {text}" for text in found]


def _differs(what: str, wanted: Any, is_: Any) -> Iterator[str]:
    if wanted != is_:
        yield f"{what} is {is_!r}, the reference has {wanted!r}"


def _common(entry: dict[str, Any], row: Row) -> Iterator[str]:
    yield from _differs("title", entry["title"], row.title)
    yield from _differs("one_of", [list(group) for group in entry["one_of"]], [list(group) for group in row.one_of])
    yield from _differs("certainty", entry["certainty"], row.certainty)
    yield from _differs("path_uncertain", entry["path_uncertain"], row.path_uncertain)
    yield from _differs("alternatives", entry["alt_paths"], list(row.alternatives))
    yield from _differs("docs", entry["doc"], list(row.docs))


def _task(entry: dict[str, Any], row: TaskFamily) -> Iterator[str]:
    yield from _differs("submit", ["POST", entry["submit_path"]], [entry["method"], row.submit])
    yield from _differs("query", ["GET", entry["query_path"]], [entry["query_method"], row.query])
    names = [field["name"] for field in entry["query_request"]]
    yield from _differs("query parameters", names, [row.task_id_key, "needCloudFrontUrl"])
    for key, is_ in (
        ("status_key", row.status_key),
        ("task_id_key", row.task_id_key),
        ("items_key", row.items_key or None),
        ("item_status_key", row.item_status_key or None),
        ("cost_field", row.cost_key or None),
        ("submit_status", row.submit_status),
        ("biz_type", row.callback or None),
        ("poll_interval_s", row.poll_seconds),
        ("advised_timeout_s", row.timeout_seconds),
        ("price", row.price),
    ):
        yield from _differs(key, entry[key], is_)
    if row.cost_key and entry["cost_type"]:
        yield from _differs("cost_type", entry["cost_type"], row.cost_type)
    other = entry["items_key_alt"]
    wanted_other = next(iter(other.values())) if isinstance(other, dict) else None
    yield from _differs("items_key_alt", wanted_other, row.preview_items_key or None)


def _listing(entry: dict[str, Any], row: Row) -> Iterator[str]:
    assert isinstance(row, Listing)
    yield from _differs("path", [entry["method"], entry["submit_path"]], [row.method, row.path])
    yield from _differs("action", entry["kind"] == "action", row.action)
    yield from _differs("items_key", entry["items_key"], row.items_key or None)


def _fields(entry: dict[str, Any], row: Row) -> Iterator[str]:
    wanted = {field["name"]: field for field in entry["request"] if field["name"] not in SHARED or _listed(row)}
    ours = dict(_flat(row.fields))
    yield from _differs("fields", sorted(wanted), sorted(ours))
    for name in wanted.keys() & ours.keys():
        if ours[name].deviation:
            continue
        for text in _field(wanted[name], ours[name]):
            yield f"field {name}: {text}"


def _listed(row: Row) -> bool:
    return isinstance(row, Listing)


def _flat(fields: tuple[Field, ...], prefix: str = "") -> Iterator[tuple[str, Field]]:
    for field in fields:
        yield prefix + field.wire, field
        inner = f"{prefix}{field.wire}{'[]' if field.type.startswith('array') else ''}."
        yield from _flat(field.children, inner)


def _field(wanted: dict[str, Any], field: Field) -> Iterator[str]:
    yield from _differs("type", wanted["type"], field.type)
    yield from _differs("required", wanted["required"], field.required)
    yield from _differs("choices", wanted.get("enum") or [], list(field.choices))
    yield from _differs("default", wanted.get("default"), field.default)
    yield from _differs("max", wanted.get("max"), field.max_length)
    yield from _differs("certainty", wanted["certainty"], field.certainty)
    conditions = [{key: list(values)} for key, values in (wanted.get("required_when") or {}).items()]
    ours = [{key: list(values) for key, values in condition.items()} for condition in field.required_when]
    if conditions:
        yield from _differs("required_when", conditions, ours)
    elif ours and "required" not in wanted.get("rule", ""):
        yield f"required_when is {ours!r}, the reference has none"
    if not conditions and "required w" in wanted.get("rule", "") and not ours:
        yield f"required_when is missing for the rule {wanted['rule']!r}"
    bounds = RANGE.search(wanted.get("rule", ""))
    if bounds and field.type in ("integer", "number", "string|integer") and not field.choices:
        yield from _differs("range", [float(bounds[1]), float(bounds[2])], [field.minimum, field.maximum])


def _answer(entry: dict[str, Any], row: Row) -> Iterator[str]:
    for item in entry["result"]:
        name, kind = item["name"], item["type"]
        if name == "(pictures)":
            continue
        inside = [path for path in row.answer if path.startswith(f"{name}.")]
        if name not in row.answer and not inside:
            yield f"answer has no {name!r}"
        elif name in row.answer:
            yield from _differs(f"answer {name!r}", kind, row.answer[name])


def _outputs(entry: dict[str, Any], row: TaskFamily) -> Iterator[str]:
    paths = {path for output in row.outputs for path in (output.path, output.alternative)}
    lists = [key for key in (row.items_key, row.preview_items_key) if key]
    ours = {path.replace("{items}", name) for path in paths for name in lists or [""] if path}
    generic = "(any http URL inside result)"
    wanted = {"**" if path == generic else path for path in entry["output_urls"]}
    if missing := sorted(wanted - ours):
        yield f"outputs lack {missing}"
    listed = {*row.answer, "**"}
    if unknown := sorted(
        path for path in ours - wanted if path not in listed and path.split(".")[0] not in _roots(row)
    ):
        yield f"outputs that no answer has: {unknown}"


def _roots(row: TaskFamily) -> set[str]:
    return {path.split(".")[0] for path in row.answer}
