"""What was asked of the stand-in, without secrets."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Collection, Mapping
from typing import Any

SECRET = re.compile(r"api_?key|token|secret|password|authorization|signature", re.IGNORECASE)
KEPT, LONG = 50_000, 20_000


class Journal:
    """
    Keep the latest requests.

    :param secrets: Texts that are masked wherever they stand.
    """

    def __init__(self, secrets: Collection[str]) -> None:
        self.secrets = secrets
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
            {**entry, "query": self.clean(entry["query"]), "body": self.clean(entry["body"])} for entry in self.entries
        ]

    def clean(self, value: Any) -> Any:
        """
        Return a value with its secrets masked.

        :param value: Anything that JSON can say.
        """
        if isinstance(value, Mapping):
            return {key: "***" if SECRET.search(key) else self.clean(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.clean(inner) for inner in value]
        if isinstance(value, str):
            shortened = value if len(value) <= LONG else f"{value[:LONG]}..."
            for secret in filter(None, self.secrets):
                shortened = shortened.replace(secret, "***")
            return shortened
        return value
