"""The way to TopView: forward proxies, private authorities, and a ``.netrc`` that must not be read; for both doors."""

from __future__ import annotations

import base64
import ssl
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from topview_provider import exceptions as errors
from topview_provider.hooks import requesting, uploading
from topview_provider.hooks.doors import tls_context
from topview_provider.hooks.topview import TopviewHook, storage_path
from topview_provider.standin.server import StandIn

from .support import Address, Authority, Said, Server, answering, by_both_doors, forwarding, make_authority, relaying

Connect = Callable[..., str]
BODY = {"productLink": "https://shop.example/p"}


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let reads be tried once."""
    monkeypatch.setattr(requesting, "READ_ATTEMPTS", 1)


@pytest.fixture
def proxy() -> Iterator[Server]:
    """A forward proxy that notes what it was asked for."""
    with Server(forwarding) as server:
        yield server


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("stranger"), "Strange CA")


@pytest.fixture
def behind_tls(service: StandIn, authority: Authority) -> Iterator[Server]:
    """The stand-in of this test behind TLS, with a certificate of the private authority."""
    with Server(relaying(urlsplit(service.url).port or 0), authority.server) as server:
        server.uid, server.api_key = service.uid, service.api_key
        yield server


async def submit() -> Said:
    """Submit at both doors and return what both of them said."""
    worker, triggerer = await by_both_doors("submit", "scraper", BODY)
    assert worker == triggerer
    return worker


def accepted(service: StandIn) -> int:
    return int(service.stats("scraper")["accepted"])


@pytest.mark.parametrize("key", ["proxy", "proxies"])
async def test_the_proxy_of_the_connection_is_used(service: StandIn, connect: Connect, proxy: Server, key: str) -> None:
    connect(service, **{key: proxy.url if key == "proxy" else {"http": proxy.url}})

    assert (await submit()).kind == "value"
    assert [request.target for request in proxy.requests] == [f"{service.url}/v1/scraper/task/submit"] * 2
    assert accepted(service) == 2


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
async def test_the_proxy_of_the_environment_is_used(
    service: StandIn, proxy: Server, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, proxy.url)

    assert (await submit()).kind == "value"
    assert len(proxy.requests) == 2


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
async def test_a_host_that_needs_no_proxy_is_reached_without(
    service: StandIn, proxy: Server, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv(name, "example.com,127.0.0.1")

    assert (await submit()).kind == "value"
    assert proxy.requests == []


async def test_the_environment_counts_only_where_it_is_trusted(
    service: StandIn, connect: Connect, proxy: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxy.url)
    connect(service, trust_env=False)

    assert (await submit()).kind == "value"
    assert proxy.requests == []


async def test_the_connection_s_own_proxy_wins_over_the_environment(
    service: StandIn, connect: Connect, proxy: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    connect(service, proxy=proxy.url)

    assert (await submit()).kind == "value"
    assert len(proxy.requests) == 2


async def test_the_proxy_s_own_password_goes_to_the_proxy_only(
    service: StandIn, connect: Connect, proxy: Server
) -> None:
    connect(service, proxy=proxy.url.replace("http://", "http://user:pass-word@"))

    assert (await submit()).kind == "value"
    expected = "Basic " + base64.b64encode(b"user:pass-word").decode()
    assert {request.headers["proxy-authorization"] for request in proxy.requests} == {expected}


async def test_tls_goes_through_the_proxy_unread(
    behind_tls: Server, connect: Connect, proxy: Server, authority: Authority
) -> None:
    connect(behind_tls, proxy=proxy.url, verify=str(authority.bundle))

    assert (await submit()).kind == "value"
    assert {(request.method, request.target) for request in proxy.requests} == {
        ("CONNECT", f"127.0.0.1:{behind_tls.port}")
    }
    assert all("authorization" not in request.headers for request in proxy.requests)


async def test_a_proxy_that_refuses_the_tunnel_means_that_nothing_was_sent(
    behind_tls: Server, connect: Connect, service: StandIn
) -> None:
    with Server(answering(b"", "403 Forbidden")) as grim:
        connect(behind_tls, proxy=grim.url.replace("http://", "http://user:pass-word@"), verify=False)
        said = await submit()

    assert said.kind == "TopviewUnavailable"
    assert f"through the proxy {grim.url}, the connection failed or broke off; nothing was sent" in said.text
    assert accepted(service) == 0


async def test_files_go_through_the_proxy_too(
    service: StandIn, connect: Connect, proxy: Server, tmp_path: Path
) -> None:
    connect(service, proxy=proxy.url)
    picture, copy = tmp_path / "a.png", tmp_path / "copy.jpg"
    picture.write_bytes(b"picture")
    TopviewHook().upload(picture)
    hook = TopviewHook()
    answer = hook.query("scraper", hook.submit("scraper", BODY))
    hook.download(answer["productImages"][0]["fileUrl"], copy)

    assert {request.method for request in proxy.requests} == {"GET", "POST", "PUT"}
    assert copy.stat().st_size > 20_000


@pytest.fixture(params=["verify", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def trusting(request: pytest.FixtureRequest, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The extra, or the environment, by which the private authority is trusted."""
    if request.param == "verify":
        return {"verify": str(authority.bundle)}
    monkeypatch.setenv(request.param, str(authority.bundle))
    return {}


async def test_a_private_authority_is_trusted_where_the_connection_or_environment_says_so(
    behind_tls: Server, connect: Connect, service: StandIn, trusting: dict[str, Any]
) -> None:
    connect(behind_tls, **trusting)

    assert (await submit()).kind == "value"
    assert accepted(service) == 2


def test_a_folder_of_certificates_is_taken_as_one(tmp_path: Path) -> None:
    context = tls_context(str(tmp_path))

    assert isinstance(context, ssl.SSLContext)
    assert (context.verify_mode, context.cert_store_stats()["x509"]) == (ssl.CERT_REQUIRED, 0)


@pytest.mark.parametrize("trust", ["nobody", "stranger"])
async def test_an_untrusted_certificate_means_that_nothing_was_sent(
    behind_tls: Server, connect: Connect, service: StandIn, stranger: Authority, trust: str
) -> None:
    connect(behind_tls, **({"verify": str(stranger.bundle)} if trust == "stranger" else {}))

    said = await submit()
    assert said.kind == "TopviewUnavailable"
    assert "the certificate is not trusted (" in said.text
    assert said.text.endswith("; nothing was sent")
    assert service.requests() == []


async def test_a_host_that_does_not_speak_tls_was_never_sent_anything(service: StandIn, connect: Connect) -> None:
    secure = service.url.replace("http://", "https://")
    connect(Address(secure, service.uid, service.api_key), connect_timeout=1, read_timeout=1)

    assert (await submit()).kind == "TopviewUnavailable"
    assert accepted(service) == 0


async def test_without_verification_any_certificate_passes_and_that_is_warned_about(
    behind_tls: Server, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    connect(behind_tls, verify=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # urllib3 warns in its own words, for each request
        assert (await submit()).kind == "value"

    said = [record for record in caplog.records if "switches TLS verification off" in record.getMessage()]
    assert len(said) == 2, "once for each door"


@pytest.fixture
def netrc(service: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home with a ``.netrc`` that has a password for every host, and a variable that leads to it."""
    file = tmp_path / ".netrc"
    file.write_text(
        f"machine {urlsplit(service.url).hostname} login thief password stolen\ndefault login a password b\n"
    )
    file.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(file))


@pytest.mark.usefixtures("netrc")
async def test_a_netrc_is_not_read_for_the_api(connect: Connect) -> None:
    with Server(answering(b'{"code": "200", "result": {"taskId": "t1"}}')) as server:
        connect(server)
        assert (await submit()).kind == "value"
        connect(server, login="")
        await by_both_doors("query", "scraper", "t1")

    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {server.api_key}"}


@pytest.mark.usefixtures("netrc")
def test_a_netrc_is_not_read_for_files(service: StandIn, connect: Connect, tmp_path: Path) -> None:
    with Server(answering(b"x" * 100, content_type="video/mp4")) as store:
        connect(service)
        TopviewHook().download(f"{store.url}/k.mp4?sig=1", tmp_path / "a.mp4")
        uploading.put(TopviewHook().settings, f"{store.url}/k.mp4?sig=1", storage_path(tmp_path / "a.mp4"), 100)

    assert [request.method for request in store.requests] == ["GET", "PUT"]
    for request in store.requests:
        assert "authorization" not in request.headers
        assert "topview-uid" not in request.headers


async def test_a_stale_proxy_password_is_in_no_error(service: StandIn, connect: Connect) -> None:
    connect(service, proxy="http://user:pass-word@127.0.0.1:1")

    said = await submit()
    assert said.kind == errors.TopviewUnavailable.__name__
    assert "pass-word" not in said.text
