"""What an Airflow connection says: every form of host, every default, and every refusal in words."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from topview_provider.exceptions import TopviewConnectionInvalid, TopviewUnavailable
from topview_provider.hooks.settings import DEFAULT_HOST, Settings, read_settings
from topview_provider.wire import Call

KEY = "sk-very-secret"
Reader = Callable[..., Settings]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Return a function that stores a connection in the environment, as JSON or as a URI, and reads it."""

    def reader(uri: str = "", *, extra: Any = None, **fields: Any) -> Settings:
        value: dict[str, Any] = {"conn_type": "topview", "login": "uid-1", "password": KEY, **fields}
        if extra is not None:
            value["extra"] = extra
        monkeypatch.setenv("AIRFLOW_CONN_TV", uri or json.dumps(value))
        return read_settings("tv")

    return reader


def refusal(read: Reader, **fields: Any) -> str:
    with pytest.raises(TopviewConnectionInvalid) as caught:
        read(**fields)
    text = str(caught.value)
    assert text.startswith("Connection 'tv' ")
    assert KEY not in text
    return text


def test_a_connection_of_uid_and_key_is_enough(read: Reader) -> None:
    settings = read()

    assert settings == Settings("tv", DEFAULT_HOST, "uid-1", KEY)
    assert (settings.connect_timeout, settings.read_timeout) == (10, 60)
    assert (settings.verify, settings.trust_env, settings.ca()) == (True, True, True)


@pytest.mark.parametrize(
    ("fields", "base_url"),
    [
        ({"host": None}, "https://api.topview.ai"),
        ({"host": ""}, "https://api.topview.ai"),
        ({"host": "api.example"}, "https://api.example"),
        ({"host": " https://api.example/ "}, "https://api.example"),
        ({"host": "https://api.example/topview/"}, "https://api.example/topview"),
        ({"host": "https://api.example:8443/topview"}, "https://api.example:8443/topview"),
        ({"host": "api.example", "port": 8443}, "https://api.example:8443"),
        ({"host": "https://api.example/topview", "port": 8443}, "https://api.example:8443/topview"),
        ({"host": "https://api.example:8443", "port": 1}, "https://api.example:8443"),
        ({"host": "http://127.0.0.1:8099"}, "http://127.0.0.1:8099"),
        ({"host": "127.0.0.1", "port": 8099, "schema": "http"}, "http://127.0.0.1:8099"),
        ({"host": "localhost", "schema": "http"}, "http://localhost"),
        ({"host": "http://[::1]:8099"}, "http://[::1]:8099"),
        ({"host": "api.example", "schema": "https"}, "https://api.example"),
        ({"uri": f"topview://uid-1:{KEY}@api.example:8443"}, "https://api.example:8443"),
        ({"uri": f"topview://uid-1:{KEY}@api.example/https"}, "https://api.example"),
        ({"uri": f"topview://uid-1:{KEY}@https%3A%2F%2Fapi.example%2Ftopview"}, "https://api.example/topview"),
        ({"uri": f"topview://uid-1:{KEY}@"}, "https://api.topview.ai"),
    ],
)
def test_every_form_of_host_becomes_a_base_url(read: Reader, fields: dict[str, Any], base_url: str) -> None:
    settings = read(**fields)

    assert settings.base_url == base_url
    assert (settings.uid, settings.api_key) == ("uid-1", KEY)


@pytest.mark.parametrize(
    "host",
    [
        "ftp://api.example",
        "https://",
        "https://api.example?a=b",
        "https://api.example#a",
        "https://[bad",
        "https://u:p@api.example",
        "https://:p@api.example",
        "https://api.example:port",
        "https://api.example:0",
        "https://a b.example",
        "https://api.\nexample",
    ],
)
def test_a_host_that_is_no_base_url_is_refused(read: Reader, host: str) -> None:
    assert "it must be a base URL like https://api.topview.ai" in refusal(read, host=host)


@pytest.mark.parametrize("host", ["http://api.example", "http://10.0.0.1", "http://127.0.0.1.example", "http://[::2]"])
def test_the_key_is_not_sent_in_clear_unless_allowed(read: Reader, host: str) -> None:
    assert "would send the API key in clear" in refusal(read, host=host)
    assert read(host=host, extra={"allow_http": "true"}).base_url == host


def test_a_plain_http_host_named_by_its_schema_is_refused_too(read: Reader) -> None:
    assert "use https, or set extra 'allow_http': true" in refusal(read, host="api.example", schema="http")


@pytest.mark.parametrize("password", [None, "", "   "])
def test_a_connection_without_a_key_is_refused(read: Reader, password: str | None) -> None:
    assert "has no password; it must hold the API key" in refusal(read, password=password)


@pytest.mark.parametrize("text", ["two\nlines", "two\rlines", "schlüssel", "a\x00b"])
@pytest.mark.parametrize("name", ["login", "password"])
def test_a_key_or_uid_that_no_header_takes_is_refused_and_not_shown(read: Reader, name: str, text: str) -> None:
    said = refusal(read, **{name: text})

    assert f"has a {name} with characters that no HTTP header takes" in said
    assert text not in said


def test_blanks_around_key_and_uid_are_dropped(read: Reader) -> None:
    settings = read(login=" uid-1 ", password=f" {KEY}\n")

    assert settings.headers() == {
        "Authorization": f"Bearer {KEY}",
        "Topview-Uid": "uid-1",
        "Accept-Encoding": "identity",
    }


def test_an_empty_login_sends_no_uid(read: Reader) -> None:
    settings = read(login=None)

    assert "Topview-Uid" not in settings.headers()
    assert settings.headers("asked")["Topview-Uid"] == "asked"


def test_every_extra_is_read_from_text_as_well_as_from_its_own_type(read: Reader) -> None:
    paths = {"scraper": {"submit": "/v9/scraper", "query": "/v9/query"}}
    said = {"connect_timeout": 3, "read_timeout": 7.5, "trust_env": False, "verify": False, "poll_interval": 0}
    own = read(extra={**said, "paths": paths, "proxy": "http://proxy:3128"})
    text = read(
        extra={**{key: str(value) for key, value in said.items()}, "paths": paths, "proxy": "http://proxy:3128"}
    )

    assert own == text
    assert (own.connect_timeout, own.read_timeout, own.trust_env, own.verify) == (3, 7.5, False, False)
    assert own.path("scraper", "submit", "/v1/scraper") == "/v9/scraper"
    assert own.path("scraper", "path", "/other") == "/other"
    assert own.proxies == {"http": "http://proxy:3128", "https": "http://proxy:3128"}


def test_empty_extras_of_the_form_mean_the_default(read: Reader) -> None:
    empty = dict.fromkeys(
        ["connect_timeout", "read_timeout", "poll_interval", "max_rps", "proxy", "verify", "trust_env"]
    )

    assert read(extra=empty) == read(extra=dict.fromkeys(empty, "")) == read()


@pytest.mark.parametrize("name", ["connect_timeout", "read_timeout"])
@pytest.mark.parametrize("value", ["soon", -1, 0, "nan", "inf", 1e9, [1]])
def test_a_time_out_that_is_no_time_is_refused(read: Reader, name: str, value: Any) -> None:
    if value == "inf":
        value = float("inf")
    said = refusal(read, extra={name: str(value) if isinstance(value, float) else value})

    assert f"extra {name!r} is " in said
    assert "it must be a number of seconds, above 0" in said


@pytest.mark.parametrize(("name", "unit"), [("poll_interval", "seconds"), ("max_rps", "requests per second")])
@pytest.mark.parametrize("value", ["soon", -1, "nan", 1e9, [1]])
def test_a_pace_that_is_none_is_refused(read: Reader, name: str, unit: str, value: Any) -> None:
    assert f"it must be a number of {unit}, 0 or more" in refusal(read, extra={name: value})


@pytest.mark.parametrize("value", ["adaptive", " Adaptive ", "0", 0, "", None])
def test_a_pace_that_nobody_fixes_may_be_spelled_as_operators_spell_it(read: Reader, value: Any) -> None:
    assert read(extra={"poll_interval": value}) == read()


def test_a_pace_that_is_none_is_told_how_to_leave_it_to_us(read: Reader) -> None:
    assert refusal(read, extra={"poll_interval": "fast"}).endswith(
        "extra 'poll_interval' is 'fast'; it must be a number of seconds, 0 or more, or 'adaptive'"
    )


@pytest.mark.parametrize("name", ["trust_env", "allow_http", "list_polling"])
def test_a_switch_that_is_neither_true_nor_false_is_refused(read: Reader, name: str) -> None:
    assert f"extra {name!r} is 'maybe'; it must be true or false" in refusal(read, extra={name: "maybe"})


@pytest.mark.parametrize("extra", ["not json", "[1]", '"text"'])
def test_an_extra_that_is_no_object_is_refused(extra: str) -> None:
    from airflow.models import Connection

    conn = Connection(conn_id="tv", conn_type="topview", password=KEY)
    conn._extra = extra  # what an older Airflow, or a hand in the database, may have stored

    with pytest.raises(TopviewConnectionInvalid, match="has an extra that is not"):
        Settings.from_connection(conn)


@pytest.mark.parametrize("proxy", ["socks5://h:1", "h:3128", "http://", "http://[bad", "http://u:secret@h:port"])
def test_a_proxy_that_is_no_web_address_is_refused_without_its_password(read: Reader, proxy: str) -> None:
    for extra in ({"proxy": proxy}, {"proxies": {"https": proxy}}):
        said = refusal(read, extra=extra)
        assert "must start with http:// or https://" in said
        assert "secret" not in said


def test_proxies_that_are_no_object_are_refused(read: Reader) -> None:
    assert "extra 'proxies' must be an object" in refusal(read, extra={"proxies": "http://h:1"})


@pytest.mark.parametrize(
    "paths",
    ["/v1/x", ["/v1/x"], {"scraper": "/v1/x"}, {"scraper": ["/v1/x"]}]
    + [{"scraper": {"submit": path}} for path in ("v1/x", "@evil.example/v1", ".evil.example", "", None, 5)],
)
def test_paths_of_another_shape_are_refused_since_they_could_lead_to_another_host(read: Reader, paths: Any) -> None:
    assert "extra 'paths' must look like {'<family>': {'submit': '/v1/...'}}" in refusal(read, extra={"paths": paths})


@pytest.mark.parametrize("by", ["verify", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_ca_bundle_that_cannot_be_used_is_refused(
    read: Reader, by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate\n")
    for bundle, reason in ((tmp_path / "missing.pem", "No such file"), (empty, "it holds no certificates")):
        if by != "verify":
            monkeypatch.setenv(by, str(bundle))
        said = refusal(read, extra={"verify": str(bundle)} if by == "verify" else None)
        assert f"cannot verify TLS with the CA bundle {str(bundle)!r}" in said
        assert reason in said


def test_the_bundle_of_the_environment_counts_only_where_it_is_trusted(
    read: Reader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))

    assert read().ca() == str(tmp_path)
    assert read(extra={"trust_env": False}).ca() is True
    assert read(extra={"verify": False}).ca() is False


def test_switching_verification_off_is_warned_about(read: Reader, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    read(extra={"verify": "false"})

    assert ["switches TLS verification off" in record.getMessage() for record in caplog.records] == [True]


def test_a_missing_connection_shows_the_line_that_adds_it() -> None:
    with pytest.raises(TopviewConnectionInvalid) as caught:
        read_settings("not_there")

    line = "airflow connections add not_there --conn-type topview --conn-login <Topview-Uid> --conn-password <API key>"
    assert line in str(caught.value)


def test_an_airflow_that_cannot_be_asked_is_a_passing_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.common.compat.sdk import BaseHook

    def away(_conn_id: str) -> Any:
        raise ConnectionError(f"http://user:{KEY}@metadata.example is away")

    monkeypatch.setattr(BaseHook, "get_connection", away)
    with pytest.raises(
        TopviewUnavailable, match="cannot read its connection 'tv' right now: ConnectionError"
    ) as caught:
        read_settings("tv")
    assert KEY not in str(caught.value)


def test_the_key_and_the_proxy_are_not_in_the_repr(read: Reader) -> None:
    shown = repr(read(extra={"proxy": "http://u:secret@proxy:3128"}))

    assert KEY not in shown
    assert "secret" not in shown


def test_a_url_holds_the_path_prefix_and_an_encoded_query(read: Reader) -> None:
    call = Call("GET", "/v1/x", params={"name": "a b&c", "on": "true"})

    assert read(host="https://api.example/topview/").url(call) == (
        "https://api.example/topview/v1/x?name=a+b%26c&on=true"
    )
    assert read().url(Call("POST", "/v1/x", body={})) == "https://api.topview.ai/v1/x"
