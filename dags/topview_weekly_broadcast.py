"""Every Monday an avatar says what is new this week; the script is a template that knows the date of the run."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.operators.lookup import TopviewChooseAvatarOperator, TopviewChooseVoiceOperator
from topview_provider.operators.storage import TopviewDownloadOperator

TEXT = {"type": "string", "section": "Script", "format": "multiline", "minLength": 1}
# A run that somebody triggers has no logical date from Airflow 3 on; neither moment changes in a retry.
DAY = "(dag_run.logical_date or dag_run.run_after)"
NAME = {"type": "string", "description": "Name or id as TopView shows it; empty: the first that fits."}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}

with DAG(
    "topview_weekly_broadcast",
    schedule="0 7 * * 1",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "news": Param("The desk lamp is back in stock.", **TEXT, title="News", description="Said after the date."),
        "avatar": Param("", title="Avatar", section="Looks", **NAME),
        "voice": Param("", title="Voice", section="Looks", **NAME),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    video = TopviewVideoAvatarOperator(
        task_id="speak",
        avatar_source_from="1",
        avatar_id=TopviewChooseAvatarOperator(task_id="avatar", name="{{ params.avatar }}").output,
        audio_source_from="1",
        tts_text="Good morning. It is {{ " + DAY + ".strftime('%A, %d %B %Y') }}. {{ params.news }}",
        voice_id=TopviewChooseVoiceOperator(task_id="voice", name="{{ params.voice }}", language="en").output,
    )
    TopviewDownloadOperator(
        task_id="download",
        family="video_avatar",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/broadcast-{{ " + DAY + ".strftime('%Y-%m-%d') }}.{ext}",
    )
