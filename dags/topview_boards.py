"""A sentence is spoken onto the default board; what stands on boards, and all marketing videos, go to files."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.board import (
    TopviewBoardListOperator,
    TopviewBoardTaskDetailOperator,
    TopviewBoardTaskListOperator,
)
from topview_provider.operators.lookup import TopviewChooseVoiceOperator
from topview_provider.operators.script import TopviewMarketingVideoTaskListOperator
from topview_provider.operators.voice import TopviewTextToVoiceOperator

LANGUAGES = {"en": "English", "de": "German", "es": "Spanish", "fr": "French"}
TEXT = {"type": "string", "minLength": 1, "format": "multiline"}
NAME = {"type": ["null", "string"]}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}

with DAG(
    "topview_boards",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "text": Param("Good morning.", title="What to say", section="Speech", description="In its language.", **TEXT),
        "language": Param("en", title="Language", section="Speech", enum=[*LANGUAGES], values_display=LANGUAGES),
        "voice": Param(None, title="Voice", section="Speech", description="Name; empty: the first that fits.", **NAME),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    boards = TopviewBoardListOperator(task_id="boards")
    voice = TopviewChooseVoiceOperator(
        task_id="voice", name="{{ params.voice or '' }}", language="{{ params.language }}"
    )
    speech = TopviewTextToVoiceOperator(
        task_id="speak",
        voice_text="{{ params.text }}",
        voice_id=voice.output,
        board_id="{{ (ti.xcom_pull(task_ids='boards') | selectattr('isSystemDefault') | first).boardId }}",
    )
    TopviewBoardTaskDetailOperator(task_id="detail", topview_task_id=speech.output["topview_task_id"])
    tasks = TopviewBoardTaskListOperator(task_id="tasks", result_path="{{ params.folder }}/board_tasks.jsonl")
    TopviewMarketingVideoTaskListOperator(
        task_id="marketing_videos", result_path="{{ params.folder }}/marketing_videos.jsonl"
    )
    boards >> speech >> tasks
