"""A free preview, an edited script, and only then the paid export."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, Param, task

from topview_provider.operators.script import (
    TopviewMarketingVideoScriptListOperator,
    TopviewMarketingVideoScriptUpdateOperator,
)
from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.operators.video import TopviewMarketingVideoExportOperator, TopviewMarketingVideoOperator

LINK = {"type": "string", "pattern": "^https?://", "examples": ["https://shop.example/desk-lamp"]}
LANGUAGES = {"en": "English", "de": "German", "es": "Spanish", "fr": "French"}
TEXT = {"type": "string", "minLength": 1}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}


@task
def edited(scripts, params=None):
    """Return the first script with another last sentence."""
    contents = scripts[0]["scriptContents"]
    return [*contents[:-1], {**contents[-1], "segText": params["ending"]}]


with DAG(
    "topview_preview_edit_export",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "product_link": Param("", title="Product link", section="Product", description="Page of a shop.", **LINK),
        "language": Param("en", title="Language", section="Script", enum=[*LANGUAGES], values_display=LANGUAGES),
        "ending": Param("Order today.", title="Ending", section="Script", description="The last sentence.", **TEXT),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    preview = TopviewMarketingVideoOperator(
        task_id="preview", product_link="{{ params.product_link }}", language="{{ params.language }}", preview=True
    )
    task_id = preview.output["topview_task_id"]
    script = TopviewMarketingVideoScriptListOperator(task_id="read_script", topview_task_id=task_id)
    update = TopviewMarketingVideoScriptUpdateOperator(
        task_id="write_script", topview_task_id=task_id, script_contents=edited(script.output)
    )
    export = TopviewMarketingVideoExportOperator(task_id="export", topview_task_id=task_id, script_id="0")
    update >> export
    TopviewDownloadOperator(
        task_id="download",
        family="marketing_video_export",
        topview_task_id=export.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
        outlets=[Asset("topview://marketing-videos")],
    )
