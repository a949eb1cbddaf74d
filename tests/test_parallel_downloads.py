"""Several outputs of one download: at once but bounded, in their order, and ended together."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.contract.running import new_context
from topview_provider.exceptions import TopviewInvalidRequest, TopviewNotFound, TopviewUnavailable
from topview_provider.hooks.topview import TopviewHook
from topview_provider.operators.storage import TopviewDownloadOperator, same
from topview_provider.standin.server import StandIn

from .files import whole
from .support import PATIENCE, Request, Server, Talk, answering

Downloads = Callable[..., TopviewDownloadOperator]
HTML = answering(b"<html>", content_type="text/html")
QUERY = "/v1/m2v/task/query"


@pytest.fixture
def downloads(service: StandIn, tmp_path: Path) -> Iterator[Downloads]:
    """Return a function that makes a download of a task whose videos stand on a storage that talks like this."""
    with ExitStack() as stack:

        def make(talk: Talk, count: int = 6, **words: Any) -> TopviewDownloadOperator:
            store = stack.enter_context(Server(talk))
            videos = [
                {"scriptId": number, "status": "success", "videoUrl": f"{store.url}/{number}.mp4"}
                for number in range(count)
            ]
            made = TopviewHook().submit("marketing_video", {"productLink": "https://shop.example/p"})
            say(service, videos)
            given: dict[str, Any] = {"index": "all", "path": f"{tmp_path}/{{index}}.mp4", **words}
            return TopviewDownloadOperator(task_id="d", family="marketing_video", topview_task_id=made, **given)

        yield make


def say(service: StandIn, videos: list[dict[str, Any]]) -> None:
    """Let every query answer that the task has these videos."""
    service.clear_faults()
    service.fault("wrong-type", path=QUERY, value={"status": "success", "exportVideos": videos}, times=-1)


def number_of(request: Request) -> int:
    """The number of the video that is asked for."""
    return int(request.target[1])


def landed(folder: Path) -> list[str]:
    """The names of everything in a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("parallel", [1, 2, 4, "4"])
def test_as_many_files_are_fetched_at_once_as_are_allowed(
    downloads: Downloads, parallel: int | str, tmp_path: Path
) -> None:
    allowed = int(parallel)
    together, lock, now, most = threading.Barrier(allowed), threading.Lock(), 0, 0

    def talk(client: socket.socket, request: Request) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        if number_of(request) < allowed:
            together.wait(PATIENCE)
        with lock:
            now -= 1
        whole()(client, request)

    stored = downloads(talk, parallel=parallel).execute(new_context())
    assert stored == [f"{tmp_path}/{number}.mp4" for number in range(6)]
    assert most == allowed


def test_files_are_named_in_their_order_whichever_comes_first(downloads: Downloads, tmp_path: Path) -> None:
    others = threading.Semaphore(0)

    def talk(client: socket.socket, request: Request) -> None:
        if number_of(request) == 0:
            assert all(others.acquire(timeout=PATIENCE) for _ in range(5))
        whole(str(number_of(request)).encode())(client, request)
        others.release()

    stored = downloads(talk).execute(new_context())
    assert [Path(path).read_bytes() for path in stored] == [b"0", b"1", b"2", b"3", b"4", b"5"]


def test_the_first_error_ends_a_download_and_what_has_landed_stays(downloads: Downloads, tmp_path: Path) -> None:
    asked: list[int] = []

    def talk(client: socket.socket, request: Request) -> None:
        asked.append(number_of(request))
        (HTML if number_of(request) == 2 else whole())(client, request)

    with pytest.raises(TopviewUnavailable, match=r"/2\.mp4\S* for \S+ delivered text/html"):
        downloads(talk, parallel=1).execute(new_context())
    assert landed(tmp_path) == ["0.mp4", "1.mp4"]
    assert asked == [0, 1, 2]


def test_files_under_way_when_another_fails_are_finished(downloads: Downloads, tmp_path: Path) -> None:
    failed = threading.Event()

    def talk(client: socket.socket, request: Request) -> None:
        if number_of(request) == 1:
            HTML(client, request)
            failed.set()
        else:
            assert failed.wait(PATIENCE)
            whole()(client, request)

    with pytest.raises(TopviewUnavailable, match=r"/1\.mp4\S* for \S+ delivered text/html"):
        downloads(talk, count=2).execute(new_context())
    assert landed(tmp_path) == ["0.mp4"]


def test_each_file_gets_a_fresh_url_of_its_own(downloads: Downloads, service: StandIn, tmp_path: Path) -> None:
    refused: set[str] = set()

    def talk(client: socket.socket, request: Request) -> None:
        expired = request.target not in refused
        refused.add(request.target)
        (answering(b"", "403 Forbidden") if expired else whole(request.target.encode()))(client, request)

    stored = downloads(talk).execute(new_context())
    assert [Path(path).read_text() for path in stored] == [f"/{number}.mp4" for number in range(6)]
    assert len(service.requests(QUERY)) == 1 + 6


def test_an_output_that_is_gone_when_its_url_has_expired_is_not_found(
    downloads: Downloads, service: StandIn, tmp_path: Path
) -> None:
    def talk(client: socket.socket, request: Request) -> None:
        if number_of(request) == 0:
            whole()(client, request)
        else:
            say(service, [{"scriptId": 0, "status": "success", "videoUrl": "http://127.0.0.1:1/0.mp4"}])
            answering(b"", "403 Forbidden")(client, request)

    with pytest.raises(TopviewNotFound, match="no longer has output 1"):
        downloads(talk, count=2, parallel=1).execute(new_context())
    assert landed(tmp_path) == ["0.mp4"]


@pytest.mark.parametrize("index", [0, "all"])
def test_a_fresh_url_is_that_of_the_same_item_wherever_it_stands_now(
    downloads: Downloads, service: StandIn, index: Any, tmp_path: Path
) -> None:
    other, refused = 7, threading.Event()

    def talk(client: socket.socket, request: Request) -> None:
        if number_of(request) == 0 and not refused.is_set():
            refused.set()
            base = f"http://127.0.0.1:{client.getsockname()[1]}"
            say(
                service,
                [
                    {"scriptId": number, "status": "success", "videoUrl": f"{base}/{number}.mp4"}
                    for number in (other, 1, 0)
                ],
            )
            answering(b"", "403 Forbidden")(client, request)
        else:
            whole(request.target.encode())(client, request)

    task = downloads(talk, count=2, parallel=1, index=index, path=f"{tmp_path}/{{item_id}}.mp4")
    task.execute(new_context())
    wanted = {"0.mp4": "/0.mp4", "1.mp4": "/1.mp4"} if index == "all" else {"0.mp4": "/0.mp4"}
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == wanted


def outputs(*marks: tuple[str | None, str | None]) -> list[dict[str, Any]]:
    """Outputs as an answer has them, of these items and languages."""
    return [{"index": index, "item_id": item, "language": word} for index, (item, word) in enumerate(marks)]


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        (("a", "de"), [("a", "fr"), ("b", "de"), ("a", "de")], 2),
        (("a", None), [("b", None), ("a", None)], 1),
        (("a", None), [("a", None), ("a", None)], 0),
        ((None, None), [(None, None), (None, None)], 0),
        ((None, None), [("a", None)], None),
        (("a", "de"), [("a", "fr")], None),
        (("a", None), [], None),
    ],
)
def test_an_output_is_known_by_its_item_and_language_and_by_its_place_where_it_has_none(
    before: tuple[str | None, str | None], after: list[tuple[str | None, str | None]], place: int | None
) -> None:
    found = same(outputs(before)[0], outputs(*after))
    assert (None if found is None else found["index"]) == place


@pytest.mark.parametrize("parallel", [0, -1])
def test_fewer_than_one_at_once_is_refused_before_topview_is_asked(
    downloads: Downloads, service: StandIn, parallel: int
) -> None:
    with pytest.raises(TopviewInvalidRequest, match=f"parallel: {parallel} is too few"):
        downloads(whole(), parallel=parallel).execute(new_context())
    assert service.requests(QUERY) == []
