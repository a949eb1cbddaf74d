"""What OpenLineage hears: inputs and outputs by the names that others use, asked of nobody."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.openlineage.extractors.base import DefaultExtractor, OperatorLineage

from tests.contract.running import new_context, walk
from topview_provider.lineage import Dataset, dataset, given
from topview_provider.operators.avatar import TopviewPhotoAvatarOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator
from topview_provider.standin import server
from topview_provider.standin.server import StandIn

PICTURE = str(next(iter(sorted((Path(server.__file__).parent / "media").glob("*.jpg")))))
LINK = "https://shop.example/lamps/desk?token=secret#top"


def heard(task: Any) -> OperatorLineage:
    """Return what the OpenLineage provider takes from a task that has run."""
    found = DefaultExtractor(task).extract_on_complete(None)
    assert found is not None
    return found


def names(datasets: Any) -> list[tuple[str, str]]:
    return [(one.namespace, one.name) for one in datasets]


def at_topview(service: StandIn) -> str:
    return service.url.replace("http://", "topview://")


@pytest.mark.parametrize(
    ("url", "namespace", "name"),
    [
        ("/data/lamp.mp4", "file", "/data/lamp.mp4"),
        ("file:///data/a%20lamp.mp4", "file", "/data/a lamp.mp4"),
        ("s3://aws_conn@bucket/videos/lamp.mp4", "s3://bucket", "videos/lamp.mp4"),
        ("s3a://bucket/lamp.mp4?versionId=1", "s3://bucket", "lamp.mp4"),
        ("gs://bucket/lamp.mp4", "gs://bucket", "lamp.mp4"),
        ("s3://bucket/lamp #2.mp4", "s3://bucket", "lamp #2.mp4"),
        ("file:///data/lamp #2.mp4", "file", "/data/lamp #2.mp4"),
        ("https://me:secret@shop.example:8443/lamp?token=secret", "https://shop.example:8443", "lamp"),
        ("https://shop.example", "https://shop.example", "/"),
    ],
)
def test_a_file_or_a_page_has_the_name_that_others_give_it(url: str, namespace: str, name: str) -> None:
    assert dataset(url) == Dataset(namespace, name)


def test_a_deferred_task_tells_the_page_it_read_and_the_video_it_made(service: StandIn) -> None:
    tasks = []

    def make() -> Any:
        tasks.append(TopviewMarketingVideoOperator(task_id="v", product_link=LINK, deferrable=True))
        return tasks[-1]

    name = walk(make, new_context())["topview_task_id"]
    found = heard(tasks[-1])
    assert len(tasks) == 2
    assert names(found.inputs) == [("https://shop.example", "lamps/desk")]
    assert names(found.outputs) == [(at_topview(service), f"marketing_video/{name}")]
    query: Any = found.run_facets["externalQuery"]
    assert (query.externalQueryId, query.source) == (name, service.url)


def test_upload_task_and_download_are_one_line_from_file_to_file(service: StandIn, tmp_path: Path) -> None:
    upload = TopviewUploadOperator(task_id="u", source=PICTURE)
    talk = TopviewPhotoAvatarOperator(
        task_id="t",
        template_image_file_id=upload.execute(new_context()),
        mode="avatar4Fast",
        script_mode="text",
        tts_text="Hello",
        voice_id="v1",
    )
    name = talk.execute(new_context())["topview_task_id"]
    download = TopviewDownloadOperator(
        task_id="d", family="photo_avatar", topview_task_id=name, path=f"{tmp_path}/talk.mp4"
    )
    download.execute(new_context())
    line = [heard(task) for task in (upload, talk, download)]
    assert names(line[0].inputs) == [("file", PICTURE)]
    for before, after in pairwise(line):
        assert names(before.outputs) == names(after.inputs)
    assert names(line[2].outputs) == [("file", f"{tmp_path}/talk.mp4")]
    assert line[0].run_facets == {}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"image_file_id": 12345}, ["file/12345"]),  # what render_template_as_native_obj makes of a text of digits
        ({"file_ids": "['a', 'b']"}, ["file/a", "file/b"]),
        ({"file_ids": ["a", "b"]}, ["file/a", "file/b"]),
        ({"product_link": "https://[shop/lamp"}, []),
    ],
)
def test_what_a_task_was_given_is_told_however_a_template_spelled_it(arguments: Any, expected: list[str]) -> None:
    assert [one.name for one in given(arguments, "https://api.topview.ai")] == expected


def test_facets_ask_nobody_and_hold_no_signature(service: StandIn) -> None:
    task = TopviewMarketingVideoOperator(task_id="v", product_link=LINK)
    task.execute(new_context())
    asked = len(service.requests())
    found = heard(task)
    assert len(service.requests()) == asked
    assert "secret" not in repr(found)
    assert "?" not in repr(found)


def test_a_task_that_did_not_end_well_tells_nothing(service: StandIn) -> None:
    task = TopviewMarketingVideoOperator(task_id="v", product_link=LINK)
    assert DefaultExtractor(task).extract_on_complete(None) is None


def test_without_the_provider_of_openlineage_there_are_no_facets(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = TopviewMarketingVideoOperator(task_id="v", product_link=LINK)
    task.execute(new_context())
    monkeypatch.setitem(sys.modules, "airflow.providers.openlineage.extractors", None)
    assert task.get_openlineage_facets_on_complete(None) is None
