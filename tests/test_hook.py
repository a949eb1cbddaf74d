"""The worker's hook against the stand-in: the Test button, lists, actions, and reads that are asked again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
import urllib3
from tenacity import RetryCallState, Retrying

from topview_provider import exceptions as errors
from topview_provider.hooks import doors, requesting
from topview_provider.hooks.topview import TopviewHook
from topview_provider.standin.server import StandIn

from .support import Server, answering, dripping, refused_port

Connect = Callable[..., str]


pytestmark = pytest.mark.usefixtures("impatient")


def paths(service: StandIn) -> list[str]:
    return [entry["path"] for entry in service.requests()]


def test_the_test_button_shows_credits_and_uid(hook: TopviewHook, service: StandIn) -> None:
    assert hook.test_connection() == (True, "1000 credits remain for uid standin-uid")
    assert set(paths(service)) == {"/user/credit/detail"}


def test_the_test_button_names_the_connection_when_the_key_is_wrong(service: StandIn, connect: Connect) -> None:
    connect(service, password="not-the-key")

    fine, text = TopviewHook().test_connection()
    assert not fine
    assert "answered HTTP 401" in text
    assert "of the Airflow connection 'topview_default'" in text
    assert "not-the-key" not in text


def test_the_test_button_notices_that_the_key_belongs_to_another_uid(service: StandIn, connect: Connect) -> None:
    connect(service, login="somebody-else")

    assert TopviewHook().test_connection() == (
        False,
        "The key belongs to uid 'standin-uid', but the login of the connection is 'somebody-else'",
    )


def test_the_test_button_never_raises(connect: Connect) -> None:
    with refused_port() as nobody:
        connect(nobody)
        where = f"at {nobody.url} (connection 'topview_default'), the connection was refused"
        assert TopviewHook().test_connection() == (False, f"GET /user/credit/detail: {where}")
    fine, text = TopviewHook("not_there").test_connection()
    assert not fine
    assert "airflow connections add not_there --conn-type topview" in text


@pytest.mark.parametrize("balance", [None, "lots", True])
def test_the_test_button_says_that_no_balance_came(connect: Connect, balance: Any) -> None:
    result = {"uid": "uid-1", "remainCredit": balance, "apiKeyMap": {"secret": 1}}
    with Server(answering(json.dumps({"code": "200", "result": result}).encode())) as server:
        connect(server)
        fine, text = TopviewHook().test_connection()

    assert not fine
    assert "the credit query shows no balance, only ['remainCredit', 'uid']" in text


def test_a_connection_without_a_login_asks_topview_for_the_uid_once(service: StandIn, connect: Connect) -> None:
    connect(service, login="")
    hook = TopviewHook()

    assert hook.test_connection() == (True, "1000 credits remain for uid standin-uid")
    assert hook.query("scraper", hook.submit("scraper", {"productLink": "https://x.example"}))["status"] == "success"
    assert hook.uid == "standin-uid"
    assert paths(service).count("/user/credit/detail") == 2  # one of them by the button


def test_the_account_is_shown_without_its_keys(hook: TopviewHook) -> None:
    assert {"uid", "remainCredit"} <= set(hook.account())
    assert "apiKeyMap" not in hook.account()
    assert hook.credits() == 1000


def test_the_repr_of_a_hook_names_its_connection_only(hook: TopviewHook) -> None:
    hook.get_conn()

    assert repr(hook) == "<TopviewHook topview_default>"


def test_scripts_are_read_and_replaced(hook: TopviewHook) -> None:
    task = hook.submit("marketing_video", {"productLink": "https://x.example", "preview": "true"})
    hook.query("marketing_video", task)
    segments = [{"seg_id": 0, "segId": "0", "segText": "A new line."}]
    hook.act("marketing_video_script_update", topview_task_id=task, script_contents=segments)

    [script, *_] = hook.list("marketing_video_script_list", topview_task_id=task)
    assert [part["segText"] for part in script["scriptContents"]] == ["A new line."]


def test_overridden_paths_are_used(connect: Connect) -> None:
    with Server(answering(b'{"code": "200", "result": {"taskId": "t1", "status": "init"}}')) as server:
        connect(server, paths={"scraper": {"submit": "/v9/s", "query": "/v9/q"}, "voice_list": {"path": "/v9/l"}})
        hook = TopviewHook()
        hook.query("scraper", hook.submit("scraper", {"productLink": "https://x.example"}), cloud_front=True)
        hook.list("voice_list", page_size=1)

    assert [request.target for request in server.requests] == [
        "/v9/s",
        "/v9/q?taskId=t1&needCloudFrontUrl=true",
        "/v9/l?pageNo=1&pageSize=1",
        "/v9/l?pageNo=2&pageSize=1",
    ]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("status", {"value": 500}),
        ("status", {"value": 503, "retry_after": 1}),
        ("status", {"value": 429}),
        ("code", {"value": "5000"}),
        ("code", {"value": "5003"}),
        ("code", {"value": "4007"}),
        ("reset", {}),
        ("reset-mid-body", {}),
        ("html", {}),
        ("truncated-json", {}),
    ],
)
def test_a_read_is_asked_again_after_a_passing_fault(
    hook: TopviewHook, service: StandIn, kind: str, words: dict[str, Any]
) -> None:
    service.fault(kind, path="/v1/caption/list", times=2, **words)

    assert hook.list("caption_list")
    assert len(service.requests("/v1/caption/list")) == 3


def test_a_read_that_keeps_failing_raises_its_last_error(hook: TopviewHook, service: StandIn) -> None:
    service.fault("status", path="/v1/caption/list", value=502, times=-1)

    with pytest.raises(errors.TopviewUnavailable, match="answered HTTP 502"):
        hook.list("caption_list")
    assert len(service.requests("/v1/caption/list")) == requesting.READ_ATTEMPTS


@pytest.mark.parametrize("code", ["4000", "4004", "4100", "6001"])
def test_a_refused_read_is_not_asked_again(hook: TopviewHook, service: StandIn, code: str) -> None:
    service.fault("code", path="/v1/caption/list", value=code, message="because", times=-1)

    with pytest.raises(errors.TopviewRejected, match="because"):
        hook.list("caption_list")
    assert len(service.requests("/v1/caption/list")) == 1


@pytest.mark.parametrize(
    ("asked", "attempt", "wait"), [(None, 1, 1), (None, 3, 4), (None, 9, 10), (7, 1, 7), (99, 1, 30)]
)
def test_pauses_double_and_honour_what_topview_asks_up_to_half_a_minute(
    monkeypatch: pytest.MonkeyPatch, asked: float | None, attempt: int, wait: float
) -> None:
    monkeypatch.setattr(requesting, "LONGEST_WAIT", 30.0)
    state = RetryCallState(Retrying(), None, (), {})
    error = errors.TopviewBusy("busy", retry_after=asked)
    state.set_exception((type(error), error, None))
    state.attempt_number = attempt

    assert requesting.reading()["wait"](state) == wait


@pytest.mark.parametrize("result", [[], "text", True, None])
def test_an_answer_that_says_nothing_about_the_task_is_no_state(
    hook: TopviewHook, service: StandIn, result: Any
) -> None:
    task = hook.submit("scraper", {"productLink": "https://x.example"})
    service.fault("wrong-type", match={"taskId": task}, value=result, times=1)

    assert hook.query("scraper", task)["status"] == "success"
    assert len(service.requests("/v1/scraper/task/query")) == 2


def test_a_server_that_drips_without_end_is_cut_off(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requesting, "READ_ATTEMPTS", 1)
    with Server(dripping(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")) as server:
        connect(server, read_timeout=0.3)
        with pytest.raises(errors.TopviewUnavailable, match=r"timed out \(connect_timeout 10 s, read_timeout 0.3 s\)"):
            TopviewHook().list("caption_list")


GONE = "/v1/photo_avatar/template/delete"


def test_a_delete_whose_answer_was_lost_is_done_when_topview_no_longer_knows_the_id(
    hook: TopviewHook, service: StandIn
) -> None:
    service.fault("answer-lost-after-accept", method="DELETE", path=GONE, times=1)

    assert hook.act("custom_avatar_delete", avatar_id="a1") is None
    assert len(service.requests(GONE)) == 2
    with pytest.raises(errors.TopviewNotFound):
        hook.act("custom_avatar_delete", avatar_id="a1")


@pytest.mark.parametrize(("kind", "value"), [("status", 429), ("code", "5003")])
def test_a_delete_of_what_never_was_is_refused_even_after_a_busy_answer(
    hook: TopviewHook, service: StandIn, kind: str, value: Any
) -> None:
    hook.act("custom_avatar_delete", avatar_id="a1")
    service.fault(kind, method="DELETE", path=GONE, value=value, times=1)

    with pytest.raises(errors.TopviewNotFound, match="a1 not found"):
        hook.act("custom_avatar_delete", avatar_id="a1")
    assert len(service.requests(GONE)) == 3


def test_a_read_of_what_topview_does_not_know_is_refused_even_after_a_lost_answer(
    hook: TopviewHook, service: StandIn
) -> None:
    service.fault("reset", path="/v1/scraper/task/query", times=1)

    with pytest.raises(errors.TopviewNotFound):
        hook.query("scraper", "0" * 32)


@pytest.mark.parametrize(
    ("error", "never_left"),
    [
        ("ConnectTimeoutError", True),
        ("NewConnectionError", True),
        ("ProtocolError", False),
        ("ReadTimeoutError", False),
    ],
)
def test_only_a_connection_that_was_never_made_proves_that_nothing_was_sent(error: str, never_left: bool) -> None:
    kind = getattr(urllib3.exceptions, error)
    cause = kind.__new__(kind)

    assert doors.may_have_left(requests.ConnectionError(cause)) is not never_left
    assert doors.may_have_left(errors.TopviewUnavailable("HTTP 503"))
