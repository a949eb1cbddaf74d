"""The table is held against an independent copy of TopView's reference; every kind of slip in it is found."""

from __future__ import annotations

import dataclasses
import importlib
import json
from typing import Any

import pytest

from tests.reference import ENTRIES, FIRST
from tests.reference.compare import differences
from topview_provider import results, wire
from topview_provider.catalog import FAMILIES, LISTINGS, Row, TaskFamily
from topview_provider.catalog.check import build
from topview_provider.hooks import requesting
from topview_provider.provider_info import get_provider_info

ROWS: dict[str, Row] = {**FAMILIES, **LISTINGS}
UPLOADS = {"upload_credential", "upload_file", "upload_check"}
LATER = (
    "credit_detail", "credit_logs", "user_space", "marketing_video_task_list",
    "board_list", "board_task_list", "board_task_detail",
)  # fmt: skip
"""What is covered of the newer documentation."""
LISTS = [name for name, row in LISTINGS.items() if not (row.action or row.single)]


def classes() -> dict[str, type]:
    """Return every operator and sensor by its name."""
    info = get_provider_info()
    modules = [name for kind in ("operators", "sensors") for entry in info[kind] for name in entry["python-modules"]]
    return {name: cls for module in modules for name, cls in vars(importlib.import_module(module)).items()}


def camel(name: str) -> str:
    """Return the class name part of a family."""
    return "".join(word.capitalize() for word in name.split("_"))


def test_the_reference_is_whole() -> None:
    assert len(ENTRIES) == 73
    assert len(FIRST) == 37


@pytest.mark.parametrize("name", FIRST)
def test_every_entry_of_2025_has_its_row_operator_and_sensor(name: str) -> None:
    found = classes()
    assert name in (FAMILIES if FIRST[name]["kind"] == "task" else LISTINGS)
    operator = "TopviewUploadOperator" if name in UPLOADS else f"Topview{camel(name)}Operator"
    assert operator in found
    if FIRST[name]["kind"] == "task":
        assert f"Topview{camel(name)}Sensor" in found


def test_of_the_newer_entries_exactly_these_have_a_row_and_an_operator() -> None:
    assert {*ROWS} - {*FIRST} == {*LATER}
    assert {f"Topview{camel(name)}Operator" for name in LATER} <= {*classes()}
    assert {ENTRIES[name]["kind"] for name in LATER} == {"list"}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_says_what_the_reference_says(name: str) -> None:
    assert differences(ENTRIES[name], ROWS[name]) == []


@pytest.mark.parametrize("name", FAMILIES)
def test_the_example_of_the_reference_is_sent_to_the_letter(name: str) -> None:
    row = FAMILIES[name]
    request = ENTRIES[name]["example"]["request"]
    arguments = {field.name: request.get(field.wire) for field in row.body_fields}
    body, problems = build(row, arguments)
    assert problems == []
    assert body == request


@pytest.mark.parametrize("name", LATER)
def test_the_example_call_of_a_newer_list_is_made_to_the_letter(name: str) -> None:
    row, request = LISTINGS[name], ENTRIES[name]["example"]["request"]
    assert build(row, {field.name: request.get(field.wire) for field in row.fields}) == (request, [])


@pytest.mark.parametrize("name", LISTS)
def test_the_example_answer_of_a_list_is_read_in_every_form(name: str) -> None:
    row, result = LISTINGS[name], ENTRIES[name]["example"]["response"]["result"]
    items = result if isinstance(result, list) else result[row.items_key] if row.items_key else [result]
    wanted = [requesting.without(item, row.drop) for item in items]
    assert wanted
    for form in (result, items, *({"total": len(items), key: items} for key in ("data", "list"))):
        assert requesting.items_in(row, form) == wanted


@pytest.mark.parametrize("name", FAMILIES)
def test_the_example_answers_yield_id_outcome_urls_and_cost(name: str) -> None:
    row, example = FAMILIES[name], ENTRIES[name]["example"]
    submit = wire.Call("POST", row.submit, submits=True)
    accepted = wire.interpret(submit, 200, {}, json.dumps(example["submit_response"]).encode())
    assert wire.accepted_id(submit, accepted, row.task_id_key) == example["submit_response"]["result"]["taskId"]
    answer = wire.interpret(wire.Call("GET", row.query), 200, {}, json.dumps(example["response"]).encode())
    judge = row.judge(example["request"])
    assert results.state_of(row, answer, judge).phase is results.Phase.SUCCESS
    assert results.failed_items(row, answer, judge) == []
    urls = [entry["url"] for entry in results.outputs_of(row, answer, judge)]
    assert sorted(urls) == sorted(_expected(answer, row, judge))
    cost = answer.get(ENTRIES[name]["cost_field"] or "costCredit")
    assert results.cost_of(row, answer) == (None if cost is None else float(cost))


def _expected(answer: Any, row: TaskFamily, judge: dict[str, str]) -> list[str]:
    """Return the URLs that a person finds in the example at the places the reference names."""
    if "(any http URL inside result)" in ENTRIES[row.name]["output_urls"]:
        return [url for url in _texts(answer) if url.startswith("http")]
    found = []
    for path in ENTRIES[row.name]["output_urls"]:
        list_name = path.partition("[]")[0]
        if judge and list_name in (row.items_key, row.preview_items_key) and list_name != judge["items"]:
            continue
        nodes = [answer]
        for part in path.split("."):
            nodes = [node.get(part.removesuffix("[]")) for node in nodes if node]
            if part.endswith("[]"):
                nodes = [item for node in nodes for item in node or []]
        found += [node for node in nodes if node]
    return found


def _texts(node: Any) -> list[str]:
    if isinstance(node, dict | list):
        return [text for child in (node.values() if isinstance(node, dict) else node) for text in _texts(child)]
    return [node] if isinstance(node, str) else []


SLIPS: dict[str, dict[str, Any]] = {
    "a wire name": {"row": "scraper", "fields": lambda row: (dataclasses.replace(row.fields[0], wire="product_link"),)},
    "a type": {"row": "scraper", "fields": lambda row: (dataclasses.replace(row.fields[0], type="integer"),)},
    "a missing field": {"row": "marketing_video", "fields": lambda row: row.fields[1:]},
    "a choice": {
        "row": "image_to_video_v1",
        "fields": lambda row: tuple(
            dataclasses.replace(field, choices=("lite",)) if field.wire == "mode" else field for field in row.fields
        ),
    },
    "a range": {
        "row": "image_to_video_v1",
        "fields": lambda row: tuple(
            dataclasses.replace(field, maximum=5) if field.wire == "generatingCount" else field for field in row.fields
        ),
    },
    "a condition": {
        "row": "photo_avatar",
        "fields": lambda row: tuple(dataclasses.replace(field, required_when=()) for field in row.fields),
    },
    "a required flag": {"row": "scraper", "fields": lambda row: (dataclasses.replace(row.fields[0], required=False),)},
    "a default": {
        "row": "marketing_video_export",
        "fields": lambda row: (row.fields[0], dataclasses.replace(row.fields[1], default="1")),
    },
    "a one-of group": {"row": "marketing_video", "one_of": lambda row: ()},
    "the submit path": {"row": "image_to_video_v1", "submit": lambda row: row.submit.replace("2video", "2Video")},
    "the query path": {"row": "image_to_video_v1", "query": lambda row: row.query.replace("result", "query")},
    "the status key": {"row": "product_avatar_v1_video", "status_key": lambda row: "status"},
    "the items key": {"row": "product_avatar_v1_replace_image", "items_key": lambda row: "replaceProductResult"},
    "the state of an item": {"row": "image_translate_batch", "item_status_key": lambda row: ""},
    "an output": {
        "row": "photo_avatar",
        "outputs": lambda row: tuple(dataclasses.replace(output, path="videoUrl") for output in row.outputs),
    },
    "the cost field": {"row": "photo_avatar", "cost_key": lambda row: "cost"},
    "the type of the cost": {"row": "image_translate_batch", "cost_type": lambda row: "number"},
    "the state of a submit": {"row": "scraper", "submit_status": lambda row: "init"},
    "a field of the answer": {"row": "scraper", "answer": lambda row: {"taskId": "string"}},
    "the key of the items of a list": {"row": "board_task_list", "items_key": lambda row: "data"},
    "the input that a board shows": {
        "row": "board_task_detail",
        "answer": lambda row: {path: kind for path, kind in row.answer.items() if path != "parameters"},
    },
    "the path of a list": {"row": "voice_list", "path": lambda row: "/v1/voice/list"},
    "the method of an action": {"row": "custom_voice_delete", "method": lambda row: "POST"},
    "the uncertainty of a path": {"row": "anyshoot_v2_product_model", "path_uncertain": lambda row: False},
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_the_table_is_found(slip: str) -> None:
    changes = dict(SLIPS[slip])
    row = ROWS[changes.pop("row")]
    wrong = dataclasses.replace(row, **{name: change(row) for name, change in changes.items()})
    assert wrong != row
    assert differences(ENTRIES[row.name], wrong) != []
