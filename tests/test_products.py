"""Products to map over: read from files and queries, and everything that is wrong with them, with its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath
from fsspec.implementations.memory import MemoryFileSystem

from tests.contract.running import new_context
from tests.files import attached
from topview_provider import tables
from topview_provider.exceptions import TopviewInvalidRequest
from topview_provider.operators.batch import TopviewProductsOperator

COLUMNS = ["link", "name", "language"]
LAMP = {"link": "https://a/lamp", "name": "Lamp", "language": "en"}
MUG = {"link": "https://a/mug", "name": None, "language": None}


def read(source: Any, **words: Any) -> Any:
    """Run the operator, as a rendered template leaves it."""
    given = {"columns": COLUMNS, "required": ["link"], **words}
    return TopviewProductsOperator(task_id="products", source=source, **given).execute(new_context())


def file(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "link,name,language\nhttps://a/lamp,Lamp,en\nhttps://a/mug,,\n"),
        ("a.csv", "\ufefflink;name;language\r\nhttps://a/lamp; Lamp ;en\r\n\r\nhttps://a/mug;;\r\n"),
        ("a.CSV", "link\tname\tlanguage\nhttps://a/lamp\tLamp\ten\nhttps://a/mug\t\t"),
        ("a.jsonl", f"{json.dumps(LAMP)}\n\n" + '{"link": "https://a/mug"}\n'),
        ("a.ndjson", f"{json.dumps(LAMP)}\n{json.dumps(MUG)}"),
        ("a.json", json.dumps([LAMP, {"link": "https://a/mug", "name": " "}])),
    ],
)
def test_a_file_is_read_by_its_suffix_and_every_product_has_every_column(
    name: str, content: str, tmp_path: Path
) -> None:
    assert read(file(tmp_path, name, content)) == [LAMP, MUG]


def test_a_quoted_field_may_hold_what_parts_columns_and_lines(tmp_path: Path) -> None:
    found = read(file(tmp_path, "a.csv", 'link,name\nl1,"Lamp, ""big""\nand red"\nl2,x\n'))
    assert [row["name"] for row in found] == ['Lamp, "big"\nand red', "x"]


@pytest.fixture
def storage() -> Iterator[str]:
    """A place in an object storage that lives in memory."""
    yield from attached(MemoryFileSystem(skip_instance_cache=True))


def test_products_come_from_any_object_storage(storage: str) -> None:
    path = ObjectStoragePath(f"{storage}/products.csv")
    with path.open("wb") as opened:
        opened.write(b"link\nl1\n")
    assert [row["link"] for row in read(str(path))] == ["l1"]


def test_the_rows_of_a_query_are_taken_as_they_come_and_become_json() -> None:
    rows = [{"link": "l1", "name": Decimal("1.50")}, {"link": "l2", "name": date(2026, 1, 2)}]
    assert [row["name"] for row in read(rows)] == ["1.50", "2026-01-02"]


def test_a_query_that_finds_nothing_leaves_nothing_to_do() -> None:
    assert read([], languages=["en"]) == []


def test_each_product_is_made_in_each_language_unless_it_has_one_of_its_own() -> None:
    rows = [{"link": "l1", "language": None}, {"link": "l2", "language": "fr"}]
    found = read(rows, languages="['en', 'de']")
    assert [(row["link"], row["language"]) for row in found] == [("l1", "en"), ("l1", "de"), ("l2", "fr")]


def test_what_is_read_can_be_mapped_over(tmp_path: Path) -> None:
    json.dumps(read(file(tmp_path, "a.json", '[{"link": "l", "name": ["a", {"b": 1}]}]')))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "", "there is no product in it"),
        ("a.csv", "link,name\n", "there is no product in it"),
        ("a.jsonl", "\n", "there is no product in it"),
        ("a.json", "", "there is no product in it"),
        ("a.csv", "lnik\nl1\n", "line 2: column 'lnik' is not known (did you mean 'link'?); known are link, name, la"),
        ("a.csv", "name\nLamp\n", "there is no column 'link'"),
        ("a.csv", "link,name\nl1,Lamp\n,Mug\n", "line 3: link is empty"),
        ("a.csv", "link,name\nl1,Lamp,red\n", "line 2: has 3 columns, the header has 2"),
        ("a.csv", "link,,name\nl1,x,y\n", "line 1: column 2 has no name"),
        ("a.csv", "link,link\nl1,l1\n", "line 1: two columns are called 'link'"),
        ("a.csv", 'link\n"l1\n', "line 2: is no CSV"),
        ("a.csv", b"link,name\nl1,Lamp\nl2,L\xe4mp\n", "line 3: is no UTF-8 text; save the file as UTF-8"),
        ("a.csv", "link,name\nl1,Lamp\nl2,x\nl1,Lamp\n", "line 2 and line 4 are the same product"),
        ("a.jsonl", '{"link": "l1"}\n{"link": \n', "line 2: is no JSON"),
        ("a.jsonl", '{"link": "l1"}\n["l2"]\n', 'line 2: must have names and values, not ["l2"]'),
        ("a.json", '{"link": "l1"}', 'must be a list of rows, not {"link": "l1"}'),
        ("a.json", '[{"link": "l1"}, "l2"]', 'row 2: must have names and values, not "l2"'),
        ("a.json", "[", "is no JSON"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(name: str, content: str | bytes, said: str, tmp_path: Path) -> None:
    path = file(tmp_path, name, content)
    with pytest.raises(TopviewInvalidRequest) as caught:
        read(path)
    assert str(caught.value).startswith(f"source: '{path}' cannot be mapped over: ")
    assert said in str(caught.value)


def test_everything_that_is_wrong_is_said_at_once_but_not_for_ever(tmp_path: Path) -> None:
    path = file(tmp_path, "a.csv", "link,colour\n" + "".join(f",{number}\n" for number in range(30)))
    with pytest.raises(TopviewInvalidRequest) as caught:
        read(path)
    text = str(caught.value)
    assert "column 'colour' is not known" in text
    assert "line 2: link is empty; line 3: link is empty" in text
    assert text.endswith("; and 21 more")


@pytest.mark.parametrize(
    ("name", "content", "problems"),
    [
        (
            "a.csv",
            'link,name\nl1,Lamp,red\nl2\n,Mug\n"l4"x,Pen\nl5,Cup\nl5,Cup\n',
            [
                "line 2: has 3 columns, the header has 2",
                "line 3: has 1 columns, the header has 2",
                "line 5: is no CSV: ",
                "line 4: link is empty",
                "line 6 and line 7 are the same product",
            ],
        ),
        (
            "a.csv",
            "link,,link,\nl1,x,y,z\n",
            ["line 1: column 2 has no name", "line 1: two columns are called 'link'", "line 1: column 4 has no name"],
        ),
        ("a.csv", '"link"x,name\nl1,Lamp\nl2,Mug\n', ["line 1: is no CSV: "]),
        (
            "a.jsonl",
            '{"link": \n["l2"]\n{"link": "l3", "nmae": "Lamp"}\n{"link": ""}\n',
            [
                "line 1: is no JSON: ",
                'line 2: must have names and values, not ["l2"]',
                "line 3: column 'nmae' is not known",
                "line 4: link is empty",
            ],
        ),
        (
            "a.json",
            '["l1", {"name": "Lamp"}, 2]',
            [
                'row 1: must have names and values, not "l1"',
                "row 3: must have names and values, not 2",
                "there is no column 'link'",
            ],
        ),
    ],
)
def test_every_line_is_looked_at_whatever_is_wrong_with_the_others(
    name: str, content: str, problems: list[str], tmp_path: Path
) -> None:
    with pytest.raises(TopviewInvalidRequest) as caught:
        read(file(tmp_path, name, content))
    said = str(caught.value).partition("cannot be mapped over: ")[2].split("; ")
    found = [one for one in said if not one.startswith("known are ")]
    assert [one[: len(wanted)] for one, wanted in zip(found, problems, strict=True)] == problems


def test_many_lines_that_cannot_be_read_are_ten_and_a_number(tmp_path: Path) -> None:
    with pytest.raises(TopviewInvalidRequest) as caught:
        read(file(tmp_path, "a.csv", "link,name\n" + "l,Lamp,red\n" * 25))
    text = str(caught.value)
    assert "line 2: has 3 columns" in text
    assert "line 11: has 3 columns" in text
    assert "line 12" not in text
    assert text.endswith("; and 15 more")


def test_products_whose_column_has_a_wrong_name_are_not_said_to_be_the_same() -> None:
    with pytest.raises(TopviewInvalidRequest, match="column 'lnik' is not known") as caught:
        read([{"lnik": "l1"}, {"lnik": "l2"}])
    assert "same product" not in str(caught.value)


def test_a_product_twice_in_a_language_is_found_where_one_names_it_itself() -> None:
    with pytest.raises(TopviewInvalidRequest, match="row 1 and row 2 are the same product"):
        read([{"link": "l1"}, {"link": "l1", "language": "de"}], languages=["en", "de"])


def test_more_products_than_airflow_maps_over_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", "3")
    rows = [{"link": str(number)} for number in range(2)]
    assert len(read(rows)) == 2
    with pytest.raises(TopviewInvalidRequest, match=r"4 products are more than the 3 .*max_map_length"):
        read(rows, languages=["en", "de"])


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
def test_what_is_written_is_read_again(kind: str) -> None:
    rows = [{"link": "l1", "name": 'a "b", c\nd'}, {"link": "ä", "name": None}]
    assert [row for _, row in tables.read(tables.write(rows, kind), kind)[0]] == rows


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
def test_no_rows_are_written_as_a_file_without_rows(kind: str) -> None:
    assert tables.read(tables.write([], kind), kind) == ([], [])
