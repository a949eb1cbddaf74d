"""A storage that keeps one file in memory: gives it away and takes it back as fast as the kernel allows."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import re
import socket
import ssl
import threading
from pathlib import Path

from benchmarks.answers import reply

PIECE = 1024 * 1024
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
MEDIA = "video/mp4"


class Depot:
    """
    Serve one file, and check whatever is sent against it.

    :param path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        self.digest = hashlib.md5(self.data, usedforsecurity=False).hexdigest()

    def talk(self, line: socket.socket) -> None:
        """Answer one client until it goes."""
        with contextlib.suppress(OSError), line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while request := self._request(line):
                head, body = request
                if head.startswith(b"PUT "):
                    length = LENGTH.search(head)
                    same = self._take(line, body, int(length[1]) if length else 0)
                    line.sendall(reply(b"", "200 OK" if same else "400 Other Bytes"))
                else:
                    self._give(line, head.split(b" ")[1].decode())

    def _give(self, line: socket.socket, target: str) -> None:
        base = f"http{'s' if isinstance(line, ssl.SSLSocket) else ''}://127.0.0.1:{line.getsockname()[1]}"
        if target.startswith("/v1/upload/credential"):
            line.sendall(_envelope({"fileId": "f-1", "uploadUrl": f"{base}/put", "fileName": "f.mp4", "format": "mp4"}))
        elif target.startswith("/v1/upload/check"):
            line.sendall(_envelope(True))
        else:
            proof = f'ETag: "{self.digest}"\r\n' if target.startswith("/proved") else ""
            length = f"Content-Type: {MEDIA}\r\nContent-Length: {len(self.data)}\r\n"
            line.sendall(f"HTTP/1.1 200 OK\r\n{length}{proof}\r\n".encode())
            for start in range(0, len(self.data), PIECE):
                line.sendall(memoryview(self.data)[start : start + PIECE])

    def _take(self, line: socket.socket, begun: bytes, size: int) -> bool:
        room, done, same = bytearray(PIECE), len(begun), self.data.startswith(begun)
        while done < size:
            count = line.recv_into(room)
            if not count:
                return False
            same = same and self.data.startswith(memoryview(room)[:count], done)
            done += count
        return same and size == len(self.data)

    @staticmethod
    def _request(line: socket.socket) -> tuple[bytes, bytes] | None:
        data = b""
        while b"\r\n\r\n" not in data:
            if not (piece := line.recv(65536)):
                return None
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        if b"100-continue" in head.lower():
            line.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return head + b"\r\n\r\n", body


def _envelope(result: object) -> bytes:
    return reply({"code": "200", "message": "Success", "result": result})


def listen(depot: Depot, tls: ssl.SSLContext | None) -> int:
    """
    Accept clients in the background and return the port.

    :param depot: Answers them.
    :param tls: For TLS.
    """
    door = socket.create_server(("127.0.0.1", 0))

    def welcome(line: socket.socket) -> None:
        with contextlib.suppress(OSError):
            depot.talk(tls.wrap_socket(line, server_side=True) if tls else line)

    def accept() -> None:
        while True:
            threading.Thread(target=welcome, args=(door.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return int(door.getsockname()[1])


def main() -> None:
    """Serve until ended; the first line printed is the JSON of the two ports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chain", required=True, help="file with certificate and key")
    parser.add_argument("--file", required=True, type=Path, help="what is served")
    given = parser.parse_args()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(given.chain)
    depot = Depot(given.file)
    print(json.dumps([listen(depot, None), listen(depot, tls)]), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
