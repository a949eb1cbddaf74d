"""Files that go in."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from topview_provider.catalog import FAMILIES

from .client import Client

CREDENTIAL, CHECK = "/v1/upload/credential", "/v1/upload/check"
DATA = bytes(range(256)) * 500


def credential(client: Client, suffix: str = "mp4") -> dict[str, str]:
    return client.get(CREDENTIAL, format=suffix)["result"]


def test_a_file_is_there_after_the_put_and_not_before(client: Client) -> None:
    file = credential(client)
    assert client.get(CHECK, fileId=file["fileId"])["result"] is False
    answer = client.http.put(file["uploadUrl"], data=DATA)
    assert (answer.status_code, answer.content) == (200, b"")
    assert client.get(CHECK, fileId=file["fileId"])["result"] is True
    sha256 = hashlib.sha256(DATA).hexdigest()
    assert client.service.uploads() == [
        {"fileId": file["fileId"], "size": len(DATA), "sha256": sha256, "format": "mp4"}
    ]


def test_the_check_may_take_a_while(run: Callable[..., Client]) -> None:
    client = run(upload_seconds=60)
    file = credential(client)
    client.http.put(file["uploadUrl"], data=DATA)
    assert client.get(CHECK, fileId=file["fileId"])["result"] is False
    client.service.advance(60)
    assert client.get(CHECK, fileId=file["fileId"])["result"] is True


def test_formats_and_files_that_are_not_known_are_refused(client: Client) -> None:
    assert client.get(CREDENTIAL, format="exe")["code"] == "4000"
    assert client.get(CREDENTIAL)["code"] == "4003"
    assert client.get(CHECK, fileId="0" * 32)["code"] == "4004"
    assert credential(client, "png")["fileName"].endswith(".png")


def test_an_empty_value_for_the_accelerated_host_is_accepted(client: Client) -> None:
    assert client.call("GET", f"{CREDENTIAL}?format=png&needAccelerateUrl").json()["code"] == "200"
    assert client.call("GET", f"{CREDENTIAL}?format=png&needAccelerateUrl=").json()["code"] == "200"


def test_a_chunked_or_empty_put_is_refused_as_s3_does(client: Client) -> None:
    file = credential(client)
    assert client.http.put(file["uploadUrl"], data=iter([DATA])).status_code == 501
    assert client.http.put(file["uploadUrl"], data=b"").status_code == 501
    assert client.get(CHECK, fileId=file["fileId"])["result"] is False


def test_a_put_that_breaks_off_leaves_nothing(client: Client) -> None:
    file = credential(client)
    url = urlsplit(file["uploadUrl"])
    with socket.create_connection((url.hostname, url.port)) as wire:
        head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: 1000\r\n\r\n"
        wire.sendall(head.encode() + b"x" * 100)
    assert client.get(CHECK, fileId=file["fileId"])["result"] is False
    assert client.service.uploads() == []


@pytest.mark.parametrize("header", ["Authorization", "Topview-Uid"])
def test_a_put_with_the_api_s_headers_is_refused_and_counted(header: str, client: Client) -> None:
    file = credential(client)
    assert client.http.put(file["uploadUrl"], data=DATA, headers={header: "x"}).status_code == 400
    assert client.service.stats()["leaked_headers"] == 1


def test_a_foreign_or_late_signature_is_refused(run: Callable[..., Client]) -> None:
    client = run()
    url = credential(client)["uploadUrl"]
    assert client.http.put(url[:-1] + ("0" if url[-1] != "0" else "1"), data=DATA).status_code == 403
    assert client.http.put(url.partition("?")[0], data=DATA).status_code == 403
    assert client.http.get(url).status_code == 403
    client.service.fault("expired-url", method="PUT")
    assert client.http.put(url, data=DATA).status_code == 403
    assert client.http.put(url, data=DATA).status_code == 200


def test_a_file_must_be_checked_before_it_is_used(client: Client) -> None:
    row = FAMILIES["marketing_video"]
    file = credential(client, "png")
    body = {"fileIds": [file["fileId"]], "productName": "Lamp", "productDescription": "It shines"}
    assert "not uploaded" in client.post(row.submit, body)["message"]
    client.http.put(file["uploadUrl"], data=DATA)
    assert "not checked" in client.post(row.submit, body)["message"]
    client.get(CHECK, fileId=file["fileId"])
    assert client.code(row, body) == "200"


def test_files_that_a_task_made_can_be_used(client: Client) -> None:
    scraped = client.query(FAMILIES["scraper"], client.submit(FAMILIES["scraper"]))
    files = [item["fileId"] for item in scraped["productImages"]]
    body = {"fileIds": files, "productName": "Lamp", "productDescription": "It shines"}
    assert client.code(FAMILIES["marketing_video"], body) == "200"


def test_any_file_can_be_let_through(run: Callable[..., Client]) -> None:
    body = {"fileIds": ["anything"], "productName": "Lamp", "productDescription": "It shines"}
    assert run(any_file=True).code(FAMILIES["marketing_video"], body) == "200"
