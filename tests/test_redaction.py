"""What is read off foreign headers, and what may be shown of foreign texts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topview_provider.wire import redact_url, redacted, retry_after, scrub

KEY = "sk-very-secret"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("999999999", 86_400.0),
        ("9" * 5000, 86_400.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Thu, 31 Feb 2028 00:00:00 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Fri, 01 Jan 2999 00:00:00 GMT", 86_400.0),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date(value: str, seconds: float | None) -> None:
    assert retry_after({"RETRY-After": value}) == seconds


def test_a_retry_after_date_counts_from_now() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)

    assert retry_after({"Retry-After": date}) == pytest.approx(3600, abs=60)
    assert retry_after({}) is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://b.example/k.mp4?X-Amz-Signature=s", "https://b.example/k.mp4?…"),
        ("https://u:p@b.example:8443/k", "https://b.example:8443/k"),
        ("http://[::1]:99/a?b#c", "http://[::1]:99/a?…"),
        ("https://b.example/k#token", "https://b.example/k"),
        ("https://b.example:port/", "<unreadable URL>"),
        ("http://[bad", "<unreadable URL>"),
    ],
)
def test_a_url_is_shown_without_query_and_credentials(url: str, shown: str) -> None:
    assert redact_url(url) == shown


def test_a_foreign_text_is_shown_without_signatures_and_secrets_and_short() -> None:
    text = f"see HTTPS://b.example/k?sig=1 or 'http://u:p@h/x?y=1', key {KEY}"

    assert scrub(text, (KEY, "")) == "see https://b.example/k?… or 'http://h/x?…', key ***"
    assert len(scrub("a" * 10_000)) == 500


def test_an_answer_is_shown_without_signatures_and_without_what_is_named_like_a_secret() -> None:
    answer = {
        "status": "fail",
        "cost": 0.5,
        "items": [{"url": "https://b.example/k.mp4?X-Amz-Signature=s", "n": None}, "https://u:p@b.example/x#y"],
        "apiKey": "a",
        "Upload-TOKEN": ["b"],
        "client_secret": {"deep": "c"},
        "password": "d",
        "Authorization": "e",
        "x-signature": "f",
    }

    assert json.loads(redacted(answer)) == {
        "status": "fail",
        "cost": 0.5,
        "items": [{"url": "https://b.example/k.mp4?…", "n": None}, "https://b.example/x"],
        **dict.fromkeys(["apiKey", "Upload-TOKEN", "client_secret", "password", "Authorization", "x-signature"], "***"),
    }
    assert len(redacted({"rows": ["x" * 400] * 1000})) == 20_000
    assert redacted(None) == "null"


DATES = st.from_regex(r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT", fullmatch=True)


@given(value=st.text() | st.from_regex(r"[0-9]+", fullmatch=True) | DATES | st.datetimes().map(format_datetime))
def test_no_retry_after_a_server_may_send_raises(value: str) -> None:
    found = retry_after({"Retry-After": value})

    assert found is None or 0.0 <= found <= 86_400.0


@given(text=st.text() | st.text(":/?#[]@%.0a").map("http://{}".format))
def test_nothing_a_server_may_send_makes_the_redaction_raise(text: str) -> None:
    assert "#" not in redact_url(text)
    assert "?" not in redact_url(text).removesuffix("?…")
    assert len(scrub(text, (KEY,))) <= 500
