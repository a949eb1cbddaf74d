"""Errors about the Airflow connection, before anything is sent."""

from __future__ import annotations

import json
from typing import Any

from airflow.providers.common.compat.sdk import BaseHook, Connection

from tests.lines import LINE
from topview_provider.exceptions import TopviewConnectionInvalid, TopviewUnavailable

from . import Scene, says

CONN = "Connection 'topview_default' "


def with_connection(scene: Scene, **words: Any) -> None:
    """Buy over a connection that is not as it should be."""
    value = {"conn_type": "topview", "login": "uid-1", "password": "key-one-two-three", **words}
    scene.monkeypatch.setenv("AIRFLOW_CONN_TOPVIEW_DEFAULT", json.dumps(value))
    scene.elsewhere = True
    scene.buy()


def with_stored(scene: Scene, extra: str) -> None:
    """Buy over a connection with an extra that an older Airflow, or a hand in the database, may have stored."""
    odd = Connection(conn_id="topview_default", conn_type="topview", password="key-one-two-three")
    setattr(odd, "extra" if LINE >= (3, 0) else "_extra", extra)  # the older one refuses it
    scene.monkeypatch.setattr(BaseHook, "get_connection", lambda _: odd)
    scene.elsewhere = True
    scene.buy()


@says(
    TopviewConnectionInvalid,
    "Airflow has no connection 'topview_default'. Add it in the UI (Admin, Connections, type TopView) or with: ",
    "airflow connections add topview_default --conn-type topview --conn-login <Topview-Uid> --conn-password <API key>",
)
def a_connection_that_is_missing(scene: Scene) -> None:
    scene.elsewhere = True
    scene.buy()


@says(TopviewConnectionInvalid, CONN, "is of type http, not topview; nothing was sent")
def a_connection_of_another_type(scene: Scene) -> None:
    with_connection(scene, conn_type="http")


@says(TopviewUnavailable, "Airflow cannot read its connection 'topview_default' right now: ConnectionError")
def an_airflow_that_cannot_be_asked_for_it(scene: Scene) -> None:
    def away(_: str) -> Any:
        raise ConnectionError("the API server restarts")

    scene.monkeypatch.setattr(BaseHook, "get_connection", away)
    scene.elsewhere = True
    scene.buy()


@says(TopviewConnectionInvalid, CONN, "has no password; it must hold the API key")
def a_connection_without_a_key(scene: Scene) -> None:
    with_connection(scene, password="")


@says(TopviewConnectionInvalid, CONN, "has a password with characters that no HTTP header takes; copy it anew")
def a_key_with_odd_characters(scene: Scene) -> None:
    with_connection(scene, password="key‑one")


@says(TopviewConnectionInvalid, CONN, "has a login with characters that no HTTP header takes; copy it anew")
def a_uid_with_odd_characters(scene: Scene) -> None:
    with_connection(scene, login="uid\n1")


@says(TopviewConnectionInvalid, CONN, "has an extra that is not JSON")
def an_extra_that_is_no_json(scene: Scene) -> None:
    with_stored(scene, "{")


@says(TopviewConnectionInvalid, CONN, "has an extra that is not a JSON object")
def an_extra_that_is_no_object(scene: Scene) -> None:
    with_stored(scene, "[1]")


@says(TopviewConnectionInvalid, CONN, "extra 'trust_env' is 'maybe'; it must be true or false")
def a_switch_of_the_extra_that_is_neither_true_nor_false(scene: Scene) -> None:
    with_connection(scene, extra={"trust_env": "maybe"})


@says(TopviewConnectionInvalid, CONN, "extra 'read_timeout' is 'soon'; it must be a number of seconds, above 0")
def a_time_out_that_is_no_number(scene: Scene) -> None:
    with_connection(scene, extra={"read_timeout": "soon"})


@says(TopviewConnectionInvalid, CONN, "extra 'max_rps' is -1; it must be a number of requests per second, 0 or more")
def a_rate_below_zero(scene: Scene) -> None:
    with_connection(scene, extra={"max_rps": -1})


@says(TopviewConnectionInvalid, CONN, "extra 'proxies' must be an object such as {'https': 'http://host:3128'}")
def proxies_that_are_no_object(scene: Scene) -> None:
    with_connection(scene, extra={"proxies": "http://proxy:3128"})


@says(TopviewConnectionInvalid, CONN, "proxy 'socks5://proxy:1080' must start with http:// or https://")
def a_proxy_that_is_no_web_address(scene: Scene) -> None:
    with_connection(scene, extra={"proxy": "socks5://user:secret@proxy:1080"})


@says(TopviewConnectionInvalid, CONN, "extra 'paths' must look like {'<family>': {'submit': '/v1/...'}}")
def paths_of_another_shape(scene: Scene) -> None:
    with_connection(scene, extra={"paths": {"video_avatar": {"submit": "v1/x"}}})


@says(
    TopviewConnectionInvalid, CONN, "has the host 'ftp://api.example'; it must be a base URL like https://api.topview"
)
def a_host_that_is_no_base_url(scene: Scene) -> None:
    with_connection(scene, host="ftp://api.example")


@says(
    TopviewConnectionInvalid,
    CONN,
    "would send the API key in clear to http://api.example",
    "use https, or set extra 'allow_http': true",
)
def a_host_without_tls(scene: Scene) -> None:
    with_connection(scene, host="http://api.example")


@says(
    TopviewConnectionInvalid, CONN, "cannot verify TLS with the CA bundle '/no/such.pem'", "No such file or directory"
)
def a_bundle_of_authorities_that_is_missing(scene: Scene) -> None:
    with_connection(scene, extra={"verify": "/no/such.pem"})


@says(TopviewConnectionInvalid, CONN, "cannot verify TLS with the CA bundle", "it holds no certificates")
def a_bundle_of_authorities_that_holds_none(scene: Scene) -> None:
    with_connection(scene, extra={"verify": str(scene.file("empty.pem"))})
