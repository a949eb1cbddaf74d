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

with DAG(
    "topview_boards",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "text": Param("Good morning.", type="string", title="What to say", section="Text", format="multiline"),
        "folder": Param("/tmp/topview", type="string", title="Folder", section="Result", description="Or s3://..."),
    },
):
    boards = TopviewBoardListOperator(task_id="boards")
    speech = TopviewTextToVoiceOperator(
        task_id="speak",
        voice_text="{{ params.text }}",
        voice_id=TopviewChooseVoiceOperator(task_id="voice", language="en", gender="female").output,
        board_id="{{ (ti.xcom_pull(task_ids='boards') | selectattr('isSystemDefault') | first).boardId }}",
    )
    TopviewBoardTaskDetailOperator(task_id="detail", topview_task_id=speech.output["topview_task_id"])
    tasks = TopviewBoardTaskListOperator(task_id="tasks", result_path="{{ params.folder }}/board_tasks.jsonl")
    TopviewMarketingVideoTaskListOperator(
        task_id="marketing_videos", result_path="{{ params.folder }}/marketing_videos.jsonl"
    )
    boards >> speech >> tasks
