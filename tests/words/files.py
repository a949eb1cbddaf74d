"""Errors about files in and out, and about lists."""

from __future__ import annotations

from threading import Event
from typing import Any

from tests.files import in_turn
from tests.support import PATIENCE, Server, answering, refused_port
from topview_provider.exceptions import (
    TopviewError,
    TopviewInvalidRequest,
    TopviewNotFound,
    TopviewTaskFailed,
    TopviewUnavailable,
)
from topview_provider.hooks import uploading
from topview_provider.hooks.abreast import abreast
from topview_provider.hooks.topview import storage_path
from topview_provider.operators.lookup import TopviewChooseVoiceOperator, TopviewVoiceListOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator

from . import Scene, says


def upload(scene: Scene, source: Any, **words: Any) -> Any:
    return scene.run(TopviewUploadOperator(task_id="u", source=str(source), **words))


@says(TopviewInvalidRequest, "source: no file ", "/gone.png'")
def a_source_that_is_gone(scene: Scene) -> None:
    upload(scene, scene.folder / "gone.png")


@says(TopviewInvalidRequest, "source: 'file:///", "is a folder; give the path of a file")
def a_source_that_is_a_folder(scene: Scene) -> None:
    upload(scene, scene.folder)


@says(TopviewInvalidRequest, "source: 'file:///", "/empty.png' is empty; TopView takes no empty file")
def a_source_that_is_empty(scene: Scene) -> None:
    upload(scene, scene.file("empty.png", b""))


@says(TopviewInvalidRequest, "format: 'html' is not allowed; allowed: mp4, mov")
def a_source_of_another_format(scene: Scene) -> None:
    upload(scene, scene.file("page.html"))


@says(
    TopviewInvalidRequest, "s3://bucket/a.png cannot be used", "scheme s3", "Install airflow-provider-topview[s3] where"
)
def a_source_in_s3_without_its_file_system(scene: Scene) -> None:
    upload(scene, "s3://aws_default@bucket/a.png")


@says(TopviewInvalidRequest, "gs://bucket/a.png cannot be used", "Install airflow-provider-topview[gcs] where")
def a_source_in_google_s_storage_without_its_file_system(scene: Scene) -> None:
    upload(scene, "gs://bucket/a.png")


@says(TopviewInvalidRequest, "https://shop.example/a.png", "A web address is no file: download it first")
def a_source_on_the_web(scene: Scene) -> None:
    upload(scene, "https://shop.example/a.png?token=secret")


@says(TopviewInvalidRequest, "odd://bucket/a.png cannot be used", "Install the Airflow provider that brings", "odd://")
def a_source_of_an_unknown_kind(scene: Scene) -> None:
    upload(scene, "odd://bucket/a.png")


@says(TopviewUnavailable, "PUT http://127.0.0.1:", "answered HTTP 500")
def a_storage_that_does_not_take_the_file(scene: Scene) -> None:
    scene.fault("status", method="PUT", times=-1)
    upload(scene, scene.file("a.png"))


@says(TopviewUnavailable, "PUT http://127.0.0.1:", "ConnectionError while uploading")
def a_storage_that_hangs_up(scene: Scene) -> None:
    scene.fault("reset", method="PUT", times=-1)
    upload(scene, scene.file("a.png"))


@says(TopviewUnavailable, "the upload credential lacks fileId or uploadUrl: ['fileId']")
def an_upload_credential_without_an_address(scene: Scene) -> None:
    scene.fault("wrong-type", path="/v1/upload/credential", value={"fileId": "1"}, times=-1)
    upload(scene, scene.file("a.png"))


@says(TopviewUnavailable, "fileId ", "was sent, but TopView does not see it")
def a_file_that_topview_does_not_see(scene: Scene) -> None:
    scene.open(upload_seconds=3600)
    upload(scene, scene.file("a.png"))


@says(TopviewError, "source: 'file:///", "/a.png' is shorter than the ", "What to do: upload it when")
def a_source_that_becomes_shorter(scene: Scene) -> None:
    store, source = scene.enter(Server(answering(b""))), storage_path(scene.file("a.png"))
    uploading.put(scene.hook().settings, f"{store.url}/a.png", source, source.stat().st_size + 1)


def download(scene: Scene, **words: Any) -> Any:
    """Fetch the video of a task, which is bought unless it is named."""
    if "topview_task_id" not in words:
        words["topview_task_id"] = scene.film(wait_for_completion=False)["topview_task_id"]
    given = {"family": "marketing_video", "path": f"{scene.folder}/v.mp4", **words}
    return scene.run(TopviewDownloadOperator(task_id="d", **given))


@says(TopviewInvalidRequest, "family: no task family 'hologram'; known: ", "marketing_video")
def a_family_that_does_not_exist(scene: Scene) -> None:
    download(scene, family="hologram")


@says(TopviewInvalidRequest, "cannot be used: Invalid IPv6 URL")
def a_path_that_is_no_url(scene: Scene) -> None:
    download(scene, path="s3://[bucket/v.mp4")


@says(TopviewInvalidRequest, "output: 'mask' is not among those of marketing_video: ['video', 'cover']")
def an_output_that_the_family_does_not_have(scene: Scene) -> None:
    download(scene, output="mask")


@says(TopviewInvalidRequest, "marketing_video ", "has 2 'video' outputs, none with index 7")
def an_index_that_is_not_there(scene: Scene) -> None:
    download(scene, index=7)


@says(TopviewInvalidRequest, "path: ", "/v.mp4' is the same for several files; use {index} in it")
def one_path_for_several_files(scene: Scene) -> None:
    download(scene, index="all")


@says(TopviewInvalidRequest, "path: '' is no path of a file")
def a_path_that_a_template_rendered_to_nothing(scene: Scene) -> None:
    download(scene, path="")


@says(TopviewInvalidRequest, "path: 'file:///", "is a folder; give the path of a file")
def a_path_that_is_a_folder(scene: Scene) -> None:
    download(scene, path=str(scene.folder))


@says(TopviewInvalidRequest, "s3://bucket/v.mp4 cannot be used", "Install airflow-provider-topview[s3] where")
def a_path_in_s3_without_its_file_system(scene: Scene) -> None:
    download(scene, path="s3://bucket/v.mp4")


@says(TopviewTaskFailed, "failed at TopView: no product there; there is nothing to fetch", task=True)
def a_result_of_a_task_that_failed(scene: Scene) -> None:
    scene.fault("fail", method="POST", message="no product there")
    download(scene)


@says(TopviewUnavailable, "marketing_video ", " is not finished: running", task=True)
def a_result_that_is_not_there_yet(scene: Scene) -> None:
    scene.fault("never-ends", method="POST")
    download(scene)


@says(TopviewNotFound, ", video 0: GET http://127.0.0.1:", "answered HTTP 403; the URL has expired", task=True)
def a_result_whose_url_is_refused_twice(scene: Scene) -> None:
    scene.fault("expired-url", times=-1)
    download(scene)


@says(
    TopviewUnavailable,
    "marketing_video ",
    ", video 0: GET http://127.0.0.1:",
    "v.mp4': ",
    "while downloading",
    "given up after ",
    " cuts, the last 3 without a byte",
    task=True,
)
def a_download_that_is_cut(scene: Scene) -> None:
    scene.fault("cut-download", times=-1)
    download(scene)


@says(TopviewUnavailable, "GET http://127.0.0.1:", "ConnectionError while downloading")
def a_storage_at_which_nobody_listens(scene: Scene) -> None:
    nobody = scene.enter(refused_port())
    scene.hook().download(f"{nobody.url}/v.mp4?Signature=secret", f"{scene.folder}/v.mp4")


@says(TopviewUnavailable, "GET http://127.0.0.1:", "answered HTTP 503")
def a_storage_that_is_busy(scene: Scene) -> None:
    store = scene.enter(Server(answering(b"", "503 Slow Down")))
    scene.hook().download(f"{store.url}/v.mp4", f"{scene.folder}/v.mp4")


@says(TopviewUnavailable, "delivered text/html, which is no media file")
def a_result_that_is_a_web_page(scene: Scene) -> None:
    store = scene.enter(Server(answering(b"<html>", content_type="text/html")))
    scene.hook().download(f"{store.url}/v.mp4", f"{scene.folder}/v.mp4")


@says(TopviewUnavailable, "/v.mp4' delivered 0 bytes")
def a_result_that_is_empty(scene: Scene) -> None:
    store = scene.enter(Server(answering(b"", content_type="video/mp4")))
    scene.hook().download(f"{store.url}/v.mp4", f"{scene.folder}/v.mp4")


@says(TopviewUnavailable, "delivered 1 of 1 bytes, which are not those of its Content-MD5; given up after 3 beginnings")
def a_result_that_is_not_what_the_storage_promised(scene: Scene) -> None:
    said = answering(b"x", content_type="video/mp4", content_md5="1B2M2Y8AsgTpgAmY7PhCfg==")
    store = scene.enter(Server(said))
    scene.hook().download(f"{store.url}/v.mp4", f"{scene.folder}/v.mp4")


@says(TopviewUnavailable, "delivered the file packed as gzip, which was not asked for")
def a_result_that_came_packed(scene: Scene) -> None:
    store = scene.enter(Server(answering(b"x", content_type="video/mp4", content_encoding="gzip")))
    scene.hook().download(f"{store.url}/v.mp4", f"{scene.folder}/v.mp4")


@says(TopviewError, "cannot write 'file:///", "/v.mp4': FileExistsError", "What to do: make room there")
def a_target_that_cannot_be_written(scene: Scene) -> None:
    download(scene, path=f"{scene.file('folder')}/v.mp4")


@says(TopviewNotFound, "marketing_video ", ", video 1: it no longer has output 1", task=True)
def an_output_that_is_gone_when_its_url_has_expired(scene: Scene) -> None:
    said = in_turn(answering(b"x", content_type="video/mp4"), answering(b"", "403 Forbidden"))
    made = {"status": "success", "videoUrl": f"{scene.enter(Server(said)).url}/v.mp4"}
    topview_task_id = scene.film(wait_for_completion=False)["topview_task_id"]
    for count in (2, 1):
        value = {"status": "success", "exportVideos": [{**made, "scriptId": number} for number in range(count)]}
        scene.fault("wrong-type", path="/v1/m2v/task/query", value=value)
    path = f"{scene.folder}/{{index}}.mp4"
    download(scene, topview_task_id=topview_task_id, path=path, index="all", parallel=1)


@says(TopviewError, "GET http://127.0.0.1:", "/v.mp4': stopped after 0 bytes")
def a_download_that_is_stopped(scene: Scene) -> None:
    stop = Event()
    stop.set()
    store = scene.enter(Server(answering(b"x", content_type="video/mp4")))
    scene.hook().download(f"{store.url}/v.mp4", f"{scene.folder}/v.mp4", stop=stop)


@says(TopviewError, "stopped before 1 of 2 downloads had ended")
def several_downloads_that_are_stopped_while_a_storage_is_silent(scene: Scene) -> None:
    stop, over = Event(), Event()
    stop.set()
    try:
        abreast([lambda: "landed", lambda: str(over.wait(PATIENCE))], 2, stop)
    finally:
        over.set()


@says(TopviewInvalidRequest, "parallel: 'four' is not a whole number")
def a_download_of_no_number_at_once(scene: Scene) -> None:
    download(scene, topview_task_id="t1", parallel="four")


@says(TopviewInvalidRequest, "parallel: 0 is too few; allowed: 1 or more")
def a_download_of_nothing_at_once(scene: Scene) -> None:
    download(scene, topview_task_id="t1", parallel=0)


@says(TopviewInvalidRequest, "voice_list: ", "larger than the 49152 bytes that XCom takes", "limit", "result_path")
def a_list_too_large_for_xcom(scene: Scene) -> None:
    scene.monkeypatch.setattr("topview_provider.operators.listing.MAX_XCOM_BYTES", 49152)
    items = [{"voiceId": "x" * 5000, "voiceName": str(number)} for number in range(20)]
    scene.fault("wrong-type", path="/v1/voice/query", value={"data": items, "total": 20})
    scene.run(TopviewVoiceListOperator(task_id="l"))


@says(TopviewInvalidRequest, "result_path: 'file:///", "is a folder; give the path of a file")
def a_place_for_a_list_that_is_a_folder(scene: Scene) -> None:
    scene.run(TopviewVoiceListOperator(task_id="l", result_path=str(scene.folder)))


@says(TopviewInvalidRequest, "voice_list: no argument colour; allowed: ", "language")
def a_filter_that_does_not_exist(scene: Scene) -> None:
    scene.hook().list("voice_list", colour="red")


@says(TopviewInvalidRequest, "voice_list: ", "page_size")
def a_filter_of_another_type(scene: Scene) -> None:
    scene.hook().list("voice_list", page_size="many")


@says(TopviewInvalidRequest, "voice_list: page_no: 'first' is not a whole number")
def a_page_that_is_no_number(scene: Scene) -> None:
    scene.hook().list("voice_list", page_no="first")


def choose(scene: Scene, voices: list[tuple[str, str]], name: str) -> Any:
    items = [{"voiceId": voice_id, "voiceName": called} for voice_id, called in voices]
    scene.fault("wrong-type", path="/v1/voice/query", value={"data": items, "total": len(items)})
    return scene.run(TopviewChooseVoiceOperator(task_id="c", name=name))


@says(TopviewInvalidRequest, "no voice fits these filters")
def a_choice_among_none(scene: Scene) -> None:
    choose(scene, [], "Emma")


@says(TopviewInvalidRequest, "2 voices are called 'Emma'; give an id: v1, v2")
def a_name_that_two_have(scene: Scene) -> None:
    choose(scene, [("v1", "Emma"), ("v2", "emma")], "Emma")


@says(TopviewInvalidRequest, "no voice 'Ema' among 2; near matches: Emma")
def a_name_that_is_spelled_wrong(scene: Scene) -> None:
    choose(scene, [("v1", "Emma"), ("v2", "Bo")], "Ema")


@says(TopviewInvalidRequest, "no voice 'Quasimodo' among 1; there are, for example: Emma")
def a_name_that_nobody_has(scene: Scene) -> None:
    choose(scene, [("v1", "Emma")], "Quasimodo")
