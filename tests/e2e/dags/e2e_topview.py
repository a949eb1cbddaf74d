"""DAGs of the end-to-end tests: what the examples do not do."""

import pendulum
from airflow.providers.common.compat.sdk import DAG

from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator

COMMON = {
    "schedule": None,
    "start_date": pendulum.datetime(2026, 1, 1, tz="UTC"),
    "default_args": {"retries": 2, "retry_delay": pendulum.duration(seconds=1)},
    "params": {"link": "https://shop.example/e2e", "folder": ""},
}

with DAG("e2e_on_worker", **COMMON):
    video = TopviewMarketingVideoOperator(task_id="video", product_link="{{ params.link }}", deferrable=False)
    TopviewDownloadOperator(
        task_id="download",
        family="marketing_video",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/on-worker.mp4",
    )

with DAG("e2e_wrong_key", **COMMON):
    TopviewMarketingVideoOperator(
        task_id="video", product_link="{{ params.link }}", topview_conn_id="topview_wrong", deferrable=True
    )

with DAG("e2e_no_connection", **COMMON):
    TopviewMarketingVideoOperator(task_id="video", product_link="{{ params.link }}", topview_conn_id="topview_nowhere")
