"""Who is let in, and where."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from topview_provider.catalog import FAMILIES, LISTINGS

from .client import Client

QUERY = "/v1/scraper/task/query"
ADDRESSES = [("POST", row.submit) for row in FAMILIES.values()] + [("GET", row.query) for row in FAMILIES.values()]
ADDRESSES += [(row.method, row.path) for row in LISTINGS.values() if not row.path.startswith("{")]


@pytest.mark.parametrize(("method", "path"), sorted(set(ADDRESSES)))
def test_every_address_wants_both_headers(method: str, path: str, client: Client) -> None:
    right = client.service.headers
    wrong = [{}, {**right, "Authorization": "Bearer wrong"}, {**right, "Authorization": client.service.api_key}]
    if path != "/user/credit/detail":
        wrong += [{**right, "Topview-Uid": "wrong"}, {"Authorization": right["Authorization"]}]
    for headers in wrong:
        answer = client.call(method, path, headers=headers, json={})
        assert (answer.status_code, answer.json()["code"], answer.json()["result"]) == (401, "401", None)
    assert client.call(method, path, json={}).status_code == 200


@pytest.mark.parametrize(
    ("mode", "status", "code"), [("http401", 401, "401"), ("envelope401", 200, "401"), ("http403", 403, "403")]
)
def test_the_refusal_has_three_forms(mode: str, status: int, code: str, run: Callable[..., Client]) -> None:
    answer = run(auth_mode=mode).call("GET", QUERY, headers={})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_header_names_are_spelled_as_one_likes(client: Client) -> None:
    headers = {name.lower(): value for name, value in client.service.headers.items()}
    assert client.call("GET", QUERY, headers=headers).json()["code"] == "4003"


@pytest.mark.parametrize("path", ["//v1/scraper/task/query", "/%20/v1/scraper/task/query", "///v1/scraper/task/query"])
def test_slashes_too_many_are_forgiven(path: str, client: Client) -> None:
    assert client.call("GET", path).json()["code"] == "4003"


@pytest.mark.parametrize("path", ["/v1/Scraper/task/query", "/v1/scraper/task/query/", "/v2/scraper/task/query", "/"])
def test_anything_else_is_not_there(path: str, client: Client) -> None:
    assert client.call("GET", path).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_another_method_is_not_allowed(method: str, client: Client) -> None:
    assert client.call(method, QUERY).status_code == 405


@pytest.mark.parametrize("prefix", ["/topview", "topview/", "/a/b"])
def test_a_base_path_works_and_nothing_is_served_beside_it(prefix: str, run: Callable[..., Client]) -> None:
    client = run(base_path=prefix, seconds=0)
    assert client.service.url.endswith(prefix.strip("/"))
    row = FAMILIES["scraper"]
    result = client.query(row, client.submit(row, {"productLink": "https://shop.example"}))
    assert client.download(result["productImages"][0]["fileUrl"]).status_code == 200
    assert client.call("GET", "//v1/scraper/task/query").json()["code"] == "4003"
    root = client.service.url.removesuffix(f"/{prefix.strip('/')}")
    assert client.http.get(root + QUERY, headers=client.service.headers).status_code == 404
    assert client.http.get(f"{root}/_standin/stats").status_code == 200


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"text"', b"\xff"])
def test_a_body_that_is_no_object_is_4001(body: bytes, client: Client) -> None:
    assert client.call("POST", "/v1/scraper/task/submit", data=body).json()["code"] == "4001"


def test_links_lead_to_the_host_the_client_used(client: Client) -> None:
    port = client.service.url.rpartition(":")[2]
    headers = {**client.service.headers, "Host": f"localhost:{port}"}
    answer = client.call("GET", "/v1/upload/credential", headers=headers, params={"format": "png"})
    assert answer.json()["result"]["uploadUrl"].startswith(f"http://localhost:{port}/")
