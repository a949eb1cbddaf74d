"""Faults: each kind, whom it hits, and what it leaves behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from topview_provider.catalog import FAMILIES
from topview_provider.standin.faults import KINDS

from .client import Client

ROW = FAMILIES["scraper"]
BODY = {"productLink": "https://shop.example/p/1"}
OTHER = {"productLink": "https://shop.example/p/2"}
DATE = "Wed, 21 Oct 2015 07:28:00 GMT"
GONE = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def accepted(client: Client) -> int:
    return client.service.stats(ROW.name)["accepted"]


def send(client: Client, body: dict[str, Any] = BODY) -> requests.Response:
    return client.call("POST", ROW.submit, json=body)


def test_every_kind_is_told_apart_and_an_unknown_one_is_refused(client: Client) -> None:
    for kind in KINDS:
        assert client.service.fault(kind)["kind"] == kind
    with pytest.raises(ValueError, match="not known"):
        client.service.fault("earthquake")
    with pytest.raises(ValueError, match="unknown tims"):
        client.service.fault("reset", tims=3)


@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 502, 503])
def test_a_status_is_answered_once_and_nothing_is_accepted(status: int, client: Client) -> None:
    client.service.fault("status", value=status, retry_after=7)
    answer = send(client)
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "7")
    assert accepted(client) == 0
    assert send(client).json()["code"] == "200"


@pytest.mark.parametrize(
    ("given", "sent"),
    [(40_000_000, "40000000"), (2.0, "2"), (0.5, "0.5"), *[(text, text) for text in ("soon", DATE, "-1", "")]],
)
def test_a_retry_after_may_be_anything(given: float | str, sent: str, client: Client) -> None:
    client.service.fault("status", value=503, retry_after=given)
    assert send(client).headers["Retry-After"] == sent
    client.service.fault("status", value=503)
    assert "Retry-After" not in send(client).headers


@pytest.mark.parametrize("code", ["4007", "4100", "5000", "5003", "6001"])
def test_a_code_is_answered_inside_http_200(code: str, client: Client) -> None:
    client.service.fault("code", value=code, message="because")
    answer = send(client)
    assert answer.status_code == 200
    assert answer.json() == {"code": code, "message": "because", "result": None}
    assert accepted(client) == 0


def test_a_reset_connection_has_accepted_nothing(client: Client) -> None:
    client.service.fault("reset")
    with pytest.raises(GONE):
        send(client)
    assert accepted(client) == 0


@pytest.mark.parametrize("kind", ["answer-lost-after-accept", "reset-mid-body"])
def test_a_lost_answer_has_accepted_the_task(kind: str, client: Client) -> None:
    client.service.fault(kind, path=ROW.submit)
    with pytest.raises(GONE):
        send(client)
    assert accepted(client) == 1


def test_a_lost_answer_waits_for_a_submit(client: Client) -> None:
    task_id = client.submit(ROW, BODY)
    client.service.fault("answer-lost-after-accept", match={"family": ROW.name})
    assert client.state(ROW, task_id) == "success"
    with pytest.raises(GONE):
        send(client)


def test_truncated_json_has_accepted_the_task(client: Client) -> None:
    client.service.fault("truncated-json")
    answer = send(client)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        answer.json()
    assert accepted(client) == 1


@pytest.mark.parametrize("value", [None, "text", [1], {}])
def test_a_wrong_type_stands_where_the_result_should(value: Any, client: Client) -> None:
    client.service.fault("wrong-type", value=value)
    assert send(client).json() == {"code": "200", "message": "Success", "result": value}
    assert accepted(client) == 1


def test_html_comes_with_http_200_and_nothing_is_accepted(client: Client) -> None:
    client.service.fault("html")
    answer = send(client)
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, "text/html")
    assert accepted(client) == 0


def test_a_gateway_may_lose_an_accepted_submit(client: Client) -> None:
    client.service.fault("status", value=502, accepted=True)
    assert send(client).status_code == 502
    assert accepted(client) == 1


def test_a_delay_holds_the_answer_back(client: Client) -> None:
    client.service.fault("delay", value=0.2)
    start = time.monotonic()
    assert send(client).json()["code"] == "200"
    assert time.monotonic() - start >= 0.2


@pytest.mark.parametrize("taken", [False, True])
def test_no_answer_ever_lasts_until_the_client_leaves(taken: bool, client: Client) -> None:
    client.service.fault("never-answer", accepted=taken)
    with pytest.raises(requests.ReadTimeout):
        requests.post(client.service.url + ROW.submit, json=BODY, headers=client.service.headers, timeout=0.2)
    assert accepted(client) == int(taken)
    assert send(client).json()["code"] == "200"


@pytest.mark.parametrize("word", ["pondering", "FAILED", None])
def test_an_unknown_status_is_said_as_often_as_ordered(word: str | None, client: Client) -> None:
    task_id = client.submit(ROW, BODY)
    client.service.fault("unknown-status", value=word, times=2)
    assert [client.state(ROW, task_id) for _ in range(3)] == [word, word, "success"]


def test_a_task_that_never_ends_runs_on(client: Client) -> None:
    client.service.fault("never-ends")
    task_id = client.submit(ROW, BODY)
    assert {client.state(ROW, task_id) for _ in range(3)} <= {"init", "running"}
    assert client.service.stats(ROW.name)["running"] == 1
    assert client.state(ROW, client.submit(ROW, BODY)) == "success"


@pytest.mark.parametrize("word", ["fail", "FAILED", "failure"])
def test_a_failing_task_may_use_other_words(word: str, client: Client) -> None:
    client.service.fault("fail", word=word, value="too dark")
    result = client.query(ROW, client.submit(ROW, BODY))
    assert (result["status"], result["errorMsg"]) == (word, "too dark")


def test_a_task_can_be_made_to_fail_after_it_was_submitted(client: Client) -> None:
    row = FAMILIES["marketing_video"]
    task_id = client.submit(row, BODY)
    assert client.state(row, task_id) == "success"
    assert client.service.stats()["credits"] == 1000 - row.charge
    client.service.fault("fail", match=BODY)
    assert client.state(row, task_id) == "fail"
    assert client.state(row, task_id) == "fail"
    assert client.service.stats()["credits"] == 1000
    assert client.service.stats(row.name)["charged"] == 0


def test_a_task_fault_strikes_as_many_tasks_as_ordered(client: Client) -> None:
    client.service.fault("fail", times=2)
    tasks = [client.submit(ROW, {"productLink": f"https://shop.example/{number}"}) for number in range(3)]
    assert [client.state(ROW, task_id) for task_id in tasks * 2] == ["fail", "fail", "success"] * 2


def test_a_refused_submit_does_not_use_up_a_task_fault(client: Client) -> None:
    client.service.fault("fail")
    assert client.code(ROW, {}) == "4003"
    assert client.state(ROW, client.submit(ROW, BODY)) == "fail"


def test_a_field_of_the_submit_body_picks_the_task_s_queries(client: Client) -> None:
    struck, spared = client.submit(ROW, BODY), client.submit(ROW, OTHER)
    client.service.fault("unknown-status", match={"family": ROW.name, **BODY}, times=-1)
    assert [client.state(ROW, task_id) for task_id in (struck, spared, struck)] == ["pondering", "success", "pondering"]


def test_a_field_of_the_submit_body_picks_the_task_s_downloads(client: Client) -> None:
    urls = [client.query(ROW, client.submit(ROW, body))["productImages"][0]["fileUrl"] for body in (BODY, OTHER)]
    client.service.fault("expired-url", match=BODY)
    assert [client.download(url).status_code for url in (urls[1], urls[0], urls[0])] == [200, 403, 200]


def test_the_family_the_task_id_and_the_path_pick_too(client: Client) -> None:
    task_id = client.submit(ROW, BODY)
    other = client.submit(FAMILIES["marketing_video"], BODY)
    client.service.fault("code", value="5000", match={"family": "marketing_video"})
    client.service.fault("code", value="5001", match={"taskId": task_id})
    client.service.fault("code", value="5004", method="get", path="/v1/scraper/*")
    codes = [client.get(ROW.query, taskId=task_id)["code"] for _ in range(3)]
    assert codes == ["5001", "5004", "200"]
    assert client.get("/v1/m2v/task/query", taskId=other)["code"] == "5000"


@pytest.mark.parametrize("times", [1, 3])
def test_a_fault_strikes_so_often_and_minus_one_is_for_ever(times: int, client: Client) -> None:
    client.service.fault("code", value="5003", times=times)
    assert [send(client).json()["code"] for _ in range(times + 1)] == ["5003"] * times + ["200"]
    client.service.fault("code", value="5003", times=-1)
    assert {send(client).json()["code"] for _ in range(5)} == {"5003"}
    assert [fault["hits"] for fault in client.service.faults()] == [times, 5]
    client.service.clear_faults()
    assert send(client).json()["code"] == "200"


@pytest.mark.parametrize(("value", "expected"), [(0.5, None), (1000, 1000)])
def test_a_cut_download_ends_early(value: float, expected: int | None, client: Client) -> None:
    url = client.query(ROW, client.submit(ROW, BODY))["productImages"][0]["fileUrl"]
    whole = client.download(url).content
    client.service.fault("cut-download", value=value)
    with requests.get(url, stream=True, timeout=5) as answer:
        assert int(answer.headers["Content-Length"]) == len(whole)
        pieces: list[bytes] = []
        with pytest.raises(GONE):
            pieces.extend(answer.iter_content(1))
    assert b"".join(pieces) == whole[: expected or len(whole) // 2]
    assert client.download(url).content == whole


@pytest.mark.parametrize("kind", ["status", "html", "reset", "reset-mid-body", "delay"])
def test_downloads_and_uploads_can_be_struck_too(kind: str, client: Client) -> None:
    url = client.query(ROW, client.submit(ROW, BODY))["productImages"][0]["fileUrl"]
    client.service.fault(kind, path="/s3/*", value={"status": 503, "delay": 0.01}.get(kind))
    try:
        answer = client.download(url)
        assert (answer.status_code == 503) == (kind == "status")
    except GONE:
        assert kind.startswith("reset")
    assert client.download(url).status_code == 200


def test_a_hundred_cases_run_side_by_side(run: Callable[..., Client]) -> None:
    client = run(seconds=0)
    bodies = [{"productLink": f"https://shop.example/p/{number}"} for number in range(100)]
    for body in bodies[::2]:
        client.service.fault("fail", match=body)
    states = [client.state(ROW, client.submit(ROW, body)) for body in bodies]
    assert states == ["fail", "success"] * 50
