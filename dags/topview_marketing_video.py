"""
A product link becomes a marketing video.

Trigger it from the UI and fill in the form. The job is submitted once, waits in the triggerer without holding a worker,
and the video lands where you say: a folder, `s3://...`, `gs://...`. A retry goes on with the job already paid for.
"""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, Param

from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator

LENGTHS = {"1": "30 to 50 s", "2": "15 to 30 s", "3": "30 to 45 s", "4": "45 to 60 s"}
TEXT = {"default": None, "type": ["null", "string"]}

with DAG(
    "topview_marketing_video",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10)},
    params={
        "product_link": Param(**TEXT, title="Product link", section="Product", description="Or the pictures below."),
        "file_ids": Param([], type="array", title="Pictures", section="Product", description="File ids of uploads."),
        "product_name": Param(**TEXT, title="Name", section="Product", description="Needed without a link."),
        "product_description": Param(**TEXT, title="Description", section="Product", format="multiline"),
        "language": Param("en", title="Language", section="Video", enum=["en", "de", "es", "fr", "it", "ja", "zh-CN"]),
        "aspect_ratio": Param("9:16", title="Shape", section="Video", enum=["9:16", "3:4", "1:1", "4:3", "16:9"]),
        "length": Param("2", title="Length", section="Video", enum=list(LENGTHS), values_display=LENGTHS),
        "avatar_id": Param(**TEXT, title="Avatar id", section="Looks", description="Empty: TopView chooses."),
        "voice_id": Param(**TEXT, title="Voice id", section="Looks", description="Empty: TopView chooses."),
        "caption_id": Param(**TEXT, title="Caption id", section="Looks", description="Empty: a random style."),
        "folder": Param("/tmp/topview", type="string", title="Folder", section="Result", examples=["s3://bucket"]),
    },
):
    make_video = TopviewMarketingVideoOperator(
        task_id="make_video",
        product_link="{{ params.product_link or '' }}",
        file_ids="{{ params.file_ids }}",
        product_name="{{ params.product_name or '' }}",
        product_description="{{ params.product_description or '' }}",
        language="{{ params.language }}",
        aspect_ratio="{{ params.aspect_ratio }}",
        video_length_type="{{ params.length }}",
        avatar_id="{{ params.avatar_id or '' }}",
        voice_id="{{ params.voice_id or '' }}",
        caption_id="{{ params.caption_id or '' }}",
        deferrable=True,
    )
    TopviewDownloadOperator(
        task_id="download",
        family="marketing_video",
        topview_task_id=make_video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
        outlets=[Asset("topview://marketing-videos")],
    )
