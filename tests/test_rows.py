"""Every row of the table is well-formed: a slip in it would otherwise be shared by client and stand-in."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from itertools import pairwise

import pytest

from topview_provider import catalog
from topview_provider.catalog import FAMILIES, LISTINGS, Field, Listing, Row, TaskFamily
from topview_provider.catalog.check import fields_of
from topview_provider.catalog.fields import CONVERTERS, FieldError

ROOMS = [room.name for room in pkgutil.iter_modules(catalog.__path__)]
ALL = [*FAMILIES.values(), *LISTINGS.values()]
every_row = pytest.mark.parametrize("row", ALL, ids=lambda row: row.name)
every_family = pytest.mark.parametrize("row", FAMILIES.values(), ids=lambda row: row.name)
every_listing = pytest.mark.parametrize("row", LISTINGS.values(), ids=lambda row: row.name)

AIRFLOW_S_OWN = {"task_id", "timeout", "pool", "queue", "retries", "params", "owner", "trigger_rule", "start_date"}


def paths_of(row: TaskFamily) -> list[str]:
    """Every answer path that a family's row names, with the lists it may judge put in."""
    named = [output.path for output in row.outputs]
    named += [*row.values.values(), row.title_path, row.cost_key]
    lists = [key for key in (row.items_key, row.preview_items_key) if key] or [""]
    return sorted({path.replace("{items}", key) for path in named if path not in ("", "**") for key in lists})


def test_no_name_stands_twice() -> None:
    assert not set(FAMILIES) & set(LISTINGS)
    assert all(row.name == name for name, row in [*FAMILIES.items(), *LISTINGS.items()])


def test_every_row_of_a_room_stands_in_the_table() -> None:
    modules = [importlib.import_module(f"{catalog.__name__}.{room}") for room in ROOMS]
    rows = [item for module in modules for item in vars(module).values() if isinstance(item, Row)]
    assert {row.name for row in rows} == {*FAMILIES, *LISTINGS}
    assert len({id(row) for row in rows}) == len(ALL)


SHARED = {"voice": {"video"}, "product": {"avatar"}}
"""Rooms of the table that take something from another one."""


@every_row
def test_asking_for_a_row_loads_its_room_and_no_other(row: Row) -> None:
    look_up = "family" if isinstance(row, TaskFamily) else "listing"
    program = (
        "import sys; from topview_provider import catalog\n"
        f"print(catalog.{look_up}({row.name!r}).title)\n"
        "print(*(name.rpartition('.')[2] for name in sys.modules if name.startswith('topview_provider.catalog.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    title, loaded = done.stdout.splitlines()
    room = next(room for room in ROOMS if row in vars(importlib.import_module(f"{catalog.__name__}.{room}")).values())
    assert title == row.title
    assert set(loaded.split()) == {"fields", "nouns", room} | SHARED.get(room, set())


@every_row
def test_the_names_of_a_row_are_unique_on_both_sides(row: Row) -> None:
    for names in ([field.wire for field in fields_of(row)], [field.name for field in fields_of(row)]):
        assert len(set(names)) == len(names)


@every_row
def test_a_python_name_is_a_name_and_not_one_of_airflow_s(row: Row) -> None:
    names = {field.name for field in fields_of(row) if field.type != "bytes"}

    assert all(name.isidentifier() and name == name.lower() for name in names)
    assert not names & AIRFLOW_S_OWN


@every_row
def test_a_row_says_what_it_is_and_where_it_was_read(row: Row) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", row.name)
    assert row.title
    assert row.docs
    assert row.certainty in set("DVCI?")


@every_row
def test_every_field_has_a_type_that_can_be_converted(row: Row) -> None:
    for field in fields_of(row):
        for each in (field, *field.children):
            element = each.type[6:-1] if each.type.startswith("array") else each.type
            assert element in CONVERTERS or element in ("", "bytes"), f"{each.wire}: {each.type}"
            assert each.certainty in set("DVCI?")


@every_row
def test_defaults_and_choices_fit_their_own_field(row: Row) -> None:
    for field in fields_of(row):
        for value in (*field.choices, *([] if field.default in (None, "") else [field.default])):
            assert fits(field, value), f"{field.wire}: {value!r}"
        assert not field.send_default or field.default not in (None, "")


def fits(field: Field, value: object) -> bool:
    try:
        field.to_wire([value] if field.type.startswith("array") and not isinstance(value, list) else value)
    except FieldError:
        return False
    return True


@every_row
def test_groups_and_conditions_name_fields_of_the_same_row(row: Row) -> None:
    known = {field.wire for field in fields_of(row)}

    assert {wire for group in row.one_of for wire in group} <= known
    for field in fields_of(row):
        for condition in field.required_when:
            assert set(condition) <= known - {field.wire}
            for wire, values in condition.items():
                other = row.field_of(wire)
                allowed = {str(choice) for choice in other.choices} if other and other.choices else set(values)
                assert set(values) - {""} <= allowed | {"true", "false"}


@every_family
def test_the_paths_of_a_family_start_with_a_slash_and_hold_nothing_else(row: TaskFamily) -> None:
    for path in (row.submit, row.query):
        assert re.fullmatch(r"(/[A-Za-z0-9_-]+)+", path), path


@every_listing
def test_the_path_of_a_list_starts_with_a_slash_or_is_given_by_an_answer(row: Listing) -> None:
    assert re.fullmatch(r"(/[A-Za-z0-9_-]+)+", row.path) or row.path == "{uploadUrl}"
    assert row.method in ("GET", "POST", "PUT", "DELETE")
    assert row.method == "GET" or row.action


def _occurs(path: str, row: TaskFamily) -> bool:
    """Tell whether the answer has a path, or things below it."""
    return path in row.answer or any(other.startswith((f"{path}.", f"{path}[]")) for other in row.answer)


@every_family
def test_what_a_family_takes_from_an_answer_occurs_in_the_answer(row: TaskFamily) -> None:
    assert [path for path in paths_of(row) if not _occurs(path.replace("[0]", "[]"), row)] == []
    assert row.status_key in row.answer
    for key in filter(None, (row.items_key, row.preview_items_key)):
        items = {path.removeprefix(f"{key}[].") for path in row.answer if path.startswith(f"{key}[].")}
        assert items, f"{row.name}: no {key} in the answer"
        assert {key for key in (row.item_status_key, row.item_id_key) if key} <= items


@every_family
def test_an_output_s_item_keys_stand_beside_its_url(row: TaskFamily) -> None:
    for output in row.outputs:
        around = output.path.replace("{items}", row.items_key).rpartition("[].")[0]
        for key in filter(None, (output.item_id, output.language, output.duration)):
            assert (f"{around}[].{key}" if around else key) in row.answer, f"{row.name}.{output.name}: {key}"


@every_family
def test_the_outputs_and_values_of_a_family_have_different_names(row: TaskFamily) -> None:
    outputs = [output.name for output in row.outputs]

    assert len(set(outputs)) == len(outputs)
    assert not set(row.values) & {f"{name}_url{s}" for name in outputs for s in ("", "s")}
    assert not set(row.values) & {"topview_task_id", "cost_credit", "topview", "raw"}


@every_family
def test_the_times_of_a_family_are_in_order(row: TaskFamily) -> None:
    times = [0, row.poll_seconds, row.expected_seconds, row.timeout_seconds]

    assert all(sooner < later for sooner, later in pairwise(times)), times
    assert row.charge >= 0


@every_family
def test_a_list_that_shows_how_tasks_stand_shows_id_and_state_and_takes_what_narrows_it(row: TaskFamily) -> None:
    if row.sight is None:
        return
    listing, answer = LISTINGS[row.sight.listing], row.answer
    assert listing.paged
    assert {f"{listing.items_key}[].taskId", f"{listing.items_key}[].status"} <= set(listing.answer)
    assert set(row.sight.filters) <= {field.wire for field in listing.fields} & set(answer)
    assert row.task_id_key == "taskId"
    for name, value in row.sight.order.items():
        assert any(field.name == name and value in field.choices for field in listing.fields)


def test_a_second_step_under_the_id_of_the_first_is_in_no_list_of_its_own() -> None:
    assert [row.name for row in FAMILIES.values() if row.sight] == ["marketing_video", "photo_avatar"]
    assert not any(row.sight for row in FAMILIES.values() if row.continues)


@every_listing
def test_the_items_of_a_list_occur_in_its_answer(row: Listing) -> None:
    if row.items_key:
        assert any(path.startswith(f"{row.items_key}[]") for path in row.answer)
    assert not row.paged or {"pageNo", "pageSize"} <= {field.wire for field in row.fields}
    items = {path.rpartition("[].")[2] for path in row.answer}
    assert set(row.columns) | set(row.drop) <= items


@every_family
def test_a_second_step_goes_on_from_a_family_that_exists(row: TaskFamily) -> None:
    if row.continues:
        assert any(row.name.startswith(f"{first}_") for first in FAMILIES if first != row.name)
