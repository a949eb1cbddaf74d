"""What TopView's answers mean: envelope, codes, HTTP statuses, and what an error says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from topview_provider import exceptions as errors
from topview_provider.wire import ABSENT, Call, accepted_id, interpret, lost

READ = Call("GET", "/v1/m2v/task/query", "topview_default", topview_task_id="t1")
SUBMIT = Call("POST", "/v1/m2v/task/submit", "topview_default", body={}, submits=True)
KEY = "sk-very-secret"


def envelope(code: Any = "200", message: Any = "Success", **rest: Any) -> bytes:
    return json.dumps({"code": code, "message": message, **rest}).encode()


def refused(call: Call, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> errors.TopviewError:
    with pytest.raises(errors.TopviewError) as caught:
        interpret(call, status, headers or {}, body, hide=(KEY,))
    return caught.value


# code -> what a read means by it; a submit means the same unless the second class says otherwise
CODES = {
    "400": (errors.TopviewUnavailable, errors.TopviewInvalidRequest),
    "401": (errors.TopviewAuthError, None),
    "403": (errors.TopviewAuthError, None),
    "404": (errors.TopviewUnavailable, errors.TopviewPathNotFound),
    "408": (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    "429": (errors.TopviewBusy, None),
    "500": (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    "503": (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    "302": (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    "4000": (errors.TopviewInvalidRequest, None),
    "4001": (errors.TopviewInvalidRequest, None),
    "4002": (errors.TopviewInvalidRequest, None),
    "4003": (errors.TopviewInvalidRequest, None),
    "4004": (errors.TopviewNotFound, None),
    "4005": (errors.TopviewInvalidRequest, None),
    "4006": (errors.TopviewInvalidRequest, None),
    "4007": (errors.TopviewBusy, None),
    "4012": (errors.TopviewInvalidRequest, None),
    "4022": (errors.TopviewInvalidRequest, None),
    "4100": (errors.TopviewInsufficientCredits, None),
    "5000": (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    "5001": (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    "5003": (errors.TopviewBusy, None),
    "5004": (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    "5005": (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    "5999": (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    "6001": (errors.TopviewContentRejected, None),
    "6999": (errors.TopviewContentRejected, None),
    "7000": (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    "201": (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    "0": (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    "ok": (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    "²²²²": (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
}
STATUSES = {
    101: (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    302: (errors.TopviewUnavailable, errors.TopviewInvalidRequest),
    400: (errors.TopviewUnavailable, errors.TopviewInvalidRequest),
    401: (errors.TopviewAuthError, None),
    403: (errors.TopviewAuthError, None),
    404: (errors.TopviewUnavailable, errors.TopviewPathNotFound),
    405: (errors.TopviewUnavailable, errors.TopviewInvalidRequest),
    407: (errors.TopviewUnavailable, errors.TopviewInvalidRequest),
    408: (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    413: (errors.TopviewUnavailable, errors.TopviewInvalidRequest),
    429: (errors.TopviewBusy, None),
    500: (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    502: (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    503: (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    599: (errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
}


@pytest.mark.parametrize(("code", "classes"), CODES.items())
def test_a_code_inside_http_200_says_what_to_do(code: str, classes: tuple[type, type | None]) -> None:
    on_read, on_submit = classes

    assert type(refused(READ, envelope(code, result=None))) is on_read
    assert type(refused(SUBMIT, envelope(code, result=None))) is (on_submit or on_read)


@pytest.mark.parametrize(("status", "classes"), STATUSES.items())
def test_an_http_status_says_what_to_do(status: int, classes: tuple[type, type | None]) -> None:
    on_read, on_submit = classes

    assert type(refused(READ, b"<html>", status)) is on_read
    assert type(refused(SUBMIT, b"<html>", status)) is (on_submit or on_read)


@pytest.mark.parametrize(
    ("status", "code", "on_read", "on_submit"),
    [
        (400, "4100", errors.TopviewInsufficientCredits, errors.TopviewInsufficientCredits),
        (400, "5000", errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
        (400, "400", errors.TopviewUnavailable, errors.TopviewInvalidRequest),
        (400, "401", errors.TopviewAuthError, errors.TopviewAuthError),
        (400, "500", errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
        (401, "500", errors.TopviewAuthError, errors.TopviewAuthError),
        (404, "404", errors.TopviewUnavailable, errors.TopviewPathNotFound),
        (404, "4000", errors.TopviewInvalidRequest, errors.TopviewInvalidRequest),
        (404, "4004", errors.TopviewNotFound, errors.TopviewNotFound),
        (404, "5000", errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
        (404, "strange", errors.TopviewUnavailable, errors.TopviewPathNotFound),
        (302, "4000", errors.TopviewUnavailable, errors.TopviewInvalidRequest),
        (500, "401", errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
        (400, "200", errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
        (500, "4000", errors.TopviewInvalidRequest, errors.TopviewSubmitUnknown),
        (500, "4007", errors.TopviewBusy, errors.TopviewSubmitUnknown),
        (500, "strange", errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
        (503, "200", errors.TopviewUnavailable, errors.TopviewSubmitUnknown),
    ],
)
def test_an_envelope_behind_an_http_error_is_read(status: int, code: str, on_read: type, on_submit: type) -> None:
    assert type(refused(READ, envelope(code), status)) is on_read
    assert type(refused(SUBMIT, envelope(code), status)) is on_submit


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502</html>",
        b"[]",
        b'"200"',
        b"null",
        b'{"code": "200", "resu',
        b"{}",
        b'{"code": null}',
        b"\xff\xfe",
    ],
)
def test_an_answer_that_is_no_envelope_leaves_a_submit_unknown(body: bytes) -> None:
    read = refused(READ, body)

    assert type(read) is errors.TopviewUnavailable
    assert "not TopView's envelope" in str(read)
    assert type(refused(SUBMIT, body)) is errors.TopviewSubmitUnknown


@pytest.mark.parametrize("code", ["200", 200, " 200 "])
@pytest.mark.parametrize("result", [{"a": 1}, [1], True, "text", None])
def test_success_is_code_200_as_text_or_number(code: Any, result: Any) -> None:
    assert interpret(READ, 200, {}, envelope(code, result=result)) == result


def test_a_missing_result_is_not_the_same_as_none() -> None:
    assert interpret(READ, 200, {}, envelope()) is ABSENT


def test_an_error_names_call_code_message_and_task_and_keeps_them() -> None:
    error = refused(READ, envelope("4000", "seedance supports: 480, 720."), headers={"retry-after": "7"})

    said = "GET /v1/m2v/task/query answered 4000: seedance supports: 480, 720. (topview_task_id t1)"
    assert str(error) == f"{said}; it asks to wait 7 s"
    assert (error.code, error.topview_task_id, error.retry_after) == ("4000", "t1", 7.0)


def test_an_error_says_what_to_do_about_it() -> None:
    assert "of the Airflow connection 'topview_default'" in str(refused(READ, envelope("401")))
    assert "top up the API credits" in str(refused(SUBMIT, envelope("4100")))
    assert "change the input" in str(refused(SUBMIT, envelope("6001")))
    assert "look at the task list or the credit log" in str(refused(SUBMIT, b"", 500))


def test_an_uncertain_path_names_its_other_spelling() -> None:
    for guess in (Call("POST", "/v1/a", alternatives=("/v2/a",), submits=submits) for submits in (True, False)):
        missing = refused(guess, b"<html>", 404)
        assert type(missing) is errors.TopviewPathNotFound
        assert "another spelling is /v2/a: set it under 'paths'" in str(missing)
        assert "spelling" not in str(refused(guess, b"", 400))


@pytest.mark.parametrize("where", ["message", "code"])
def test_the_key_and_signed_urls_are_shown_from_no_part_of_an_answer(where: str) -> None:
    said = f"{KEY} https://b.example/k?X-Amz-Signature=s " + "x" * 100_000
    body = envelope(**{"code": "4000", "message": "m", where: said})

    for call, answer, status in ((READ, body, 200), (SUBMIT, body, 500), (READ, said.encode(), 200)):
        text = str(refused(call, answer, status))
        assert KEY not in text
        assert "Signature" not in text
        assert len(text) < 1000


def test_a_redirect_is_named_without_its_query() -> None:
    error = refused(READ, b"", 302, {"Location": "https://u:p@other.example/login?token=1"})

    assert "a redirect to https://other.example/login?… not followed; set the host of the connection" in str(error)


@pytest.mark.parametrize(
    ("result", "found"), [({"taskId": "abc"}, "abc"), ({"taskId": 5, "status": "init"}, "5"), ({"taskId": " a "}, "a")]
)
def test_an_accepted_submit_has_an_id(result: Any, found: str) -> None:
    assert accepted_id(SUBMIT, result, "taskId") == found


@pytest.mark.parametrize(
    "result", [ABSENT, None, [], True, "abc", {}, *({"taskId": x} for x in (None, "", " ", True, 1.5, ["a"], {}))]
)
def test_success_without_an_id_is_unknown(result: Any) -> None:
    with pytest.raises(errors.TopviewSubmitUnknown, match="success without a taskId"):
        accepted_id(SUBMIT, result, "taskId")


@pytest.mark.parametrize("word", ["fail", "FAILED", " failure ", "Error"])
def test_a_submit_that_failed_at_once_says_why_and_is_not_unknown(word: str) -> None:
    answer = {"taskId": "abc", "status": word, "errorMsg": "no such face in https://b.example/k?sig=1"}

    with pytest.raises(errors.TopviewTaskFailed, match=r"no such face in https://b.example/k\?…$"):
        accepted_id(SUBMIT, answer, "taskId")


def test_a_lost_submit_is_unknown_only_if_it_was_sent() -> None:
    assert type(lost(SUBMIT, "cut")) is errors.TopviewSubmitUnknown
    assert type(lost(SUBMIT, "cut", sent=False)) is errors.TopviewUnavailable
    assert str(lost(SUBMIT, "cut", sent=False)).endswith("cut; nothing was sent")
    assert str(lost(READ, "cut")) == "GET /v1/m2v/task/query: cut (topview_task_id t1)"


@pytest.mark.parametrize("value", [float("nan"), object(), {1: {2, 3}}])
def test_a_body_that_json_cannot_hold_is_refused_before_it_is_sent(value: Any) -> None:
    with pytest.raises(errors.TopviewInvalidRequest, match="POST /x: the body cannot be written as JSON"):
        Call("POST", "/x", body={"a": value}).payload()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
ENVELOPES = st.fixed_dictionaries({}, optional={"code": JSON | st.just("200"), "message": JSON, "result": JSON})


@given(
    body=st.binary() | JSON.map(json.dumps).map(str.encode) | ENVELOPES.map(json.dumps).map(str.encode),
    status=st.integers(100, 599) | st.just(200),
    call=st.sampled_from([READ, SUBMIT]),
)
@example(body=b'{"code": "200", "result": {"taskId": "x"}', status=200, call=SUBMIT)
@example(body=b"[" * 100_000, status=200, call=READ)
@example(body=b'{"code": ' + b"9" * 5000 + b"}", status=200, call=READ)
def test_no_bytes_a_server_may_send_are_taken_for_a_success_or_raise_anything_else(
    body: bytes, status: int, call: Call
) -> None:
    try:
        interpret(call, status, {}, body, hide=(KEY,))
    except errors.TopviewError as error:
        assert not (call.submits and type(error) is errors.TopviewUnavailable)  # noqa: PT017
    else:
        assert str(json.loads(body)["code"]).strip() == "200"
        assert 200 <= status < 300
