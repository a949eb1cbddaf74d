"""
A person reads the script of a free preview in Airflow, changes it or not, and approves: only then a video is bought.

Answer in *Required Actions*; *Reject* ends the run unpaid. Below Airflow 3.1 take `topview_approval_by_file`.
"""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, Param

from topview_provider.operators.approval import TopviewScriptApprovalOperator
from topview_provider.operators.lookup import TopviewChooseAvatarOperator, TopviewChooseVoiceOperator
from topview_provider.operators.script import TopviewMarketingVideoScriptUpdateOperator
from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.operators.video import TopviewMarketingVideoExportOperator, TopviewMarketingVideoOperator

LENGTHS = {"1": "30 to 50 s", "2": "15 to 30 s", "3": "30 to 45 s", "4": "45 to 60 s"}
LINK = {"type": "string", "pattern": "^https?://.+", "examples": ["https://shop.example/desk-lamp"]}
NAME = {"default": None, "type": ["null", "string"], "section": "Looks", "description": "Name or id; empty: any."}

with DAG(
    "topview_approval",
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
        "folder": Param("/tmp/topview", type="string", title="Folder", section="Result", examples=["s3://bucket"]),
    },
):
    language, avatar, voice = "{{ params.language }}", "{{ params.avatar or '' }}", "{{ params.voice or '' }}"
    preview = TopviewMarketingVideoOperator(
        task_id="preview",
        product_link="{{ params.product_link }}",
        language=language,
        video_length_type="{{ params.length }}",
        avatar_id=TopviewChooseAvatarOperator(task_id="avatar", name=avatar).output,
        voice_id=TopviewChooseVoiceOperator(task_id="voice", name=voice, language=language).output,
        preview=True,
    )
    task_id = preview.output["topview_task_id"]
    approve = TopviewScriptApprovalOperator(task_id="approve", topview_task_id=task_id)
    update = TopviewMarketingVideoScriptUpdateOperator(
        task_id="write_script", topview_task_id=task_id, script_contents=approve.output, missing_ok=True
    )
    export = TopviewMarketingVideoExportOperator(task_id="export", topview_task_id=task_id)
    download = TopviewDownloadOperator(
        task_id="download",
        family="marketing_video_export",
        topview_task_id=task_id,
        path="{{ params.folder }}/{topview_task_id}.{ext}",
        outlets=[Asset("topview://marketing-videos")],
    )
    update >> export >> download
