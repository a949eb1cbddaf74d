"""Result files behind signed URLs."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from topview_provider.catalog import FAMILIES
from topview_provider.standin import media
from topview_provider.standin.server import StandIn

from .client import LIMIT, Client, wait_for

ROW = FAMILIES["marketing_video"]
BODY = {"productLink": "https://shop.example/p/1"}


def video(client: Client) -> str:
    return client.query(ROW, client.submit(ROW, BODY))["exportVideos"][0]["videoUrl"]


@pytest.fixture
def url(client: Client) -> str:
    return video(client)


def test_every_sample_is_small_and_not_too_small() -> None:
    sizes = [path.stat().st_size for path in media.FILES.iterdir()]
    assert len(sizes) == 4
    assert all(20_000 <= size < 200_000 for size in sizes)


@pytest.mark.parametrize("name", ["video.mp4", "audio.mp3", "image.jpg", "image.png"])
def test_every_sample_can_be_decoded(name: str) -> None:
    command = ["ffmpeg", "-v", "error", "-i", str(media.FILES / name), "-f", "null", "-"]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no ffmpeg here")
    assert (done.returncode, done.stderr) == (0, b"")


def test_type_length_and_mark_are_told(client: Client, url: str) -> None:
    answer = client.download(url)
    assert answer.headers["Content-Type"] == "video/mp4"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert client.download(url).headers["ETag"] == answer.headers["ETag"]
    assert client.download(video(client)).headers["ETag"] != answer.headers["ETag"]


def test_the_mark_is_the_one_the_query_names(client: Client) -> None:
    item = client.query(ROW, client.submit(ROW, BODY))["exportVideos"][0]
    assert client.download(item["videoUrl"]).headers["ETag"] == f'"{item["videoEtag"]}"'


def test_part_of_a_file_can_be_fetched(client: Client, url: str) -> None:
    whole = client.download(url).content
    for asked, start, stop in (("10-19", 10, 20), ("100-", 100, len(whole)), ("-7", len(whole) - 7, len(whole))):
        part = client.download(url, Range=f"bytes={asked}")
        assert (part.status_code, part.content) == (206, whole[start:stop])
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(whole)}"
    assert client.download(url, Range=f"bytes={len(whole)}-").status_code == 416


def test_a_part_of_another_edition_is_answered_with_the_whole(client: Client, url: str) -> None:
    etag = client.download(url).headers["ETag"]
    assert client.download(url, Range="bytes=5-", **{"If-Range": etag}).status_code == 206
    assert client.download(url, Range="bytes=5-", **{"If-Range": '"other"'}).status_code == 200


@pytest.mark.parametrize("size", [300_000, 5_000_000])
def test_files_are_padded_to_the_byte(size: int, run: Callable[..., Client]) -> None:
    client = run(seconds=0, media_bytes=size)
    url = video(client)
    answer = client.download(url)
    assert len(answer.content) == int(answer.headers["Content-Length"]) == size
    assert client.download(url, Range=f"bytes={size - 3}-").content == bytes(3)


def test_a_padded_video_is_still_a_video(run: Callable[..., Client], tmp_path: Path) -> None:
    client = run(seconds=0, media_bytes=400_000)
    file = tmp_path / "padded.mp4"
    file.write_bytes(client.download(video(client)).content)
    data, at, boxes = file.read_bytes(), 0, []
    while at < len(data):
        boxes.append(data[at + 4 : at + 8])
        at += int.from_bytes(data[at : at + 4], "big")
    assert at == len(data)
    assert (boxes[0], boxes[-1]) == (b"ftyp", b"free")


def test_urls_look_signed_and_only_serve_a_get(client: Client, url: str) -> None:
    assert all(part in url for part in ("X-Amz-Date=", "X-Amz-Expires=86400", "X-Amz-Signature="))
    assert client.download(url, "HEAD").status_code == 403
    assert client.download(url, "PUT").status_code == 403
    assert client.download(url.partition("?")[0]).status_code == 403
    assert client.download(url.replace("e0.mp4", "e1.mp4")).status_code == 403


def test_urls_expire_and_a_new_query_gives_fresh_ones(run: Callable[..., Client]) -> None:
    client = run(seconds=0, url_seconds=600)
    task_id = client.submit(ROW, BODY)
    url = client.query(ROW, task_id)["exportVideos"][0]["videoUrl"]
    assert client.download(url).status_code == 200
    client.service.advance(600)
    assert client.download(url).status_code == 403
    assert client.download(client.query(ROW, task_id)["exportVideos"][0]["videoUrl"]).status_code == 200


@pytest.mark.parametrize("header", ["authorization", "topview-uid"])
def test_a_download_with_the_api_s_headers_is_refused_and_counted(header: str, client: Client, url: str) -> None:
    assert client.download(url, **{header: "x"}).status_code == 400
    assert client.service.stats()["leaked_headers"] == 1
    assert client.download(url).status_code == 200
    assert client.service.stats()["leaked_headers"] == 1
    assert client.service.stats()["downloads"] == 1


def test_a_client_that_hangs_up_in_the_middle_of_a_file_is_worth_one_quiet_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with StandIn(seconds=0, media_bytes=50_000_000) as service:
        client = Client(service)
        url = video(client)
        for _ in range(20):  # aiohttp sees it while it writes, or cancels the handler: either may come first
            with client.http.get(url, stream=True, timeout=LIMIT) as answer:
                answer.raw.read(1)
        wait_for(lambda: sum("hung up" in line for line in caplog.messages) == 20)
        assert client.download(url).status_code == 200
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG] == []
