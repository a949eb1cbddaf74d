"""A client that speaks plain HTTP to a stand-in and knows nothing of the provider."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests

from topview_provider.catalog import FAMILIES, Listing, TaskFamily
from topview_provider.catalog.check import fields_of, missing
from topview_provider.standin.server import StandIn

LIMIT = 10.0
FILE = b"\x89PNG\r\n\x1a\n" + bytes(100)


def wait_for(ask: Callable[[], Any]) -> Any:
    """Ask until the answer is true, and return it."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        if found := ask():
            return found
        time.sleep(0.005)
    raise AssertionError("it did not happen in time")


class Client:
    """Speak to one stand-in as any user of TopView would."""

    def __init__(self, service: StandIn) -> None:
        self.service = service
        self.http = requests.Session()
        self.http.trust_env = False

    def call(self, method: str, path: str, headers: dict[str, str] | None = None, **words: Any) -> requests.Response:
        headers = self.service.headers if headers is None else headers
        return self.http.request(method, self.service.url + path, headers=headers, timeout=LIMIT, **words)

    def post(self, path: str, body: Any) -> dict[str, Any]:
        return self.call("POST", path, json=body).json()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self.call("GET", path, params=query).json()

    def code(self, row: TaskFamily, body: Any) -> str:
        return self.post(row.submit, body)["code"]

    def submit(self, row: TaskFamily, body: dict[str, Any] | None = None) -> str:
        answer = self.post(row.submit, self.sample(row) if body is None else body)
        assert answer["code"] == "200", answer
        return answer["result"][row.task_id_key]

    def query(self, row: TaskFamily, task_id: str, **words: Any) -> dict[str, Any]:
        answer = self.get(row.query, **{row.task_id_key: task_id}, **words)
        assert answer["code"] == "200", answer
        return answer["result"]

    def state(self, row: TaskFamily, task_id: str) -> str:
        return self.query(row, task_id)[row.status_key]

    def finish(self, row: TaskFamily, task_id: str) -> dict[str, Any]:
        """Put the clock behind the end of a task and return its result."""
        self.service.advance(2 * self.service.options.seconds)
        result = self.query(row, task_id)
        assert result[row.status_key] in ("success", "fail")
        return result

    def listing(self, row: Listing, **arguments: Any) -> dict[str, Any]:
        words = {"json": arguments} if row.body else {"params": arguments}
        return self.call(row.method, row.path, **words).json()

    def download(self, url: str, method: str = "GET", **headers: str) -> requests.Response:
        return self.http.request(method, url, headers=headers, timeout=LIMIT)

    def upload(self, suffix: str = "png", data: bytes = FILE) -> str:
        credential = self.get("/v1/upload/credential", format=suffix)["result"]
        assert self.http.put(credential["uploadUrl"], data=data, timeout=LIMIT).status_code == 200
        assert self.get("/v1/upload/check", fileId=credential["fileId"])["result"] is True
        return credential["fileId"]

    def sample(self, row: TaskFamily | Listing) -> dict[str, Any]:
        """Return a body that TopView takes, with the files and the earlier task that it needs."""
        body: dict[str, Any] = {}
        fields = {item.wire: item for item in fields_of(row)}
        if isinstance(row, TaskFamily) and row.continues:
            first = max((name for name in FAMILIES if row.name.startswith(f"{name}_")), key=len)
            earlier = FAMILIES[first]
            extra = {"preview": "true"} if earlier.preview_items_key else {}
            body[row.task_id_key] = self.submit(earlier, {**self.sample(earlier), **extra})
            self.finish(earlier, body[row.task_id_key])
        wanted = [item.wire for item in row.fields if item.required] + [group[0] for group in row.one_of]
        if not wanted and isinstance(row, TaskFamily):
            wanted = [row.fields[0].wire]
        for wire in wanted:
            body.setdefault(wire, self.value(fields[wire]))
        for wire, item in fields.items():
            if item.required_when and missing(row, body) and wire not in body:
                body[wire] = self.value(item)
        return body

    def value(self, item: Any) -> Any:
        """Return a value that a field takes."""
        if item.type.startswith("array"):
            return [self.element(item, item.type[6:-1])]
        return self.element(item, item.type)

    def element(self, item: Any, kind: str) -> Any:
        if item.default is not None:
            return item.default
        if item.choices:
            return item.choices[0]
        if item.wire.endswith(("FileId", "FileIds")) or item.wire in ("fileId", "fileIds"):
            return self.upload()
        if item.children:
            return {child.wire: self.value(child) for child in item.children}
        if kind in ("number", "integer"):
            return int(item.minimum or 1)
        return {"boolean": True, "object": {"x": 1}, "array[number]": [0.5, 0.5]}.get(kind, f"a {item.wire}")
