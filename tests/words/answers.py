"""Errors about what TopView answers, or does not."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support import Address, Server, answering, dripping, make_authority, refused_port
from topview_provider import exceptions as errors
from topview_provider.catalog import FAMILIES
from topview_provider.operators.account import TopviewNoticeUrlCheckOperator

from . import QUERY, Scene, says

SUBMIT = "/v1/video_avatar/task/submit"
GUESSED = next(row for row in FAMILIES.values() if row.alternatives)
DOUBT = (
    "TopView may have accepted and may charge it, so it is not sent again by itself",
    "look at the task list or the credit log of the account first",
)


@says(
    errors.TopviewAuthError,
    f"POST {SUBMIT} answered HTTP 401",
    "check login (Topview-Uid) and password (API key) of the Airflow connection 'topview_default'",
    "that the plan includes API access",
)
def a_key_that_topview_refuses(scene: Scene) -> None:
    scene.connect(scene.service, password="wrong")
    scene.buy()


@says(errors.TopviewInsufficientCredits, f"POST {SUBMIT} answered 4100: ", "top up the API credits, then clear")
def a_balance_that_does_not_suffice(scene: Scene) -> None:
    scene.open(credits=0)
    scene.buy()


@says(errors.TopviewInvalidRequest, f"POST {SUBMIT} answered 4000: avatarId is odd")
def a_request_that_topview_refuses(scene: Scene) -> None:
    scene.fault("code", path=SUBMIT, value="4000", message="avatarId is odd")
    scene.buy()


@says(
    errors.TopviewContentRejected, f"POST {SUBMIT} answered 6001: not this", "change the input; a refused task is ref"
)
def a_text_that_the_content_check_refuses(scene: Scene) -> None:
    scene.fault("code", path=SUBMIT, value="6001", message="not this")
    scene.buy()


@says(errors.TopviewTaskFailed, f"POST {SUBMIT} was refused with status fail: no such avatar")
def a_submit_that_fails_at_once(scene: Scene) -> None:
    scene.fault("wrong-type", path=SUBMIT, value={"taskId": "1", "status": "fail", "errorMsg": "no such avatar"})
    scene.buy()


@says(errors.TopviewBusy, f"POST {SUBMIT} answered 4007: ")
def a_topview_that_has_no_room(scene: Scene) -> None:
    scene.fault("code", path=SUBMIT, value="4007", times=-1)
    scene.buy()


@says(errors.TopviewBusy, f"POST {SUBMIT} answered HTTP 429; it asks to wait 30 s")
def a_topview_that_asks_for_patience(scene: Scene) -> None:
    scene.fault("status", path=SUBMIT, value=429, times=-1, retry_after=30)
    scene.buy()


@says(errors.TopviewSubmitUnknown, f"POST {SUBMIT} answered 5000: ", *DOUBT)
def a_submit_that_is_answered_with_an_error_of_topview(scene: Scene) -> None:
    scene.fault("code", path=SUBMIT, value="5000")
    scene.buy()


@says(errors.TopviewSubmitUnknown, f"POST {SUBMIT}: an answer that is not TopView's envelope: '<html>", *DOUBT)
def a_submit_that_is_answered_by_a_gateway(scene: Scene) -> None:
    scene.fault("html", path=SUBMIT)
    scene.buy()


@says(errors.TopviewSubmitUnknown, f"POST {SUBMIT}: success without a taskId", *DOUBT)
def a_submit_that_is_answered_without_an_id(scene: Scene) -> None:
    scene.fault("wrong-type", path=SUBMIT, value={"status": "success"})
    scene.buy()


@says(errors.TopviewSubmitUnknown, f"POST {SUBMIT}: at http://127.0.0.1:", "the connection failed or broke off", *DOUBT)
def a_submit_whose_answer_is_lost(scene: Scene) -> None:
    scene.fault("answer-lost-after-accept", path=SUBMIT)
    scene.buy()


@says(errors.TopviewSubmitUnknown, f"POST {SUBMIT}: an answer of more than 10485760 bytes", *DOUBT)
def an_answer_without_end(scene: Scene) -> None:
    scene.connect(scene.enter(Server(answering(b" " * 11_000_000))))
    scene.buy()


@says(
    errors.TopviewSubmitUnknown,
    f"POST {SUBMIT}: at http://127.0.0.1:",
    "timed out (connect_timeout 10 s, read_timeout 0.2 s)",
    *DOUBT,
)
def an_answer_that_comes_drop_by_drop(scene: Scene) -> None:
    scene.connect(scene.enter(Server(dripping(b"HTTP/1.1 200 OK\r\n\r\n"))), read_timeout=0.2)
    scene.buy()


@says(
    errors.TopviewInvalidRequest,
    f"POST {SUBMIT} answered HTTP 302: a redirect to https://new.example/api, not followed",
    "set the host of the connection to where the API is",
)
def a_host_that_has_moved(scene: Scene) -> None:
    scene.connect(scene.enter(Server(answering(b"", "302 Found", location="https://new.example/api"))))
    scene.buy()


@says(
    errors.TopviewPathNotFound,
    f"POST {GUESSED.submit} answered HTTP 404",
    "The path is uncertain; another spelling is ",
    "set it under 'paths' in the extra of the connection",
)
def a_path_that_is_a_guess_and_wrong(scene: Scene) -> None:
    scene.fault("status", path=GUESSED.submit, value=404)
    scene.hook().submit(GUESSED.name, {})


@says(errors.TopviewTaskTimeout, f"GET {QUERY}: none of 0 connections became free", "A retry, or clearing", task=True)
def a_deadline_at_which_every_connection_is_taken(scene: Scene) -> None:
    scene.monkeypatch.setattr("topview_provider.hooks.shared.POOL", 0)
    scene.connect(scene.service, connect_timeout=0.05, poll_interval=0.05)
    scene.buy(deferrable=True, timeout=0.2)


@says(errors.TopviewTaskTimeout, f"GET {QUERY}: the uid could not be asked for in time", "A retry, or", task=True)
def a_deadline_at_which_the_uid_is_not_known(scene: Scene) -> None:
    scene.monkeypatch.setattr("topview_provider.hooks.shared.POOL", 0)
    scene.connect(scene.service, login="", connect_timeout=0.05, poll_interval=0.05)
    scene.buy(deferrable=True, timeout=0.2)


@says(
    errors.TopviewUnavailable,
    f"POST {SUBMIT}: at http://127.0.0.1:",
    "(connection 'topview_default'), the connection was refused; nothing was sent",
)
def a_host_at_which_nobody_listens(scene: Scene) -> None:
    scene.connect(scene.enter(refused_port()))
    scene.buy()


@says(
    errors.TopviewUnavailable,
    f"POST {SUBMIT}: at https://no-such-host.invalid (connection 'topview_default'), the name of the host is unknown",
    "nothing was sent",
)
def a_host_that_does_not_exist(scene: Scene) -> None:
    scene.connect(Address("https://no-such-host.invalid"), trust_env=False)
    scene.buy()


@says(
    errors.TopviewUnavailable,
    "at http://127.0.0.1:",
    "through the proxy http://127.0.0.1:",
    "the connection was refused; nothing was sent",
)
def a_proxy_at_which_nobody_listens(scene: Scene) -> None:
    nobody = scene.enter(refused_port())
    scene.connect(scene.service, proxies={"http": nobody.url})
    scene.buy()


@says(
    errors.TopviewUnavailable,
    f"POST {SUBMIT}: at https://127.0.0.1:",
    "the certificate is not trusted (",
    "extra 'verify' may name the bundle",
)
def a_certificate_of_an_unknown_authority(scene: Scene) -> None:
    ours = make_authority(scene.folder)
    scene.connect(scene.enter(Server(answering(b""), tls=ours.server)))
    scene.buy()


@says(errors.TopviewUnavailable, f"GET {QUERY}: an answer with no result (topview_task_id 17)")
def a_query_that_is_answered_with_nothing(scene: Scene) -> None:
    scene.connect(scene.enter(Server(answering(b'{"code": "200"}', connection="close"))))
    scene.hook().query("video_avatar", "17")


@says(errors.TopviewUnavailable, f"GET {QUERY}: an answer with a result of type str (topview_task_id 17)")
def a_query_that_is_answered_with_a_text(scene: Scene) -> None:
    scene.connect(scene.enter(Server(answering(b'{"code": "200", "result": "soon"}', connection="close"))))
    scene.hook().query("video_avatar", "17")


@says(errors.TopviewUnavailable, "GET /v1/caption/list answered HTTP 502")
def a_list_that_is_answered_by_a_gateway(scene: Scene) -> None:
    scene.fault("status", path="/v1/caption/list", value=502, times=-1)
    scene.hook().list("caption_list")


@says(errors.TopviewInvalidRequest, "answered 4000: nobody answers there")
def a_callback_address_that_topview_refuses(scene: Scene) -> None:
    scene.fault("code", path="/notice/notice_url/check", value="4000", message="nobody answers there")
    scene.run(TopviewNoticeUrlCheckOperator(task_id="n", notice_url="https://me.example/hook"))


@dataclass(frozen=True)
class Key:
    """A service that answers with the key in clear."""

    url: str
    uid: str = "uid-1"
    api_key: str = "key-one-two-three"


@says(errors.TopviewInvalidRequest, "answered 4000: who is ***?")
def an_answer_that_repeats_the_key(scene: Scene) -> None:
    body = b'{"code": "4000", "message": "who is key-one-two-three?"}'
    scene.connect(Key(scene.enter(Server(answering(body))).url))
    scene.buy()
