"""A door in front of a service that can be shut: whoever comes then finds the connection refused."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self
from urllib.parse import urlsplit

from tests.support import pump
from tools.settings import free_port


class Gate:
    """
    Pass connections on to a service of this machine.

    :param url: Base address of the service.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.target = (str(parts.hostname), int(parts.port or 80))
        self._inside: set[socket.socket] = set()
        self.port = free_port()
        # A port that was asked for by its number stays ours while nobody listens; one that the system chose does not.
        self._door = socket.create_server(("127.0.0.1", self.port))

    @property
    def url(self) -> str:
        """Base address of the service, seen through the gate."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *error: object) -> None:
        self._cut()
        self._door.close()

    def open(self) -> None:
        """Let everybody in."""
        self._door.listen()
        threading.Thread(target=self._welcome, args=(self._door,), daemon=True).start()

    def shut(self) -> None:
        """Cut every connection and refuse new ones."""
        self._cut()

    def _cut(self) -> None:
        for each in (self._door, *self._inside):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._inside.clear()

    def _welcome(self, door: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = door.accept()
                threading.Thread(target=self._lead_in, args=(client,), daemon=True).start()

    def _lead_in(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, socket.create_connection(self.target) as service:
            self._inside |= {client, service}
            back = threading.Thread(target=pump, args=(service, client), daemon=True)
            back.start()
            pump(client, service)
            back.join()
            self._inside -= {client, service}
