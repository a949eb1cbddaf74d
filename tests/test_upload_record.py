"""What an upload remembers: the same file is the same ``fileId``, so that what is made of it is not bought again."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from tests.attempts import BlindStore, DeafStore, cleared, forgetful, remember_in, retried
from tests.conftest import FakeStore
from tests.lines import attach
from topview_provider.exceptions import TopviewError, TopviewInvalidRequest, TopviewUnavailable
from topview_provider.hooks import uploading
from topview_provider.operators.storage import TopviewUploadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator
from topview_provider.standin.server import StandIn

CHECK = "/v1/upload/check"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(2000)


@pytest.fixture(autouse=True)
def strict(connect: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A stand-in that knows which files were uploaded."""
    monkeypatch.setattr(uploading, "CHECK_SECONDS", 0.01)
    with StandIn(seconds=0) as service:
        connect(service, poll_interval=0.01)
        yield service


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "kettle.png"
    path.write_bytes(PICTURE)
    return path


class Bucket(MemoryFileSystem):
    """An object storage that tells an ETag, and neither a time of change nor a folder."""

    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    def info(self, path: str, **words: Any) -> dict[str, Any]:
        found = super().info(path, **words)
        if found["type"] == "file":
            found["ETag"] = hashlib.md5(self.cat_file(path), usedforsecurity=False).hexdigest()
        return {name: value for name, value in found.items() if name != "created"}


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """A bucket behind a connection of its own, at ``memory://etags@``."""
    attach("memory", conn_id="etags", fs=Bucket())
    yield Bucket()
    Bucket.store.clear()


def upload(source: Any, context: dict[str, Any], **words: Any) -> str:
    return TopviewUploadOperator(task_id="u", source=str(source), **words).execute(context)


def edit(path: Path, content: bytes) -> None:
    """Change a file; its time of change is a later one, whatever the clock of the file system."""
    before = path.stat().st_mtime
    path.write_bytes(content)
    os.utime(path, (before + 10, before + 10))


@pytest.mark.parametrize("clear", [False, True], ids=["a retry", "a clear"])
def test_the_same_file_keeps_its_id(clear: bool, strict: StandIn, picture: Path) -> None:
    store = FakeStore()
    first = upload(picture, retried(store, 1))
    assert upload(picture, cleared(store, 2) if clear else retried(store, 2)) == first
    assert len(strict.uploads()) == 1
    assert [entry["path"] for entry in strict.requests()][-1] == CHECK


def test_the_first_attempt_that_died_after_its_upload_is_forgotten_and_costs_nothing(
    strict: StandIn, picture: Path
) -> None:
    with pytest.raises(TopviewError, match="cannot be written"):
        upload(picture, retried(DeafStore(0), 1))
    assert upload(picture, retried(FakeStore(), 2)) == strict.uploads()[1]["fileId"]


def replace_by_another(path: Path) -> dict[str, Any]:
    edit(path, PICTURE[::-1])
    return {}


def lengthen(path: Path) -> dict[str, Any]:
    path.write_bytes(PICTURE + b"more")
    return {}


def touch(path: Path) -> dict[str, Any]:
    edit(path, PICTURE)
    return {}


def copy(path: Path) -> dict[str, Any]:
    return {"source": shutil.copy2(path, path.with_name("copy.png"))}


def name_the_format(path: Path) -> dict[str, Any]:
    return {"file_format": "jpg"}


@pytest.mark.parametrize("change", [replace_by_another, lengthen, touch, copy, name_the_format])
def test_a_file_that_may_be_another_one_is_uploaded(
    change: Callable[[Path], Any], strict: StandIn, picture: Path
) -> None:
    store = FakeStore()
    first = upload(picture, retried(store, 1))
    words = {"source": picture, **change(picture)}
    second = upload(context=retried(store, 2), **words)
    assert second != first
    assert upload(context=retried(store, 3), **words) == second
    assert len(strict.uploads()) == 2


@pytest.mark.parametrize(
    ("kind", "words"),
    [("wrong-type", {"value": False}), ("wrong-type", {"value": "false"}), ("code", {"value": "4004"})],
)
def test_a_file_that_topview_no_longer_has_is_uploaded_again(
    kind: str, words: dict[str, Any], strict: StandIn, picture: Path
) -> None:
    store = FakeStore()
    first = upload(picture, retried(store, 1))
    strict.fault(kind, path=CHECK, times=1, **words)
    second = upload(picture, cleared(store, 2))
    assert first != second
    assert upload(picture, cleared(store, 3)) == second


def test_a_topview_that_cannot_be_asked_is_no_topview_without_the_file(
    hasty: None, strict: StandIn, picture: Path
) -> None:
    store = FakeStore()
    first = upload(picture, retried(store, 1))
    strict.fault("status", path=CHECK, value=503, times=-1)
    with pytest.raises(TopviewUnavailable):
        upload(picture, retried(store, 2))
    strict.clear_faults()
    assert upload(picture, retried(store, 3)) == first
    assert len(strict.uploads()) == 1


def test_another_host_or_account_has_files_of_its_own(
    connect: Callable[..., str], strict: StandIn, picture: Path
) -> None:
    store = FakeStore()
    first = upload(picture, retried(store, 1))
    with StandIn(uid="another") as second:
        connect(second)
        found = upload(picture, retried(store, 2))
        assert [file["fileId"] for file in second.uploads()] == [found]
    assert found != first


def test_the_same_host_under_another_connection_has_the_same_files(
    connect: Callable[..., str], strict: StandIn, picture: Path
) -> None:
    connect(strict, conn_id="other")
    store = FakeStore()
    first = upload(picture, retried(store, 1))
    assert upload(picture, retried(store, 2), topview_conn_id="other") == first


def test_a_relative_path_is_the_file_it_leads_to(
    strict: StandIn, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FakeStore()
    first = upload(picture, retried(store, 1))
    monkeypatch.chdir(picture.parent)
    assert upload("kettle.png", retried(store, 2)) == upload(f"file://{picture}", retried(store, 3)) == first


def test_an_object_is_known_by_its_etag(bucket: Bucket, strict: StandIn) -> None:
    store = FakeStore()
    found = []
    for number, content in enumerate((PICTURE, PICTURE, PICTURE[::-1], PICTURE[::-1]), 1):
        bucket.pipe("/shop/kettle.png", content)
        found.append(upload("memory://etags@shop/kettle.png", retried(store, number)))
    assert (found[0] == found[1], found[1] == found[2], found[2] == found[3]) == (True, False, True)
    assert len(strict.uploads()) == 2


def test_files_remember_an_upload_as_airflow_s_store_does(
    strict: StandIn, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_in(tmp_path / "ledger", monkeypatch)
    assert upload(picture, forgetful()) == upload(picture, forgetful(2))
    assert upload(picture, forgetful(map_index=1)) != upload(picture, forgetful(map_index=2))
    assert len(strict.uploads()) == 3


def test_without_any_store_each_try_uploads_for_an_upload_is_free(strict: StandIn, picture: Path) -> None:
    assert upload(picture, forgetful()) != upload(picture, forgetful(2))


def test_a_store_that_cannot_be_read_is_an_error_and_not_no_record(strict: StandIn, picture: Path) -> None:
    with pytest.raises(TopviewError, match="cannot be read"):
        upload(picture, retried(BlindStore(), 2))
    assert strict.uploads() == []


def test_a_file_that_is_gone_is_named_though_an_earlier_attempt_sent_it(strict: StandIn, picture: Path) -> None:
    store = FakeStore()
    upload(picture, retried(store, 1))
    picture.unlink()
    with pytest.raises(TopviewInvalidRequest, match=r"source: no file .*kettle\.png"):
        upload(picture, retried(store, 2))


def test_a_cleared_chain_of_upload_and_video_buys_nothing(strict: StandIn, picture: Path) -> None:
    uploads, videos = FakeStore(), FakeStore()

    def run(attempt: Callable[..., dict[str, Any]], number: int) -> str:
        file_id = upload(picture, attempt(uploads, number))
        words = {"product_name": "Kettle", "product_description": "Red"}
        task = TopviewMarketingVideoOperator(task_id="v", file_ids=[file_id], **words)
        return str(task.execute(attempt(videos, number))["topview_task_id"])

    assert run(retried, 1) == run(cleared, 2) == run(retried, 3)
    assert strict.stats("marketing_video")["accepted"] == 1
