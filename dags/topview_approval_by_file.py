"""
A person approves the script of a free preview in a file: for Airflow 2.11, for `airflow dags test`, for other tools.

The task `approve` writes a JSON file beside where the video will be; its log says where. Edit the words there, set
`"approve"` to true, or to false to end the run unpaid, and save. To mark the task as success approves the script as it
is. All of it is one task group, which any DAG can take.
"""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, Param

from topview_provider.operators.lookup import TopviewChooseAvatarOperator, TopviewChooseVoiceOperator
from topview_provider.task_groups import marketing_video

LENGTHS = {"1": "30 to 50 s", "2": "15 to 30 s", "3": "30 to 45 s", "4": "45 to 60 s"}
LINK = {"type": "string", "pattern": "^https?://.+", "examples": ["https://shop.example/desk-lamp"]}
NAME = {"default": None, "type": ["null", "string"], "section": "Looks", "description": "Name or id; empty: any."}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}

with DAG(
    "topview_approval_by_file",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "product_link": Param(**LINK, title="Product link", section="Product", description="Its page in a shop."),
        "language": Param("en", title="Language", section="Video", enum=["en", "de", "es", "fr", "it", "ja", "zh-CN"]),
        "length": Param("2", title="Length", section="Video", enum=list(LENGTHS), values_display=LENGTHS),
        "avatar": Param(**NAME, title="Avatar"),
        "voice": Param(**NAME, title="Voice"),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    avatar = TopviewChooseAvatarOperator(task_id="avatar", name="{{ params.avatar or '' }}")
    voice = TopviewChooseVoiceOperator(
        task_id="voice", name="{{ params.voice or '' }}", language="{{ params.language }}"
    )
    marketing_video(
        product_link="{{ params.product_link }}",
        language="{{ params.language }}",
        video_length_type="{{ params.length }}",
        avatar_id=avatar.output,
        voice_id=voice.output,
        approve="file",
        approval_path="{{ params.folder }}/approve-{topview_task_id}.json",
        path="{{ params.folder }}/{topview_task_id}.{ext}",
        outlets=[Asset("topview://marketing-videos")],
    )
