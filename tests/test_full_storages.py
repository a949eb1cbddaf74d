"""Where a file cannot be written: the error says where, why and what to do, and nothing unfinished stays."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from topview_provider import exceptions as errors
from topview_provider.hooks.topview import TopviewHook, storage_path
from topview_provider.standin.server import StandIn

from .files import Connect, Refusing, attached, video_url


@pytest.fixture
def cramped() -> Iterator[None]:
    """A process whose files may have 2 MB; the system refuses more as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("cramped")
def test_a_disk_without_room_is_named_and_nothing_stays(connect: Connect, tmp_path: Path) -> None:
    target = tmp_path / "video.mp4"
    target.write_bytes(b"older")
    with StandIn(seconds=0, media_bytes=5_000_000) as service:
        connect(service)
        hook = TopviewHook()
        with pytest.raises(errors.TopviewError) as caught:
            hook.download(video_url(hook), target)
        assert service.stats()["downloads"] == 1

    assert re.search(r"cannot write '.*video\.mp4': File too large after 1\d{6} bytes, which", str(caught.value))
    assert "What to do: make room there" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["video.mp4"]
    assert target.read_bytes() == b"older"


def test_a_target_that_can_never_be_written_is_named(hook: TopviewHook, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(errors.TopviewError, match=r"cannot write '.*/file/video\.mp4': FileExistsError\. What to do"):
        hook.download(video_url(hook), tmp_path / "file" / "video.mp4")


@pytest.fixture(params=["write", "close"])
def full(request: pytest.FixtureRequest) -> Iterator[str]:
    """A storage that takes no byte, or says so only when a file is complete, in words that are not the system's."""
    yield from attached(Refusing(request.param, RuntimeError("quota")))


def test_an_object_storage_that_refuses_is_named_and_nothing_stays(hook: TopviewHook, full: str) -> None:
    with pytest.raises(
        errors.TopviewError, match=r"cannot write 'memory://.*video\.mp4': RuntimeError after \d+ bytes"
    ):
        hook.download(video_url(hook), f"{full}/video.mp4")
    assert [path.name for path in storage_path(full).iterdir()] == []
