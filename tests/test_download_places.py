"""Where a download lands: what a path may be and hold, and outputs that other tasks choose."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.running import new_context
from tests.contract.test_classes import dag
from topview_provider.exceptions import TopviewInvalidRequest
from topview_provider.operators.product import TopviewScraperOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator
from topview_provider.standin.server import StandIn

from .test_storage_operators import LINK, download, strict, video

__all__ = ["strict"]


@pytest.mark.parametrize("path", ["", "  ", "{tmp}", "{tmp}/", "{tmp}/new/", "/"])
def test_a_path_that_is_no_file_is_refused_before_topview_is_asked(path: str, strict: StandIn, tmp_path: Path) -> None:
    before = len(strict.requests())
    with pytest.raises(TopviewInvalidRequest, match="path: "):
        download("any", path.replace("{tmp}", str(tmp_path)))
    assert len(strict.requests()) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["{topview_task_id}", "kettle/{language}"])
def test_a_path_that_is_a_folder_when_it_is_filled_in_is_refused_before_anything_is_fetched(
    path: str, strict: StandIn, tmp_path: Path
) -> None:
    manifest = TopviewScraperOperator(task_id="s", product_link=LINK).execute(new_context())
    topview_task_id = manifest["topview_task_id"]
    (tmp_path / topview_task_id).mkdir()
    with pytest.raises(TopviewInvalidRequest, match="path: "):
        download(topview_task_id, tmp_path / path, family="scraper")
    assert strict.stats()["downloads"] == 0
    assert [path.name for path in tmp_path.rglob("*")] == [topview_task_id]


def test_only_the_named_placeholders_of_a_path_are_filled_in(strict: StandIn, tmp_path: Path) -> None:
    stored = download(video(), tmp_path / "{name}{url}{duration_ms}{other}-{index}{{ext}}")
    assert Path(stored).name == "{name}{url}{duration_ms}{other}-0{mp4}"
    assert Path(stored).exists()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://s3.example/v1.2/k.mp4?X-Amz=a/b.c", "k1-{ext}.mp4"),
        ("https://s3.example/v1.2/k", "k1-{ext}.bin"),
        ("https://s3.example/v1.2/k?name=a.mp4", "k1-{ext}.bin"),
        ("https://s3.example/v1.2/k.", "k1-{ext}.bin"),
        ("https://s3.example", "k1-{ext}.bin"),
    ],
)
def test_the_extension_is_that_of_the_file_at_topview_or_bin(url: str, name: str) -> None:
    task = TopviewDownloadOperator(task_id="d", family="scraper", topview_task_id="1", path="{item_id}{language}.{ext}")
    assert task.filled_in({"url": url, "item_id": "k1-{ext}", "language": None, "index": 0, "name": "x"}) == name


def test_the_output_to_download_may_come_from_another_task() -> None:
    words = {"family": "marketing_video", "topview_task_id": "1", "path": "x"}
    with dag():
        chosen = TopviewUploadOperator(task_id="chosen", source="a.png")
        task = TopviewDownloadOperator(task_id="d", output=chosen.output, **words)
        mapped = TopviewDownloadOperator.partial(task_id="m", **words).expand(output=chosen.output)
    assert task.upstream_task_ids == mapped.upstream_task_ids == {"chosen"}
    assert mapped.unmap({"output": "cover"}).output_name == "cover"


def test_an_output_in_partial_gives_no_upstream_as_its_docstring_warns() -> None:
    words = {"family": "marketing_video", "path": "x"}
    with dag():
        chosen = TopviewUploadOperator(task_id="chosen", source="a.png")
        mapped = TopviewDownloadOperator.partial(task_id="m", output=chosen.output, **words).expand(
            topview_task_id=["1"]
        )
    assert mapped.upstream_task_ids == set()
    assert "in ``.partial`` Airflow would not wait for that task" in " ".join(TopviewDownloadOperator.__doc__.split())
