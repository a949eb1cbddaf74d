"""
A video of each product of a table that has none yet; where it was stored is written back into the table.

Any database that Airflow knows (common.sql): the connection is `products_db`. The products of a run that fail have no
video in the table, so the next run makes them.
"""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, Param, task_group
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

from topview_provider.operators.batch import TopviewProductsOperator, TopviewReportOperator
from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator

COLUMNS = ["product_link", "product_name", "language"]
NEW = f"SELECT {', '.join(COLUMNS)} FROM products WHERE video IS NULL ORDER BY product_link"
# One row per product and language. How a database spells a parameter is its own: SQLite ?, PostgreSQL and MySQL %s.
DONE = "UPDATE products SET video = ? WHERE product_link = ? AND COALESCE(language, '') = COALESCE(?, '')"


def named(cursor):
    """Return the rows with the names of their columns."""
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@task_group
def product(product_link, product_name, language):
    """Make and store one video, and write down where it is."""
    video = TopviewMarketingVideoOperator(
        task_id="video", pool="topview", product_link=product_link, product_name=product_name, language=language
    )
    stored = TopviewDownloadOperator(
        task_id="download",
        family="marketing_video",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
        outlets=[Asset("topview://marketing-videos")],
    )
    where = [stored.output, product_link, language]
    SQLExecuteQueryOperator(task_id="write_back", conn_id="products_db", sql=DONE, parameters=where)


with DAG(
    "topview_products_table",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={"folder": Param("/tmp/topview", type="string", title="Folder", section="Result", description="Or s3://")},
):
    table = SQLExecuteQueryOperator(task_id="table", conn_id="products_db", sql=NEW, handler=named)
    rows = TopviewProductsOperator(task_id="products", source=table.output, columns=COLUMNS, required=COLUMNS[:1])
    made = {"task_ids": "product.video", "files": "product.download", "trigger_rule": "all_done"}
    path = "{{ params.folder }}/{{ run_id }}.csv"
    report = TopviewReportOperator(task_id="report", rows=rows.output, path=path, **made)
    product.expand_kwargs(rows.output) >> report
