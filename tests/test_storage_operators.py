"""Files in and files out, against a stand-in that knows which files were uploaded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, Asset

from tests.contract.running import new_context
from tests.contract.test_classes import dag
from tests.lines import LINE, outlet_events
from tests.lines import through_the_database as serialized
from topview_provider.exceptions import (
    TopviewInvalidRequest,
    TopviewRejected,
    TopviewTaskFailed,
    TopviewUnavailable,
)
from topview_provider.operators.product import TopviewScraperOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator
from topview_provider.standin.server import StandIn

LINK = "https://shop.example/kettle"
NAME = {"name": "archive"} if LINE >= (3, 0) else {}
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


@pytest.fixture
def strict(connect: Callable[..., str]) -> Iterator[StandIn]:
    """A stand-in that refuses files which nobody uploaded, and makes two videos of each script list."""
    with StandIn(seconds=0, scripts=2) as service:
        connect(service, poll_interval=0.01)
        yield service


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "kettle.png"
    path.write_bytes(PICTURE)
    return path


def upload(source: Any, **words: Any) -> str:
    task = TopviewUploadOperator(task_id="u", source=source, **words)
    task.render_template_fields({"name": "kettle"})
    return task.execute(new_context())


def video(**words: Any) -> str:
    task = TopviewMarketingVideoOperator(task_id="v", **{"product_link": LINK, **words})
    return str(task.execute(new_context())["topview_task_id"])


def download(topview_task_id: str, path: Any, **words: Any) -> Any:
    context = {**new_context(), "outlet_events": outlet_events()}
    given = {"family": "marketing_video", "topview_task_id": topview_task_id, "path": str(path), **words}
    return TopviewDownloadOperator(task_id="d", **given).execute(context)


def test_an_uploaded_file_is_ready_as_input_when_the_task_ends(strict: StandIn, picture: Path) -> None:
    file_id = upload(str(picture.parent) + "/{{ name }}.png")
    assert strict.uploads() == [
        {
            "fileId": file_id,
            "size": len(PICTURE),
            "sha256": hashlib.sha256(PICTURE).hexdigest(),
            "format": "png",
        }
    ]
    words = {"product_link": None, "file_ids": [file_id], "product_name": "Kettle", "product_description": "Red"}
    assert video(**words)
    assert strict.stats("marketing_video")["accepted"] == 1


def test_a_file_that_was_not_uploaded_is_refused_by_topview(strict: StandIn) -> None:
    with pytest.raises(TopviewRejected, match="nowhere"):
        video(product_link=None, file_ids=["nowhere"], product_name="Kettle", product_description="Red")
    assert strict.stats("marketing_video")["accepted"] == 0


def test_the_format_of_an_upload_can_be_said_where_the_name_does_not_tell(strict: StandIn, tmp_path: Path) -> None:
    (tmp_path / "download").write_bytes(PICTURE)
    upload(tmp_path / "download", file_format="png")
    assert strict.uploads()[0]["format"] == "png"


def test_an_upload_of_a_file_url_is_an_upload(strict: StandIn, picture: Path) -> None:
    assert upload(f"file://{picture}") == strict.uploads()[0]["fileId"]


def test_an_upload_by_a_relative_path_starts_where_the_task_runs(
    strict: StandIn, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(picture.parent)
    assert upload("kettle.png") == strict.uploads()[0]["fileId"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.png", None, ["no file", "gone.png"]),
        ("empty.png", b"", ["empty.png", "is empty"]),
        ("page.html", b"<html>", ["format", "'html'", "allowed: mp4, mov"]),
    ],
)
def test_a_file_that_topview_would_not_take_is_refused_before_it_is_asked(
    name: str, content: bytes | None, words: list[str], strict: StandIn, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(TopviewInvalidRequest) as refused:
        upload(str(tmp_path / name))
    assert isinstance(refused.value, AirflowFailException)
    assert all(word in str(refused.value) for word in words)
    assert strict.requests() == []


def test_a_result_is_fetched_by_family_and_id(strict: StandIn, tmp_path: Path) -> None:
    target = tmp_path / "new" / "kettle.mp4"
    topview_task_id = video()
    assert download(topview_task_id, target) == str(target)
    assert target.read_bytes()[4:8] == b"ftyp"
    assert [path.name for path in target.parent.iterdir()] == ["kettle.mp4"]


def test_every_result_is_fetched_where_all_are_wanted(strict: StandIn, tmp_path: Path) -> None:
    topview_task_id = video()
    stored = download(topview_task_id, tmp_path / "{topview_task_id}-{index}-{item_id}.{ext}", index="all")
    assert stored == [f"{tmp_path}/{topview_task_id}-{number}-{number}.mp4" for number in (0, 1)]
    assert all(Path(path).stat().st_size > 0 for path in stored)
    covers = download(topview_task_id, tmp_path / "{index}.{ext}", output="cover", index="all")
    assert [Path(path).name for path in covers] == ["0.jpg", "1.jpg"]


def test_one_of_several_results_is_fetched_by_its_index_or_script(strict: StandIn, tmp_path: Path) -> None:
    topview_task_id = video()
    by_index = download(topview_task_id, tmp_path / "index-{item_id}.{ext}", index="1")
    by_script = download(topview_task_id, tmp_path / "script-{item_id}.{ext}", script_id=1)
    assert (Path(by_index).name, Path(by_script).name) == ("index-1.mp4", "script-1.mp4")


def test_a_preview_is_fetched_where_it_is_wanted(strict: StandIn, tmp_path: Path) -> None:
    topview_task_id = video(preview=True)
    assert Path(download(topview_task_id, tmp_path / "{index}.{ext}", preview="true")).exists()
    with pytest.raises(TopviewUnavailable, match=f"{topview_task_id} is not finished"):
        download(topview_task_id, tmp_path / "export.mp4")


def test_a_relative_path_is_one_below_where_the_task_runs(
    strict: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert download(video(), "out/{index}.{ext}") == "out/0.mp4"
    assert (tmp_path / "out" / "0.mp4").exists()


def test_templates_of_a_download_are_rendered(strict: StandIn, tmp_path: Path) -> None:
    values = {
        "family": "marketing_video",
        "topview_task_id": video(),
        "path": f"{tmp_path}/x.{{ext}}",
        "output": "cover",
        "index": "1",
        "script_id": "1",
    }
    task = TopviewDownloadOperator(task_id="d", **{name: f"{{{{ {name} }}}}" for name in values})
    task.render_template_fields({**values, "index": 0})
    assert task.execute(new_context()) == f"{tmp_path}/x.jpg"


def test_an_unknown_output_or_family_is_refused_with_those_there_are(strict: StandIn, tmp_path: Path) -> None:
    topview_task_id = video()
    before = len(strict.requests())
    with pytest.raises(TopviewInvalidRequest, match=r"output: 'hologram'.*marketing_video: \['video', 'cover'\]"):
        download(topview_task_id, tmp_path / "x", output="hologram")
    with pytest.raises(TopviewInvalidRequest, match=r"family: no task family 'hologram'; known: .*marketing_video"):
        download(topview_task_id, tmp_path / "x", family="hologram")
    assert len(strict.requests()) == before


def test_an_index_that_is_not_there_says_how_many_there_are(strict: StandIn, tmp_path: Path) -> None:
    topview_task_id = video()
    with pytest.raises(TopviewInvalidRequest, match=f"{topview_task_id} has 2 'video' outputs, none with index 7"):
        download(topview_task_id, tmp_path / "x", index=7)


def test_files_that_would_land_on_each_other_are_refused_before_the_first(strict: StandIn, tmp_path: Path) -> None:
    with pytest.raises(TopviewInvalidRequest, match=r"use \{index\}"):
        download(video(), tmp_path / "same.mp4", index="all")
    assert list(tmp_path.iterdir()) == []


def test_a_task_that_is_not_finished_may_be_asked_for_again(strict: StandIn, tmp_path: Path) -> None:
    strict.fault("never-ends", method="POST")
    task = TopviewMarketingVideoOperator(task_id="v", product_link=LINK, wait_for_completion=False)
    topview_task_id = task.execute(new_context())["topview_task_id"]
    with pytest.raises(TopviewUnavailable, match=r"is not finished: (init|running)") as early:
        download(topview_task_id, tmp_path / "x.mp4")
    assert not isinstance(early.value, AirflowFailException)


def test_a_task_that_failed_has_nothing_to_fetch_and_says_why(strict: StandIn, tmp_path: Path) -> None:
    strict.fault("fail", method="POST", message="no product there")
    task = TopviewMarketingVideoOperator(task_id="v", product_link=LINK, wait_for_completion=False)
    topview_task_id = task.execute(new_context())["topview_task_id"]
    with pytest.raises(TopviewTaskFailed, match=f"{topview_task_id} failed at TopView: no product there") as failed:
        download(topview_task_id, tmp_path / "x.mp4")
    assert failed.value.topview_task_id == topview_task_id


def test_no_header_of_the_api_goes_to_the_storage(strict: StandIn, picture: Path, tmp_path: Path) -> None:
    upload(picture)
    download(video(), tmp_path / "x.mp4")
    assert strict.stats()["downloads"] == 1
    assert strict.stats()["leaked_headers"] == 0


@pytest.mark.parametrize("index", [0, "all"])
def test_each_outlet_gets_an_asset_event_that_says_where_the_file_is(
    index: Any, strict: StandIn, tmp_path: Path
) -> None:
    outlets = [Asset("videos"), Asset(**NAME, uri="s3://bucket/videos")]
    topview_task_id = video()
    task = TopviewDownloadOperator(
        task_id="d",
        family="marketing_video",
        topview_task_id=topview_task_id,
        path=f"{tmp_path}/{{index}}.mp4",
        index=index,
        outlets=outlets,
    )
    events = outlet_events()
    task.execute({**new_context(), "outlet_events": events})
    about: dict[str, Any] = {"uri": f"{tmp_path}/0.mp4", "topview_task_id": topview_task_id, "state": "success"}
    about |= {"family": "marketing_video", "language": None, "cost_credit": None}
    about |= {"count": 2} if index == "all" else {}
    assert [events[outlet].extra for outlet in outlets] == [about, about]


def test_the_pictures_of_a_scraped_page_are_fetched_and_reused(strict: StandIn, tmp_path: Path) -> None:
    context = new_context()
    manifest = TopviewScraperOperator(task_id="s", product_link=LINK).execute(context)
    stored = download(
        manifest["topview_task_id"], tmp_path / "{item_id}.{ext}", family="scraper", output="image", index="all"
    )
    assert [Path(path).stem for path in stored] == manifest["values"]["file_ids"] == context["ti"].pushed["file_ids"]
    pushed = context["ti"].pushed
    assert video(
        product_link=None,
        file_ids=pushed["file_ids"],
        product_name=pushed["product_name"],
        product_description=pushed["product_description"],
    )


def test_upload_and_download_can_be_mapped_and_chained_in_a_dag() -> None:
    with dag(default_args={"topview_conn_id": "theirs"}) as written:
        uploads = TopviewUploadOperator.partial(task_id="u").expand(source=["a.png", "b.png"])
        made = TopviewMarketingVideoOperator(task_id="v", file_ids=uploads.output)
        task = TopviewDownloadOperator(
            task_id="d", family="marketing_video", topview_task_id=made.output["topview_task_id"], path="x"
        )
        mapped = TopviewDownloadOperator.partial(task_id="m", family="scraper", path="{item_id}").expand(
            topview_task_id=uploads.output
        )
    assert (made.upstream_task_ids, task.upstream_task_ids, mapped.upstream_task_ids) == ({"u"}, {"v"}, {"u"})
    upload = uploads.unmap({"source": "b.png"})
    assert (upload.source, upload.topview_conn_id) == ("b.png", "theirs")
    assert mapped.unmap({"topview_task_id": "7"}).topview_task_id == "7"
    read = {one.task_id: one.task_type for one in serialized(written).tasks}
    assert read["u"] == "TopviewUploadOperator"
    assert read["d"] == read["m"] == "TopviewDownloadOperator"
