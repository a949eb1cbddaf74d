"""
A video of each product in a file, in each language; a report says what became of each, also when some fail.

The pool bounds how many are made at once: `airflow pools set topview 3 "TopView videos at once" --include-deferred`.
Clear what failed, and only that is made again; or let `topview_products_rerun` read the report.
"""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, Param, task_group

from topview_provider.operators.batch import TopviewProductsOperator, TopviewReportOperator
from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator

COLUMNS = ["product_link", "product_name", "language", "voice_id"]
HELP = f"CSV, JSON lines or JSON, local or s3://...; columns: {', '.join(COLUMNS)}, of which the first is needed."
FILE = {"type": "string", "section": "Products", "description": HELP}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}


@task_group
def product(product_link, product_name, language, voice_id):
    """Make one video and store it; in a group, a video that fails holds up its own download only."""
    video = TopviewMarketingVideoOperator(
        task_id="video",
        pool="topview",
        map_index_template="{{ task.product_name or task.product_link }} {{ task.language or '' }}",
        product_link=product_link,
        product_name=product_name,
        language=language,
        voice_id=voice_id,
    )
    TopviewDownloadOperator(
        task_id="download",
        family="marketing_video",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
        outlets=[Asset("topview://marketing-videos")],
    )


with DAG(
    "topview_products_batch",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "products": Param("/tmp/topview/products.csv", title="File", **FILE),
        "languages": Param(["en"], type="array", title="Languages", section="Products", examples=["en", "de", "fr"]),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    given = {"columns": COLUMNS, "required": COLUMNS[:1], "languages": "{{ params.languages }}"}
    rows = TopviewProductsOperator(task_id="products", source="{{ params.products }}", **given).output
    made = {"task_ids": "product.video", "files": "product.download", "trigger_rule": "all_done"}
    report = TopviewReportOperator(task_id="report", rows=rows, path="{{ params.folder }}/{{ run_id }}.csv", **made)
    product.expand_kwargs(rows) >> report
