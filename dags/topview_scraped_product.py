"""A product page is read first, so that you can change what it says; then the video is made from its pictures."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.product import TopviewScraperOperator
from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator

with DAG(
    "topview_scraped_product",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "product_link": Param("https://shop.example/desk-lamp", type="string", title="Product link", section="Product"),
        "audience": Param("people who work at night", type="string", title="Target audience", section="Product"),
        "language": Param("en", type="string", title="Language", section="Video", enum=["en", "de", "es", "fr"]),
        "folder": Param("/tmp/topview", type="string", title="Folder", section="Result", description="Or s3://..."),
    },
):
    page = TopviewScraperOperator(task_id="read_page", product_link="{{ params.product_link }}")
    video = TopviewMarketingVideoOperator(
        task_id="make_video",
        file_ids=page.output["file_ids"],
        product_name=page.output["product_name"],
        product_description=page.output["product_description"],
        target_audience="{{ params.audience }}",
        language="{{ params.language }}",
    )
    TopviewDownloadOperator(
        task_id="download",
        family="marketing_video",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
    )
