"""Files from and to an object storage, here one that lives in memory."""

from __future__ import annotations

from typing import Any

from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

from topview_provider.hooks import transfer
from topview_provider.hooks.topview import TopviewHook, storage_path
from topview_provider.standin.server import StandIn

from .files import attached, memory, video_url

__all__ = ["memory"]


def test_files_come_from_and_go_to_an_object_storage(hook: TopviewHook, service: StandIn, memory: str) -> None:
    target = storage_path(f"{memory}/video.mp4")
    size = hook.download(video_url(hook), f"{memory}/video.mp4")
    hook.upload(f"{memory}/video.mp4")

    assert target.stat().st_size == size
    assert [path.name for path in target.parent.iterdir()] == ["video.mp4"]
    assert [file["size"] for file in service.uploads()] == [size]


class Noting(MemoryFileSystem):
    """A storage that notes how much its files are told to hold back."""

    def __init__(self) -> None:
        super().__init__(skip_instance_cache=True)
        self.blocks: list[Any] = []

    def _open(self, path: str, mode: str = "rb", block_size: int | None = None, **words: Any) -> MemoryFile:
        self.blocks.append(block_size)
        return super()._open(path, mode, block_size=block_size, **words)


def test_the_client_of_an_object_storage_is_told_to_hold_little(hook: TopviewHook) -> None:
    system = Noting()
    for place in attached(system):
        hook.download(video_url(hook), f"{place}/video.mp4")
        hook.upload(f"{place}/video.mp4")
    assert system.blocks == [transfer.BLOCK] * 2
