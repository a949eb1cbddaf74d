"""What was asked of the stand-in, without secrets."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

SECRET = re.compile(r"api_?key|token|secret|password|authorization|signature", re.IGNORECASE)
KEPT, LONG = 50_000, 20_000


class Journal:
    """
    Keep the latest requests.

    :param secret: A text that is masked wherever it stands.
    """

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.entries: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def note(self, method: str, path: str, query: Mapping[str, str], body: Any) -> dict[str, Any]:
        """
        Note a request and return the entry, to which its answer's status may be added.

        :param method: Its method.
        :param path: Its path.
        :param query: Its parameters.
        :param body: Its parsed body, or None.
        """
        entry = {"method": method, "path": path, "time": time.time(), "query": query, "body": body, "status": None}
        self.entries.append(entry)
        return entry

    def shown(self) -> list[dict[str, Any]]:
        """Return the entries with secrets masked; masking waits until here, for most entries are never read."""
        return [
            {**entry, "query": self._clean(entry["query"]), "body": self._clean(entry["body"])}
            for entry in self.entries
        ]

    def _clean(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: "***" if SECRET.search(key) else self._clean(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._clean(inner) for inner in value]
        if isinstance(value, str):
            shortened = value if len(value) <= LONG else f"{value[:LONG]}..."
            return shortened.replace(self.secret, "***") if self.secret else shortened
        return value
