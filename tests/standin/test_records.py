"""Lists that follow what was done: marketing videos, boards and their tasks, charges."""

from __future__ import annotations

import calendar
import time
from collections.abc import Callable
from typing import Any

import pytest

from topview_provider.catalog import FAMILIES, LISTINGS

from .client import Client

VIDEO, EXPORT = FAMILIES["marketing_video"], FAMILIES["marketing_video_export"]
VOICE, PORTRAIT = FAMILIES["text_to_voice"], FAMILIES["photo_avatar"]
LINK = {"productLink": "https://shop.example/p/desk-lamp"}
SPEECH = {"voiceText": "Hello", "voiceId": "v1"}
VIDEOS, BOARDS, TASKS, LOGS = (
    LISTINGS[name] for name in ("marketing_video_task_list", "board_list", "board_task_list", "credit_logs")
)
FORM = "%Y-%m-%d %H:%M:%S"
TYPES: dict[str, Any] = {"string": str, "integer": int, "number": int, "boolean": bool, "object": dict, "array": list}


def entries(client: Client, row: Any, **arguments: Any) -> list[dict[str, Any]]:
    return client.listing(row, **arguments)["result"][row.items_key]


def ids(client: Client, row: Any, **arguments: Any) -> list[str]:
    return [item["taskId"] for item in entries(client, row, **arguments)]


def detail(client: Client, task_id: str) -> dict[str, Any]:
    return client.get("/boards/tasks/detail", taskId=task_id)


def speak(client: Client, board: str = "b1", **words: Any) -> str:
    return client.submit(VOICE, {**SPEECH, "boardId": board, **words})


def portrait(client: Client, board: str = "b1") -> str:
    return client.submit(PORTRAIT, {**client.sample(PORTRAIT), "boardId": board})


def shown(client: Client, **arguments: Any) -> list[Any]:
    return [entry["costCredit"] for entry in entries(client, LOGS, **arguments)]


def at(date: float, form: str = FORM) -> str:
    return time.strftime(form, time.gmtime(date))


def test_marketing_videos_are_listed_with_what_they_were_given_the_newest_first(client: Client) -> None:
    files = [client.upload()]
    named = {"fileIds": files, "productName": "Lamp", "productDescription": "It shines"}
    first, second = client.submit(VIDEO, LINK), client.submit(VIDEO, {**named, "preview": "true"})
    newest, oldest = entries(client, VIDEOS)
    assert [newest["taskId"], oldest["taskId"]] == [second, first]
    assert (newest["productName"], newest["productDescription"]) == ("Lamp", "It shines")
    assert oldest["productName"] == client.query(VIDEO, first)["productName"] == "Desk Lamp"
    assert (newest["status"], newest["errorMsg"]) == ("success", None)
    assert newest["diskSpace"]["unit"] == "byte"
    assert int(newest["diskSpace"]["size"]) > 0


def test_an_export_is_no_marketing_video_of_its_own(client: Client) -> None:
    task_id = client.submit(VIDEO, {**LINK, "preview": "true"})
    client.submit(EXPORT, {"taskId": task_id, "scriptId": "0"})
    assert ids(client, VIDEOS) == [task_id]


def test_the_list_of_marketing_videos_walks_with_its_tasks(run: Callable[..., Client]) -> None:
    client = run(seconds=600)
    client.service.fault("fail", message="no face found")
    task_id = client.submit(VIDEO, LINK)
    walked = []
    for seconds in (0, 250, 750):
        client.service.advance(seconds)
        item = entries(client, VIDEOS)[0]
        walked.append((item["status"], item["errorMsg"], item["diskSpace"]["size"] == "0"))
    assert walked == [("init", None, True), ("running", None, True), ("fail", "no face found", False)]
    assert client.state(VIDEO, task_id) == "fail"


def test_the_list_of_marketing_videos_may_come_bare_and_is_whole_then(run: Callable[..., Client]) -> None:
    client = run(seconds=0, second_shapes=True)
    made = [client.submit(VIDEO, LINK) for _ in range(25)]
    assert [item["taskId"] for item in client.listing(VIDEOS)["result"]] == made[::-1]


def test_a_task_tells_when_it_was_made_by_a_clock_that_can_be_put_forward(run: Callable[..., Client]) -> None:
    client = run(seconds=0)
    before = int(time.time())
    speak(client)
    client.service.advance(86_400)
    speak(client)
    later, sooner = (calendar.timegm(time.strptime(item["gmtCreate"], FORM)) for item in entries(client, TASKS))
    assert before <= sooner <= time.time()
    assert later - sooner >= 86_399
    assert at(client.service.jobs()[0]["created"]) == entries(client, TASKS)[1]["gmtCreate"]


def test_there_is_one_board_from_the_start_and_one_more_for_each_that_a_task_names(client: Client) -> None:
    (default,) = entries(client, BOARDS)
    assert (default["isSystemDefault"], default["taskCount"]) == (True, 0)
    speak(client, "spring")
    portrait(client, "autumn")
    speak(client, "spring")
    speak(client, default["boardId"])
    boards = [(item["boardId"], item["taskCount"], item["isSystemDefault"]) for item in entries(client, BOARDS)]
    assert boards == [("autumn", 1, False), ("spring", 2, False), (default["boardId"], 1, True)]


def test_a_board_shows_what_its_tasks_were_given_but_not_where_they_call_back(client: Client) -> None:
    body = {**SPEECH, "boardId": "b1", "voiceSpeed": 1.2, "unheardOf": {"a": [1]}}
    client.submit(VOICE, SPEECH)
    answer = client.post(VOICE.submit, {**body, "noticeUrl": "http://127.0.0.1:9/"})["result"]
    (item,) = entries(client, TASKS)
    assert item["parameters"] == body
    assert (item["taskId"], item["toolType"]) == (answer["taskId"], "text_to_voice")
    assert (item["boardId"], [item["boardTaskId"]]) == (answer["boardId"], answer["boardTaskIds"])
    assert detail(client, item["taskId"])["result"] == item


def test_a_task_has_the_same_id_on_its_board_in_every_answer(client: Client) -> None:
    task_id = portrait(client)
    assert client.query(PORTRAIT, task_id)["boardTaskId"] == entries(client, TASKS)[0]["boardTaskId"]


def test_a_task_tells_its_board_at_every_query(run: Callable[..., Client]) -> None:
    client = run(seconds=600)
    task_id, other = portrait(client), client.submit(PORTRAIT, client.sample(PORTRAIT))
    for seconds in (0, 250, 750):
        client.service.advance(seconds)
        assert client.query(PORTRAIT, task_id)["boardId"] == "b1"
        assert client.query(PORTRAIT, other)["boardId"] is None


def test_the_tasks_of_boards_are_picked_by_board_kind_and_tool(client: Client) -> None:
    made = {"voice": speak(client, "b1"), "avatar": portrait(client, "b1"), "other": speak(client, "b2")}
    asked: dict[str, Any] = {
        "voice": {"boardId": "b1", "mediaType": "audio"},
        "avatar": {"toolCategory": "avatar", "mediaType": "video"},
        "other": {"boardId": "b2", "toolType": "text_to_voice", "rating": "unrated"},
    }
    assert {name: ids(client, TASKS, **words) for name, words in asked.items()} == {
        name: [task_id] for name, task_id in made.items()
    }
    assert ids(client, TASKS) == list(reversed(made.values()))
    assert ids(client, TASKS, mediaType="all", rating="all") == ids(client, TASKS)
    assert ids(client, TASKS, rating="3") == ids(client, TASKS, boardId="b3") == []


@pytest.mark.parametrize("field", ["gmtCreate", "gmtModify", "completedAt"])
def test_the_tasks_of_boards_may_be_sorted_both_ways(field: str, run: Callable[..., Client]) -> None:
    client = run(seconds=0)
    made = []
    for _ in range(3):
        made += [speak(client), speak(client)]
        client.service.advance(10)
    assert ids(client, TASKS, sortField=field, sortOrder="asc") == made
    assert ids(client, TASKS, sortField=field) == ids(client, TASKS, sortOrder="desc") == made[::-1]


def test_a_board_task_walks_as_its_query_says(run: Callable[..., Client]) -> None:
    client = run(seconds=600)
    client.service.fault("fail", message="too quiet")
    task_id = speak(client)
    walked = []
    for seconds in (0, 250, 750):
        client.service.advance(seconds)
        item = detail(client, task_id)["result"]
        assert item["status"] == client.state(VOICE, task_id)
        walked.append((item["status"], item["errorMessage"], item["completedAt"] is None))
    assert walked == [("init", None, True), ("running", None, True), ("fail", "too quiet", False)]
    assert item["gmtCreate"] < item["completedAt"] == item["gmtModify"]


def test_a_board_task_has_every_field_of_its_row(client: Client) -> None:
    row = LISTINGS["board_task_detail"]
    item = detail(client, speak(client))["result"]
    assert set(item) == {path.partition(".")[0] for path in row.answer}
    for path, kind in row.answer.items():
        value = item[path.partition(".")[0]] if "." not in path else item["estimateInfo"][path.partition(".")[2]]
        assert isinstance(value, TYPES[kind.partition("|")[0].partition("[")[0]]) or (value is None and "null" in kind)


def test_only_a_task_of_a_board_has_a_detail(client: Client) -> None:
    for task_id in (client.submit(VOICE, SPEECH), "unknown"):
        assert detail(client, task_id)["code"] == "4004"
    assert client.get("/boards/tasks/detail")["code"] == "4003"


def test_a_reset_clears_lists_and_boards(client: Client) -> None:
    speak(client)
    client.submit(VIDEO, LINK)
    client.service.reset()
    assert ids(client, VIDEOS) == ids(client, TASKS) == shown(client) == []
    assert len(entries(client, BOARDS)) == 1


def test_the_log_holds_what_was_charged_and_nothing_else(client: Client) -> None:
    client.submit(VIDEO, {**LINK, "preview": "true"})
    client.service.fault("fail", match={"family": VOICE.name})
    speak(client)
    task_id = client.submit(VIDEO, LINK)
    (entry,) = entries(client, LOGS)
    assert (entry["taskId"], entry["taskType"], entry["costCredit"]) == (task_id, "m2v", VIDEO.charge)
    assert (entry["uid"], entry["apiKey"]) == (client.service.uid, "***")
    client.service.fault("fail", match={"family": VIDEO.name})
    assert client.state(VIDEO, task_id) == "fail"
    assert shown(client) == []


def test_the_log_is_picked_by_kind_of_task(client: Client) -> None:
    client.submit(VIDEO, LINK)
    speak(client)
    assert shown(client) == [VOICE.charge, VIDEO.charge]
    assert shown(client, taskType="m2v") == [VIDEO.charge]
    assert shown(client, taskType="voice_clone") == []


@pytest.mark.parametrize("form", [FORM, "%Y-%m-%dT%H:%M:%SZ"])
def test_the_log_is_picked_by_time_in_either_form(form: str, run: Callable[..., Client]) -> None:
    client = run(seconds=0)
    client.submit(VIDEO, LINK)
    client.service.advance(86_400)
    speak(client)
    first, second = (job["created"] for job in client.service.jobs())
    assert shown(client, startTime=at(first + 60, form)) == [VOICE.charge]
    assert shown(client, endTime=at(second - 60, form)) == [VIDEO.charge]
    assert shown(client, startTime=at(first, form), endTime=at(second, form)) == [VOICE.charge, VIDEO.charge]
    assert shown(client, startTime=at(first + 60, form), endTime=at(second - 60, form)) == []
    assert client.listing(LOGS, startTime="yesterday")["code"] == "4000"


def test_an_entry_of_the_log_tells_when_the_task_ended_not_when_somebody_asked(run: Callable[..., Client]) -> None:
    client = run(seconds=100)
    client.submit(VIDEO, LINK)
    client.service.advance(86_400)
    created = client.service.jobs()[0]["created"]
    (entry,) = entries(client, LOGS)
    assert at(created + 49, "%Y-%m-%dT%H:%M:%SZ") <= entry["date"] <= at(created + 151, "%Y-%m-%dT%H:%M:%SZ")


def test_a_charge_may_come_late_into_the_log(run: Callable[..., Client]) -> None:
    client = run(seconds=0, log_seconds=600)
    client.submit(VIDEO, LINK)
    assert client.service.stats()["credits"] == 1000 - VIDEO.charge
    assert shown(client) == []
    client.service.advance(300)
    assert shown(client) == []
    client.service.advance(300)
    assert shown(client) == [VIDEO.charge]
