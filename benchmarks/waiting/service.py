"""A service as fast as Python can be: every job runs for some polls and is done at the next."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import ssl
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from benchmarks.answers import SHAPES, TOKEN, job_in, reply
from benchmarks.vitals import open_wide

RUNNING = {name: reply(shape.running, shape.status) for name, shape in SHAPES.items()}
DONE = {name: reply(shape.done) for name, shape in SHAPES.items()}
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass
class Board:
    """
    Count what was asked.

    :param polls: After how many polls a job is done.
    :param delay: Seconds before each answer.
    """

    polls: int = 3
    delay: float = 0.0
    connections: int = 0
    requests: int = 0
    jobs: Counter[bytes] = field(default_factory=Counter)

    def answer(self, request: bytes) -> bytes:
        """Return the answer to a request."""
        if job := job_in(request):
            shape, number = job
            self.requests += 1
            self.jobs[number] += 1
            return (RUNNING if self.jobs[number] <= self.polls else DONE)[shape]
        target = urlsplit(request.split(b" ", 2)[1].decode())
        if target.path == "/reset":
            self._reset({name: values[0] for name, values in parse_qs(target.query).items()})
        elif target.path != "/counts":
            return TOKEN
        return reply(self.counts())

    def counts(self) -> dict[str, int]:
        """Return what was counted since the last reset."""
        each = self.jobs.values()
        fewest, most = min(each, default=0), max(each, default=0)
        numbers = {"jobs": len(self.jobs), "fewest": fewest, "most": most}
        return {"requests": self.requests, "connections": self.connections, **numbers}

    def _reset(self, words: dict[str, str]) -> None:
        self.polls, self.delay = int(words.get("polls", 3)), float(words.get("delay", 0))
        self.connections = self.requests = 0
        self.jobs.clear()


class Talk(asyncio.Protocol):
    """
    Speak HTTP/1.1 with one client, kept connections included.

    :param board: What counts and answers.
    """

    transport: asyncio.Transport

    def __init__(self, board: Board) -> None:
        self.board = board
        self.data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection."""
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self.transport = transport  # type: ignore[assignment]
        self.board.connections += 1

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole by now."""
        self.data += data
        while (end := self.data.find(b"\r\n\r\n") + 4) > 3:
            length = LENGTH.search(self.data, 0, end)
            whole = end + (int(length[1]) if length else 0)
            if len(self.data) < whole:
                return
            request, self.data = self.data[:whole], self.data[whole:]
            self._say(self.board.answer(request))

    def _say(self, answer: bytes) -> None:
        if self.board.delay:
            asyncio.get_running_loop().call_later(self.board.delay, self.transport.write, answer)
        else:
            self.transport.write(answer)


async def serve(chain: str) -> None:
    """
    Serve on two loopback ports, plain and TLS, for ever; the first line printed is their JSON.

    :param chain: File with certificate and key.
    """
    loop, board = asyncio.get_running_loop(), Board()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain)
    plain = await loop.create_server(lambda: Talk(board), "127.0.0.1", 0, backlog=20_000)
    secure = await loop.create_server(lambda: Talk(board), "127.0.0.1", 0, backlog=20_000, ssl=tls)
    ports = [server.sockets[0].getsockname()[1] for server in (plain, secure)]
    print(json.dumps(ports), flush=True)
    async with plain, secure:
        await asyncio.gather(plain.serve_forever(), secure.serve_forever())


def main() -> None:
    """Serve until ended, or until whoever started it has gone."""
    import uvloop

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chain", required=True, help="file with certificate and key")
    open_wide()
    uvloop.run(serve(parser.parse_args().chain))


if __name__ == "__main__":
    main()
