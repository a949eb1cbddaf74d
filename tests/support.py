"""Tiny real servers on the loopback, for what a stand-in does not do: odd bytes, a forward proxy, a private CA."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import json
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).resolve().parent.parent

PATIENCE = 10.0
"""Seconds after which a server of a test stops waiting for a client."""


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire; names of headers in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def forwarded(self, target: str) -> bytes:
        """The request as a proxy passes it on, for one answer."""
        kept = {name: value for name, value in self.headers.items() if not name.startswith(("proxy-", "connection"))}
        lines = [f"{self.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in kept.items())]
        return "\r\n".join([*lines, "connection: close", "", ""]).encode() + self.body


Talk = Callable[[socket.socket, Request], None]


class Server:
    """
    Listen on a free port and let a function talk to whoever comes, one request per connection.

    ``talk`` gets the socket and the request; what it sends is the answer, then the connection is closed.
    """

    def __init__(self, talk: Talk, tls: ssl.SSLContext | None = None) -> None:
        self.talk = talk
        self.tls = tls
        self.requests: list[Request] = []
        self.uid, self.api_key = "uid-1", "key-one-two-three"
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    @property
    def url(self) -> str:
        """Base address."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), client:
            client.settimeout(PATIENCE)
            if self.tls:
                client = self.tls.wrap_socket(client, server_side=True)
            request = read_request(client)
            self.requests.append(request)
            self.talk(client, request)
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            client.close()


def read_request(client: socket.socket) -> Request:
    """Read one request to its end."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(65536)
        if not piece:
            raise ValueError("the client went away")
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += client.recv(65536)
    method, target, _ = first.split(" ", 2)
    return Request(method, target, headers, body)


def answering(body: bytes, status: str = "200 OK", **headers: str) -> Talk:
    """Return a talk that gives this answer; ``content_length="5"`` is a header, an empty one is left out."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    shown = {"content-length": str(len(body)), **named}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in shown.items() if value)]
    said = "\r\n".join([*lines, "", ""]).encode() + body
    return lambda client, _: client.sendall(said)


def dripping(head: bytes, drop: bytes = b" ", every: float = 0.02) -> Talk:
    """Return a talk that sends a head and then drop after drop, as long as somebody listens."""

    def talk(client: socket.socket, _: Request) -> None:
        client.sendall(head)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            client.sendall(drop)
            time.sleep(every)

    return talk


def relaying(port: int) -> Talk:
    """Return a talk that hands each request to another port of this machine and its answer back."""

    def talk(client: socket.socket, request: Request) -> None:
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as service:
            service.sendall(request.forwarded(request.target))
            pump(service, client)

    return talk


def forwarding(client: socket.socket, request: Request) -> None:
    """Talk as a forward proxy does: tunnels for CONNECT, absolute addresses for the rest."""
    if request.method == "CONNECT":
        host, _, port = request.target.rpartition(":")
        with socket.create_connection((host, int(port)), PATIENCE) as service:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(service, client), daemon=True)
            back.start()
            pump(client, service)
            back.join(PATIENCE)
        return
    parts = urlsplit(request.target)
    target = parts._replace(scheme="", netloc="").geturl()
    with socket.create_connection((str(parts.hostname), parts.port or 80), PATIENCE) as service:
        service.sendall(request.forwarded(target))
        pump(service, client)


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass bytes on until their source ends."""
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@dataclass(frozen=True)
class Authority:
    """A private certificate authority: its bundle, and a TLS context for servers on the loopback."""

    bundle: Path
    server: ssl.SSLContext


def make_authority(folder: Path, name: str = "Private CA") -> Authority:
    """Make an authority and one certificate for 127.0.0.1."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = _certificate(name, ca_key.public_key(), name, ca_key, ca=True)
    leaf = _certificate("127.0.0.1", key.public_key(), name, ca_key, ca=False)
    bundle, chain = folder / f"{name}.pem", folder / f"{name} server.pem"
    bundle.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + key.private_bytes(*plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return Authority(bundle, context)


def _certificate(
    subject: str, public: ec.EllipticCurvePublicKey, issuer: str, signer: ec.EllipticCurvePrivateKey, *, ca: bool
) -> x509.Certificate:
    named = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in (subject, issuer)]
    now = dt.datetime.now(dt.UTC)
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only")
    usage = dict.fromkeys([*others, "decipher_only"], False)
    builder = (
        x509.CertificateBuilder(named[1], named[0], public, x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=ca, crl_sign=ca, **usage), critical=True)
    )
    if not ca:
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return builder.sign(signer, hashes.SHA256())


@dataclass(frozen=True)
class Said:
    """What came out of one door: the name of the error's class and its words, or the value."""

    kind: str
    text: str = ""
    code: str | None = None
    retry_after: float | None = None
    value: Any = field(default=None, compare=False)

    def anonymous(self) -> Self:
        """The same without ids, of which each submit gets its own."""
        return replace(self, text=re.sub(r"[0-9a-f]{20,32}", "<id>", self.text))


async def by_both_doors(verb: str, *arguments: Any, **words: Any) -> tuple[Said, Said]:
    """Ask the same of the worker's hook and of the triggerer's, each once and without patience."""
    from topview_provider.exceptions import TopviewError
    from topview_provider.hooks.topview import TopviewAsyncHook, TopviewHook

    async def by_trigger() -> Any:
        async with TopviewAsyncHook(patience=0) as hook:
            return await getattr(hook, verb)(*arguments, **words)

    async def said(answer: Any) -> Said:
        try:
            return Said("value", value=await answer)
        except TopviewError as error:
            return Said(type(error).__name__, str(error), error.code, error.retry_after)

    worker = TopviewHook(patience=0)
    return (
        await said(asyncio.to_thread(getattr(worker, verb), *arguments, **words)),
        await said(by_trigger()),
    )


@dataclass(frozen=True)
class Address:
    """Where a service is said to be, and who may come in."""

    url: str
    uid: str = "uid-1"
    api_key: str = "key-one-two-three"


@contextlib.contextmanager
def refused_port() -> Iterator[Address]:
    """Give a port at which nobody listens, and keep others from it meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield Address(f"http://127.0.0.1:{held.getsockname()[1]}")


def peak_of(act: Callable[[], Any]) -> int:
    """The most memory that Python held at once while acting."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def fresh(program: str) -> Any:
    """Run a program in a fresh interpreter and return the JSON of its last line."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])
