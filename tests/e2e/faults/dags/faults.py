"""A DAG per cell of the fault matrix; the cells stand as JSON beside this file."""

import errno
import json
import os
import signal
from pathlib import Path
from typing import Any

import pendulum
from airflow.providers.common.compat.sdk import DAG
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]

from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.operators.image import TopviewImageTranslateBatchOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator
from topview_provider.operators.voice import TopviewTextToVoiceOperator

try:
    from airflow.sdk import get_parsing_context
    from airflow.sdk.io import attach
except ImportError:  # Airflow 2
    from airflow.io.store import attach
    from airflow.utils.dag_parsing_context import get_parsing_context

CELLS = json.loads(Path(__file__).with_name("cells.json").read_text())
FOLDER = Path(os.environ["FAULTS_FOLDER"])
SOURCE = os.environ["FAULTS_SOURCE"]
MARK = "{{ params.mark }}"
"""Stands in the body of each submit, so that the stand-in knows whose it is."""
Arguments = dict[str, Any]
DEFAULTS = {"retries": 1, "retry_delay": pendulum.duration(seconds=1)}


class FullDisk(MemoryFileSystem):  # type: ignore[misc]
    """Takes no byte."""

    def _open(self, path: str, mode: str = "rb", **words: Any) -> Any:
        if "w" in mode:
            raise OSError(errno.ENOSPC, "No space left on device", path)
        return super()._open(path, mode, **words)


attach("memory", conn_id="full", fs=FullDisk())


class DiesBeforeTheRecord(TopviewVideoAvatarOperator):
    """Says so when TopView's answer is there, and does not write it down: until it is killed, the first time."""

    def noted(self, *arguments: Any, **words: Any) -> Any:
        """Wait to be killed."""
        answered = FOLDER / f"{self.tts_text}.answered"
        if not answered.exists():
            answered.touch()
            signal.pause()
        return super().noted(*arguments, **words)


def video(
    arguments: Arguments, kind: type[TopviewVideoAvatarOperator] = TopviewVideoAvatarOperator, **more: Any
) -> TopviewVideoAvatarOperator:
    return kind(task_id="video", avatar_id="an avatar", tts_text=MARK, **arguments, **more)


def dies_before_the_record(arguments: Arguments) -> None:
    video(arguments, DiesBeforeTheRecord)


def download(arguments: Arguments, folder: Path | str = FOLDER) -> None:
    TopviewDownloadOperator(
        task_id="download",
        family="video_avatar",
        topview_task_id=video(arguments).output["topview_task_id"],  # type: ignore[index]
        path=f"{folder}/{MARK}.mp4",
        topview_conn_id=arguments["topview_conn_id"],
    )


def disk_full(arguments: Arguments) -> None:
    download(arguments, "memory://full@disk")


def upload(arguments: Arguments) -> None:
    file = TopviewUploadOperator(task_id="upload", source=SOURCE, topview_conn_id=arguments["topview_conn_id"])
    video(arguments, avatar_source_from="0", video_file_id=file.output, voice_id="a voice")


def partial(arguments: Arguments) -> None:
    TopviewImageTranslateBatchOperator(task_id="video", file_ids=[MARK], languages=["French", "German"], **arguments)


def marketing(arguments: Arguments) -> None:
    TopviewMarketingVideoOperator(
        task_id="video", product_name=MARK, product_description="a cell", file_ids=["a picture"], **arguments
    )


def voice(arguments: Arguments) -> None:
    TopviewTextToVoiceOperator(task_id="video", voice_text=MARK, voice_id="a voice", board_id="a board", **arguments)


asked = get_parsing_context().dag_id
for name in CELLS if asked is None else [asked]:
    cell = CELLS[name]
    with DAG(name, schedule=None, default_args=DEFAULTS, params={"mark": name}, is_paused_upon_creation=False):
        globals()[cell["shape"].replace(" ", "_")](cell["arguments"])
