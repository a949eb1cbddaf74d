"""
A marketing video is ordered, and nobody waits: TopView itself says when it is done, and `topview_on_notice` fetches it.

The API server must receive callbacks (`docs/notices.md`): set `[topview] notice_secret` there, and the same secret as
the Variable `topview_notice_secret`, which Airflow masks. A callback is a hint: wait for what must not be missed.
"""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.video import TopviewMarketingVideoOperator

LINK = {"type": "string", "pattern": "^https?://.+", "examples": ["https://shop.example/desk-lamp"]}

with DAG(
    "topview_submit_with_notice",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "product_link": Param(**LINK, title="Product link", section="Product", description="Its page in a shop."),
        "language": Param("en", title="Language", section="Video", enum=["en", "de", "es", "fr", "it", "ja", "zh-CN"]),
        "airflow_url": Param(
            "https://airflow.example",
            type="string",
            title="Airflow's address",
            section="Callback",
            pattern="^https?://",
            description="As TopView sees it from outside, without a slash at the end.",
        ),
    },
):
    TopviewMarketingVideoOperator(
        task_id="order_video",
        product_link="{{ params.product_link }}",
        language="{{ params.language }}",
        notice_url="{{ params.airflow_url }}/topview/notice/{{ var.value.topview_notice_secret }}/marketing_video",
        wait_for_completion=False,
    )
