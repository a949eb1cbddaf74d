"""What an Airflow connection says about how to reach TopView, read once and the same for both doors."""

from __future__ import annotations

import ipaddress
import logging
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from topview_provider.compat import mask_secret
from topview_provider.exceptions import TopviewConnectionInvalid, TopviewUnavailable
from topview_provider.pacing import ADAPTIVE
from topview_provider.wire import Call, redact_url

CONN_TYPE = "topview"
DEFAULT_HOST = "https://api.topview.ai"
USUAL_PORTS = {"http": 80, "https": 443}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """
    Hold what both doors need to send a request.

    :param conn_id: Name of the Airflow connection, for messages.
    :param base_url: Base URL without a trailing slash; a path prefix is allowed.
    :param uid: ``Topview-Uid``; may be empty, the hook then asks TopView for it.
    :param api_key: The bearer key; never shown.
    :param connect_timeout: Seconds to establish a connection.
    :param read_timeout: Seconds to wait for an answer.
    :param proxies: Proxy URL by scheme of the target; the connection's own.
    :param verify: True, False, or the path of a CA bundle.
    :param trust_env: Proxies, NO_PROXY and the CA bundle of the environment count; nothing else of it does.
    :param paths: Overridden paths: ``{"<family>": {"submit": ..., "query": ...}}``, ``{"<list>": {"path": ...}}``.
    :param poll_interval: Seconds between polls for operators that name none; 0: ``adaptive``.
    :param max_rps: Requests per second of one process in the triggerer; 0: no limit.
    :param list_polling: The triggerer asks a list for many tasks at once, where TopView shows them in one.
    """

    conn_id: str
    base_url: str
    uid: str
    api_key: str = field(repr=False)
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)
    verify: bool | str = True
    trust_env: bool = True
    paths: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    poll_interval: float = 0.0
    max_rps: float = 10.0
    list_polling: bool = False

    @classmethod
    def from_connection(cls, conn: Any) -> Settings:
        """
        Read an Airflow connection.

        :param conn: The connection: login, password, host, schema, port and extra.
        :raises TopviewConnectionInvalid: It lacks the key or holds something unusable or unsafe.
        """
        if conn.conn_type and conn.conn_type != CONN_TYPE:
            raise _invalid(conn.conn_id, f"is of type {conn.conn_type}, not {CONN_TYPE}; nothing was sent")
        read = _Extra(conn.conn_id, _extra(conn))
        uid, api_key = _login(conn)
        base_url = _base_url(conn)
        _refuse_plain_http(conn.conn_id, base_url, read.truth("allow_http", False))
        if read.verify() is False:
            log.warning("Connection %r switches TLS verification off (verify: false).", conn.conn_id)
        settings = cls(
            conn_id=conn.conn_id,
            base_url=base_url,
            uid=uid,
            api_key=api_key,
            connect_timeout=read.number("connect_timeout", 10.0, "seconds", zero=False),
            read_timeout=read.number("read_timeout", 60.0, "seconds", zero=False),
            proxies=read.proxies(),
            verify=read.verify(),
            trust_env=read.truth("trust_env", True),
            paths=read.paths(),
            poll_interval=read.pace("poll_interval"),
            max_rps=read.number("max_rps", 10.0, "requests per second"),
            list_polling=read.truth("list_polling", False),
        )
        _refuse_unusable_ca(conn.conn_id, settings.ca())
        return settings

    def url(self, call: Call) -> str:
        """Return the full URL of a call, its query string included."""
        return f"{self.base_url}{call.path}" + (f"?{urlencode(call.params)}" if call.params else "")

    def headers(self, uid: str | None = None) -> dict[str, str]:
        """Return the headers that prove who we are, for the API host only."""
        proof = {"Authorization": f"Bearer {self.api_key}", "Accept-Encoding": "identity"}
        known = self.uid if uid is None else uid
        return {**proof, "Topview-Uid": known} if known else proof

    def path(self, name: str, key: str, default: str) -> str:
        """Return a path of the table, or what the connection's extra says instead."""
        return self.paths.get(name, {}).get(key) or default

    def proxy_for(self, url: str) -> str | None:
        """Return the proxy for a URL: the connection's own, else the environment's unless NO_PROXY covers the host."""
        from requests.utils import get_environ_proxies, select_proxy

        own = select_proxy(url, dict(self.proxies))
        if own or not self.trust_env:
            return own
        return select_proxy(url, get_environ_proxies(url))

    def ca(self) -> bool | str:
        """Return what to verify TLS with: False, True, or the path of a CA bundle."""
        if self.verify is True and self.trust_env:
            return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        return self.verify


@dataclass(frozen=True, slots=True)
class _Extra:
    """Read typed values from the extra of a connection, with errors that name connection and key."""

    conn_id: str
    values: Mapping[str, Any]

    def truth(self, key: str, default: bool) -> bool:
        text = str(self.values.get(key, "")).strip().lower()
        if text in ("", "none"):
            return default
        if text not in ("true", "false", "1", "0"):
            raise _invalid(self.conn_id, f"extra {key!r} is {self.values[key]!r}; it must be true or false")
        return text in ("true", "1")

    def pace(self, key: str) -> float:
        text = str(self.values.get(key, "")).strip().lower()
        return 0.0 if text == ADAPTIVE else self.number(key, 0.0, "seconds", other=f", or {ADAPTIVE!r}")

    def number(self, key: str, default: float, unit: str, *, zero: bool = True, other: str = "") -> float:
        value = self.values.get(key)
        if value in (None, ""):
            return default
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = -1.0
        if not 0 <= number <= 86_400 or (number == 0 and not zero):
            least = "0 or more" if zero else "above 0"
            raise _invalid(self.conn_id, f"extra {key!r} is {value!r}; it must be a number of {unit}, {least}{other}")
        return number

    def verify(self) -> bool | str:
        value = self.values.get("verify")
        if isinstance(value, str) and value.strip().lower() not in ("", "true", "false", "1", "0"):
            return value
        return self.truth("verify", True)

    def proxies(self) -> dict[str, str]:
        found = self.values.get("proxies") or {}
        if not isinstance(found, Mapping):
            raise _invalid(self.conn_id, "extra 'proxies' must be an object such as {'https': 'http://host:3128'}")
        one = self.values.get("proxy")
        proxies = {"http": str(one), "https": str(one)} if one else {str(k): str(v) for k, v in found.items() if v}
        for url in proxies.values():
            if not _is_web_address(url):
                raise _invalid(self.conn_id, f"proxy {redact_url(url)!r} must start with http:// or https://")
        return proxies

    def paths(self) -> dict[str, dict[str, str]]:
        found = self.values.get("paths") or {}
        rows = list(found.values()) if isinstance(found, Mapping) else [found]
        paths = [path for row in rows for path in (row.values() if isinstance(row, Mapping) else [None])]
        # Without its slash a path would go on with the host's name, and the key would travel to another host.
        if not all(isinstance(path, str) and path.startswith("/") for path in paths):
            raise _invalid(self.conn_id, "extra 'paths' must look like {'<family>': {'submit': '/v1/...'}}")
        return {str(name): {str(k): v for k, v in row.items()} for name, row in found.items()}


def read_settings(conn_id: str) -> Settings:
    """
    Read a connection of Airflow; blocks, so never call it on an event loop.

    :param conn_id: Name of the connection.
    :raises TopviewConnectionInvalid: It is missing or unusable.
    :raises TopviewUnavailable: Airflow cannot be asked for it.
    """
    from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

    try:
        conn = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise missing_connection(conn_id) from None
    except Exception as error:
        kind = type(error).__name__
        raise TopviewUnavailable(f"Airflow cannot read its connection {conn_id!r} right now: {kind}") from error
    settings = Settings.from_connection(conn)
    for secret in (settings.api_key, *(urlsplit(proxy).password for proxy in settings.proxies.values())):
        if secret:
            mask_secret(secret)
    return settings


def missing_connection(conn_id: str) -> TopviewConnectionInvalid:
    """Return the error for a connection that Airflow does not know, with the line that adds it."""
    return TopviewConnectionInvalid(
        f"Airflow has no connection {conn_id!r}. Add it in the UI (Admin, Connections, type TopView) or with: "
        f"airflow connections add {conn_id} --conn-type topview --conn-login <Topview-Uid> --conn-password <API key>"
    )


def _invalid(conn_id: str, what: str) -> TopviewConnectionInvalid:
    return TopviewConnectionInvalid(f"Connection {conn_id!r} {what}")


def _extra(conn: Any) -> Mapping[str, Any]:
    import json

    try:
        found = json.loads(conn.extra) if conn.extra else {}
    except ValueError:
        raise _invalid(conn.conn_id, "has an extra that is not JSON") from None
    if not isinstance(found, Mapping):
        raise _invalid(conn.conn_id, "has an extra that is not a JSON object")
    return found


def _login(conn: Any) -> tuple[str, str]:
    uid, api_key = (conn.login or "").strip(), (conn.password or "").strip()
    if not api_key:
        raise _invalid(conn.conn_id, "has no password; it must hold the API key")
    for name, text in (("password", api_key), ("login", uid)):
        if not (text.isascii() and text.isprintable()):
            raise _invalid(conn.conn_id, f"has a {name} with characters that no HTTP header takes; copy it anew")
    return uid, api_key


def _base_url(conn: Any) -> str:
    host = (conn.host or DEFAULT_HOST).strip()
    if "://" not in host:
        host = f"{conn.schema if conn.schema in ('http', 'https') else 'https'}://{host}"
    host = host.rstrip("/")
    if not _is_web_address(host) or any(mark in host for mark in "@?# "):
        raise _invalid(conn.conn_id, f"has the host {redact_url(host)!r}; it must be a base URL like {DEFAULT_HOST}")
    parts = urlsplit(host)
    # The usual port says nothing new: with it, records of what was paid for would name another host.
    if conn.port and parts.port is None and conn.port != USUAL_PORTS[parts.scheme]:
        host = host.replace(parts.netloc, f"{parts.netloc}:{conn.port}", 1)
    return host


def _refuse_plain_http(conn_id: str, base_url: str, allowed: bool) -> None:
    parts = urlsplit(base_url)
    if parts.scheme == "https" or allowed or _is_loopback(parts.hostname or ""):
        return
    raise _invalid(
        conn_id,
        f"would send the API key in clear to {redact_url(base_url)}; use https, or set extra 'allow_http': true",
    )


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and url.isprintable()
    except ValueError:
        return False


def _refuse_unusable_ca(conn_id: str, ca: bool | str) -> None:
    if isinstance(ca, bool):
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(capath=ca) if os.path.isdir(ca) else context.load_verify_locations(ca)
    except OSError as error:
        why = "it holds no certificates" if isinstance(error, ssl.SSLError) else error.strerror
        raise _invalid(conn_id, f"cannot verify TLS with the CA bundle {ca!r} of extra or environment: {why}") from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
