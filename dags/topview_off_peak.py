"""
Every night the portraits in a file talk at half price (Avatar 4, off peak); a report says what became of each.

TopView may take 24 hours for it, which is how long each waits in the triggerer.
"""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param, task_group

from topview_provider.operators.avatar import TopviewPhotoAvatarOperator
from topview_provider.operators.batch import TopviewProductsOperator, TopviewReportOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator

COLUMNS = ["photo", "text", "voice_id"]
HELP = "CSV, JSON lines or JSON, a local path or s3://...; columns: photo (a path), text (what it says), voice_id."
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}


@task_group
def portrait(photo, text, voice_id):
    """Upload one portrait, let it talk, and store the video."""
    video = TopviewPhotoAvatarOperator(
        task_id="talk",
        pool="topview",
        template_image_file_id=TopviewUploadOperator(task_id="upload", source=photo).output,
        mode="avatar4Fast",
        off_peak=True,
        script_mode="text",
        tts_text=text,
        voice_id=voice_id,
        timeout=pendulum.duration(hours=25),
    )
    TopviewDownloadOperator(
        task_id="download",
        family="photo_avatar",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
    )


with DAG(
    "topview_off_peak",
    schedule="0 22 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "portraits": Param("/tmp/topview/night.csv", type="string", title="File", section="Files", description=HELP),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    rows = TopviewProductsOperator(
        task_id="portraits", source="{{ params.portraits }}", columns=COLUMNS, required=COLUMNS
    ).output
    made = {"task_ids": "portrait.talk", "files": "portrait.download", "trigger_rule": "all_done"}
    report = TopviewReportOperator(task_id="report", rows=rows, path="{{ params.folder }}/{{ run_id }}.csv", **made)
    portrait.expand_kwargs(rows) >> report
