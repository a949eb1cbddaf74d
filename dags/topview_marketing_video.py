"""
A product link becomes a marketing video.

Trigger it from the UI and fill in the form; only the link is needed. The job is submitted once, waits in the triggerer
without holding a worker, and the video lands where you say. A retry goes on with the job already paid for.
"""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, Param

from topview_provider.operators.lookup import TopviewChooseAvatarOperator, TopviewChooseVoiceOperator
from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator

LINK = {"type": "string", "pattern": "^https?://", "examples": ["https://shop.example/desk-lamp"]}
LANGUAGES = {"en": "English", "de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "ja": "Japanese"}
SHAPES = {"9:16": "9:16 phone", "3:4": "3:4", "1:1": "1:1 square", "4:3": "4:3", "16:9": "16:9 television"}
LENGTHS = {"1": "30 to 50 s", "2": "15 to 30 s", "3": "30 to 45 s", "4": "45 to 60 s"}
NAME = {"type": ["null", "string"], "description": "Name or id as TopView shows it; empty: TopView chooses."}
PLACE = {"type": "string", "minLength": 1, "examples": ["/tmp/topview", "s3://bucket/videos", "gs://bucket/videos"]}

with DAG(
    "topview_marketing_video",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "product_link": Param("", title="Product link", section="Product", description="Page of a shop.", **LINK),
        "language": Param("en", title="Language", section="Video", enum=[*LANGUAGES], values_display=LANGUAGES),
        "aspect_ratio": Param("9:16", title="Shape", section="Video", enum=[*SHAPES], values_display=SHAPES),
        "length": Param("2", title="Length", section="Video", enum=[*LENGTHS], values_display=LENGTHS),
        "avatar": Param(None, title="Avatar", section="Looks", **NAME),
        "voice": Param(None, title="Voice", section="Looks", **NAME),
        "folder": Param("/tmp/topview", title="Folder", section="Result", description="Where it lands.", **PLACE),
    },
):
    avatar = TopviewChooseAvatarOperator(task_id="avatar", name="{{ params.avatar or '' }}", first_if_empty=False)
    voice = TopviewChooseVoiceOperator(
        task_id="voice", name="{{ params.voice or '' }}", language="{{ params.language }}", first_if_empty=False
    )
    make_video = TopviewMarketingVideoOperator(
        task_id="make_video",
        product_link="{{ params.product_link }}",
        language="{{ params.language }}",
        aspect_ratio="{{ params.aspect_ratio }}",
        video_length_type="{{ params.length }}",
        avatar_id=avatar.output,
        voice_id=voice.output,
    )
    TopviewDownloadOperator(
        task_id="download",
        family="marketing_video",
        topview_task_id=make_video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
        outlets=[Asset("topview://marketing-videos")],
    )
