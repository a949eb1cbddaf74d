"""A product page is read, a language model rewrites the script of a free preview, and only then the export is paid."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, Param, task

from topview_provider.operators.product import TopviewScraperOperator
from topview_provider.operators.script import (
    TopviewMarketingVideoScriptListOperator,
    TopviewMarketingVideoScriptUpdateOperator,
)
from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.operators.video import TopviewMarketingVideoExportOperator, TopviewMarketingVideoOperator

LINK = {"type": "string", "pattern": "^https?://", "examples": ["https://shop.example/desk-lamp"]}
LANGUAGES = {"en": "English", "de": "German", "es": "Spanish", "fr": "French"}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}


@task
def rewritten(scripts, product, params=None):
    """Return the first script in other words: ask your language model here, such as one of Airflow's common.ai."""
    words = f"{product}, made for {params['audience']}."
    first, *rest = scripts[0]["scriptContents"]
    return [{**first, "segText": words}, *rest]


with DAG(
    "topview_scraped_product",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "product_link": Param("", title="Product link", section="Product", description="Page of a shop.", **LINK),
        "audience": Param("night owls", type="string", title="For whom", section="Product", examples=["families"]),
        "language": Param("en", title="Language", section="Video", enum=[*LANGUAGES], values_display=LANGUAGES),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    page = TopviewScraperOperator(task_id="read_page", product_link="{{ params.product_link }}").output
    facts = {"product_name": page["product_name"], "product_description": page["product_description"]}
    preview = TopviewMarketingVideoOperator(
        task_id="preview", file_ids=page["file_ids"], language="{{ params.language }}", preview=True, **facts
    ).output["topview_task_id"]
    script = TopviewMarketingVideoScriptListOperator(task_id="read_script", topview_task_id=preview).output
    update = TopviewMarketingVideoScriptUpdateOperator(
        task_id="write_script", topview_task_id=preview, script_contents=rewritten(script, page["product_name"])
    )
    export = TopviewMarketingVideoExportOperator(task_id="export", topview_task_id=preview, script_id="0")
    update >> export
    TopviewDownloadOperator(
        task_id="download",
        family="marketing_video_export",
        topview_task_id=export.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
        outlets=[Asset("topview://marketing-videos")],
    )
