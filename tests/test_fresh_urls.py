"""A download whose URL expires or whose file is cut: what a task makes of it within one attempt."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from topview_provider.exceptions import TopviewNotFound, TopviewUnavailable
from topview_provider.hooks import remote
from topview_provider.standin.server import StandIn

from .test_storage_operators import download, strict, video

__all__ = ["strict"]


def test_an_expired_url_is_asked_for_anew_once(strict: StandIn, tmp_path: Path) -> None:
    topview_task_id = video()
    strict.fault("expired-url", times=1)
    assert Path(download(topview_task_id, tmp_path / "x.mp4")).read_bytes()[4:8] == b"ftyp"
    strict.fault("expired-url", times=2)
    with pytest.raises(TopviewNotFound, match="has expired"):
        download(topview_task_id, tmp_path / "y.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["x.mp4"]


def test_a_url_that_expires_on_the_way_is_asked_for_anew_and_the_file_goes_on(strict: StandIn, tmp_path: Path) -> None:
    topview_task_id = video()
    before = len(strict.requests("/v1/m2v/task/query"))
    whole = Path(download(topview_task_id, tmp_path / "whole.mp4")).read_bytes()
    strict.fault("cut-download", value=0.5)
    strict.fault("expired-url")
    # Whatever would ask for the beginning again after the expiry is cut there for good.
    strict.fault("cut-download", value=len(whole) // 2 + 1, times=-1)

    assert Path(download(topview_task_id, tmp_path / "x.mp4")).read_bytes() == whole
    assert len(strict.requests("/v1/m2v/task/query")) == before + 3


def test_a_file_that_was_cut_for_good_leaves_nothing_behind(
    strict: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PAUSE", 0.0)
    topview_task_id = video()
    strict.fault("cut-download", value=0, times=3)
    with pytest.raises(TopviewUnavailable) as cut:
        download(topview_task_id, tmp_path / "x.mp4")
    assert not isinstance(cut.value, AirflowFailException)
    assert list(tmp_path.iterdir()) == []
    assert Path(download(topview_task_id, tmp_path / "x.mp4")).exists()
