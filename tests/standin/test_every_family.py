"""What holds for each task family of the catalog."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from topview_provider.catalog import FAMILIES, TaskFamily
from topview_provider.catalog.fields import snake_case
from topview_provider.standin.server import StandIn

from .client import Client

PLENTY = 1_000_000
ROWS = [pytest.param(row, id=name) for name, row in FAMILIES.items()]
every_family = pytest.mark.parametrize("row", ROWS)

HEADS = {
    "mp4": lambda data: data[4:8] == b"ftyp",
    "jpg": lambda data: data[:3] == b"\xff\xd8\xff",
    "png": lambda data: data[:8] == b"\x89PNG\r\n\x1a\n",
    "mp3": lambda data: data[:3] == b"ID3" or data[0] == 0xFF,
    "zip": lambda data: data[:2] == b"PK",
}
TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}
MAY_BE_NULL = ("boardId", "boardTaskId", "inputVideoFileId", "inputAudioFileId", "previewVideos", "exportVideos")


@pytest.fixture(scope="module")
def shared() -> Iterator[Client]:
    """A client for tests that neither count nor break anything."""
    with StandIn(seconds=0, credits=PLENTY) as service:
        yield Client(service)


def urls_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from urls_in(inner)
    elif isinstance(value, str) and value.startswith("http"):
        yield value


def at(value: Any, path: str) -> list[Any]:
    found = [value]
    for part in path.replace("[]", ".[]").split("."):
        if part == "[]":
            found = [inner for outer in found if outer for inner in outer]
        else:
            found = [inner[part] for inner in found if isinstance(inner, dict) and part in inner]
    return found


def _own_state(row: TaskFamily) -> bool:
    """Whether the task itself walks; of an export only the item does, see test_marketing.py."""
    return not (row.item_id_key and row.continues)


@pytest.mark.parametrize("row", [param for param in ROWS if _own_state(param.values[0])])
def test_a_task_walks_from_init_over_running_to_success(row: TaskFamily, run: Callable[..., Client]) -> None:
    client = run(seconds=600)
    task_id = client.submit(row)
    assert client.state(row, task_id) == "init"
    client.service.advance(250)
    assert client.state(row, task_id) == "running"
    client.service.advance(750)
    assert [client.state(row, task_id) for _ in range(2)] == ["success", "success"]


@every_family
def test_the_submit_answer_says_accepted_and_gives_an_id(row: TaskFamily, shared: Client) -> None:
    result = shared.post(row.submit, shared.sample(row))["result"]
    assert re.fullmatch("[0-9a-f]{32}", result[row.task_id_key])
    assert result["status"] == row.submit_status
    assert "noticeUuid" not in result


@every_family
def test_a_finished_task_answers_every_field_of_its_row_with_the_right_type(row: TaskFamily, shared: Client) -> None:
    result = shared.query(row, shared.submit(row))
    for path, kind in row.answer.items():
        if path.startswith("("):
            continue
        values = at(result, path.removesuffix("[]"))
        assert values or any(null in path for null in MAY_BE_NULL), f"{path} is missing"
        for value in values:
            if value is None:
                known = path.rpartition(".")[2] in MAY_BE_NULL or path.startswith(MAY_BE_NULL)
                assert known or "null" in kind, f"{path} is null"
            elif (name := kind.partition("[")[0].partition("|")[0]) in TYPES:
                assert isinstance(value, list if path.endswith("[]") else TYPES[name]), f"{path}: {value!r}"


@every_family
def test_every_output_of_a_finished_task_is_a_file_that_can_be_played(row: TaskFamily, shared: Client) -> None:
    result = shared.query(row, shared.submit(row))
    items = row.judge({"preview": "false"}).get("items", row.items_key)
    for output in row.outputs:
        urls = list(urls_in(result)) if output.path == "**" else at(result, output.path.replace("{items}", items))
        assert urls, output.path
        for url in urls:
            answer = shared.download(url)
            suffix = url.partition("?")[0].rpartition(".")[2]
            assert answer.status_code == 200
            assert HEADS[suffix](answer.content), url
            assert 20_000 <= len(answer.content) == int(answer.headers["Content-Length"])


@every_family
def test_a_video_output_is_a_video_and_a_voice_is_sound(row: TaskFamily, shared: Client) -> None:
    result = shared.query(row, shared.submit(row))
    wanted = {"video": "video/mp4", "audio": "audio/mpeg", "cover": "image/jpeg", "mask": "image/png"}
    for output in row.outputs:
        path = output.path.replace("{items}", "exportVideos")
        for url in at(result, path) if output.name in wanted and path != "**" else ():
            assert shared.download(url).headers["Content-Type"] == wanted[output.name], path


@every_family
def test_a_running_task_offers_nothing_yet(row: TaskFamily, run: Callable[..., Client]) -> None:
    client = run(seconds=0)
    body = client.sample(row)
    client.service.fault("never-ends", match={"family": row.name})
    result = client.query(row, client.submit(row, body))
    items = row.judge(body).get("items", row.items_key)
    assert not list(urls_in(result.get(items) if row.continues and row.item_id_key else result))
    if row.cost_key:
        assert result[row.cost_key] is None


@every_family
def test_a_failed_task_says_why_and_is_not_charged(row: TaskFamily, client: Client) -> None:
    body = client.sample(row)
    before = client.service.stats()["credits"]
    client.service.fault("fail", match={"family": row.name}, message="no face found")
    task_id = client.submit(row, body)
    result = client.query(row, task_id)
    if row.item_id_key and row.continues:
        assert [item["status"] for item in result[row.items_key]] == ["fail"]
    else:
        assert result[row.status_key] == "fail"
    assert "no face found" in (result.get("errorMsg"), result.get("errorMessage"))
    stats = client.service.stats()
    assert (stats["credits"], stats["reserved"]) == (before, 0)
    assert stats["families"][row.name]["failed"] == 1
    assert stats["families"][row.name]["charged"] == 0


@every_family
def test_a_successful_task_costs_what_its_row_says(row: TaskFamily, client: Client) -> None:
    body = client.sample(row)
    before = client.service.stats()["credits"]
    task_id = client.submit(row, body)
    result = client.query(row, task_id)
    stats = client.service.stats()
    assert stats["credits"] == pytest.approx(before - row.charge)
    assert stats["families"][row.name]["charged"] == row.charge
    if row.cost_key:
        assert isinstance(result[row.cost_key], str if row.cost_type == "string" else int | float)
        assert float(result[row.cost_key]) == row.charge


@every_family
def test_a_missing_required_field_is_4003_and_names_the_field(row: TaskFamily, shared: Client) -> None:
    body = shared.sample(row)
    for item in row.fields:
        if item.required:
            answer = shared.post(row.submit, {key: value for key, value in body.items() if key != item.wire})
            assert (answer["code"], answer["result"]) == ("4003", None)
            assert item.name in answer["message"]
    for group in row.one_of:
        answer = shared.post(row.submit, {key: value for key, value in body.items() if key not in group})
        assert answer["code"] == "4003"


@every_family
def test_an_unknown_choice_is_4000_unless_the_stand_in_is_lenient(row: TaskFamily, run: Callable[..., Client]) -> None:
    strict, lenient = run(seconds=0), run(seconds=0, lenient_enums=True)
    for item in row.fields:
        if item.choices and not item.open_choices and item.type == "string":
            body = {**strict.sample(row), item.wire: "from-tomorrow"}
            answer = strict.post(row.submit, body)
            assert answer["code"] == "4000"
            assert item.wire in answer["message"]
            assert lenient.code(row, {**lenient.sample(row), item.wire: "from-tomorrow"}) in ("200", "4003")


@every_family
def test_unused_fields_may_be_null_or_empty_and_unknown_ones_are_ignored(row: TaskFamily, shared: Client) -> None:
    body = shared.sample(row)
    unused = {item.wire: None for item in row.body_fields if item.wire not in body}
    assert shared.code(row, {**unused, **body, "noticeUrl": "", "noSuchField": {"a": 1}}) == "200"


@every_family
def test_numbers_and_truths_may_come_as_text(row: TaskFamily, shared: Client) -> None:
    body = shared.sample(row)
    texts = {key: str(value) for key, value in body.items() if isinstance(value, int | float | bool)}
    assert shared.code(row, {**body, **texts}) == "200"


@every_family
def test_an_unknown_task_is_4004_and_a_missing_id_is_4003(row: TaskFamily, shared: Client) -> None:
    assert shared.get(row.query, **{row.task_id_key: "0" * 32})["code"] == "4004"
    assert shared.get(row.query)["code"] == "4003"
    assert shared.get(row.query, **{row.task_id_key: ""})["code"] == "4003"


@every_family
def test_an_unknown_file_is_4004(row: TaskFamily, shared: Client) -> None:
    body = shared.sample(row)
    for item in row.fields:
        if re.search(r"(?:^f|F)ileIds?$", item.wire):
            strange = ["f" * 32] if item.type.startswith("array") else "f" * 32
            answer = shared.post(row.submit, {**body, item.wire: strange})
            assert answer["code"] == "4004", snake_case(item.wire)
            assert "f" * 32 in answer["message"]


@every_family
def test_every_query_signs_its_urls_anew(row: TaskFamily, shared: Client) -> None:
    task_id = shared.submit(row)
    first, again = (list(urls_in(shared.query(row, task_id))) for _ in range(2))
    assert [url.partition("?")[0] for url in first] == [url.partition("?")[0] for url in again]
    assert not set(first) & set(again)


@every_family
@pytest.mark.parametrize("spelling", ["true", "True", "1"])
def test_cloudfront_links_stand_elsewhere(row: TaskFamily, spelling: str, shared: Client) -> None:
    task_id = shared.submit(row)
    links = list(urls_in(shared.query(row, task_id, needCloudFrontUrl=spelling)))
    plain = list(urls_in(shared.query(row, task_id, needCloudFrontUrl="")))
    assert all("/cloudfront/" in url for url in links)
    assert all("/s3/" in url for url in plain)
    assert all(shared.download(url).status_code == 200 for url in links[:1])


@every_family
def test_other_spellings_of_its_paths_are_served_too(row: TaskFamily, shared: Client) -> None:
    for path in row.alternatives:
        method = "POST" if path.rpartition("/")[2] == row.submit.rpartition("/")[2] else "GET"
        assert shared.call(method, path, json={}).json()["code"] == "4003"


@every_family
def test_two_equal_submits_are_two_tasks_and_count_as_a_duplicate(row: TaskFamily, client: Client) -> None:
    body = client.sample(row)
    task_ids = {client.submit(row, body) for _ in range(2)}
    numbers = client.service.stats(row.name)
    assert len(task_ids) == (1 if row.continues else 2)
    assert (numbers["received"], numbers["accepted"], numbers["duplicates"]) == (2, 2, 1)


@pytest.mark.parametrize(
    "row", [param for param in ROWS if param.values[0].item_status_key and _own_state(param.values[0])]
)
def test_a_partial_success_keeps_one_good_item(row: TaskFamily, client: Client) -> None:
    client.service.fault("partial", match={"family": row.name})
    result = client.query(row, client.submit(row))
    states = [item[row.item_status_key].lower() for item in result[row.items_key]]
    assert result[row.status_key] == "success"
    assert sorted(set(states)) == ["fail", "success"]
    assert client.service.stats(row.name)["charged"] == row.charge


@pytest.mark.parametrize("row", [param for param in ROWS if any(out.path == "**" for out in param.values[0].outputs)])
def test_an_answer_that_nobody_has_documented_has_a_second_form(row: TaskFamily, run: Callable[..., Client]) -> None:
    client = run(seconds=0, second_shapes=True)
    task_id = client.submit(row)
    result = client.query(row, task_id)
    assert set(result) == {"taskId", "taskStatus", "productReplaceResult"}
    assert (result["taskId"], result["taskStatus"]) == (task_id, "success")
    assert all(client.download(url).status_code == 200 for url in urls_in(result))


@pytest.mark.parametrize("row", [param for param in ROWS if param.values[0].continues])
def test_a_second_step_wants_a_finished_first_one(row: TaskFamily, run: Callable[..., Client]) -> None:
    client = run(seconds=600)
    body = client.sample(row)
    assert client.code(row, {**body, row.task_id_key: "0" * 32}) == "4004"
    other = next(found for name, found in FAMILIES.items() if not row.name.startswith(name))
    assert client.code(row, {**body, row.task_id_key: client.submit(other)}) == "4004"
    first = max(
        (found for name, found in FAMILIES.items() if row.name.startswith(f"{name}_")), key=lambda f: len(f.name)
    )
    assert client.code(row, {**body, row.task_id_key: client.submit(first)}) == "4006"
    assert client.submit(row, body) == body[row.task_id_key]
