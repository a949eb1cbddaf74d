"""
What a report of `topview_products_batch` says is missing is made again, and reported on anew.

A row whose column `rerun` says `submit` is bought, one that says `resume` was paid for already and is gone on with,
`look first` is left alone: TopView may have taken it. The column can be edited by hand.
"""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, Param, task_group

from topview_provider.operators.batch import TopviewProductsOperator, TopviewReportOperator
from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator

COLUMNS = ["product_link", "product_name", "language", "voice_id"]
HELP = "What the XCom report of the first run says under path."
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}


@task_group
def product(product_link, product_name, language, voice_id, resume_topview_task_id):
    """Make one video, or go on with the one that was paid for, and store it."""
    video = TopviewMarketingVideoOperator(
        task_id="video",
        pool="topview",
        map_index_template="{{ task.product_name or task.product_link }} {{ task.language or '' }}",
        product_link=product_link,
        product_name=product_name,
        language=language,
        voice_id=voice_id,
        resume_topview_task_id=resume_topview_task_id,
    )
    TopviewDownloadOperator(
        task_id="download",
        family="marketing_video",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
        outlets=[Asset("topview://marketing-videos")],
    )


with DAG(
    "topview_products_rerun",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "report": Param("/tmp/topview/report.csv", type="string", title="Report", section="Products", description=HELP),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    source = "{{ params.report }}"
    rows = TopviewProductsOperator(task_id="products", source=source, columns=COLUMNS, rerun=True).output
    made = {"task_ids": "product.video", "files": "product.download", "trigger_rule": "all_done"}
    report = TopviewReportOperator(task_id="report", rows=rows, path="{{ params.folder }}/{{ run_id }}.csv", **made)
    product.expand_kwargs(rows) >> report
