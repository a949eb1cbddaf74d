"""What to do when a video fails: retries that follow the error, a message to people, and going on with a known task."""

import logging

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, Param

from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator
from topview_provider.retry_policy import retry_arguments

LINK = {"type": "string", "pattern": "^https?://", "examples": ["https://shop.example/desk-lamp"]}
RESUME = {"type": ["null", "string"], "description": "Id of a task that is paid for: nothing is bought then."}

log = logging.getLogger(__name__)


def tell(context):
    """Tell people, once no try is left: a notifier of Airflow (Slack, e-mail, PagerDuty) takes the place of the log."""
    ti = context["ti"]
    card = ti.xcom_pull(task_ids=ti.task_id, key="topview") or {}
    name = card.get("topview_task_id", "none")
    log.error("%s of run %s failed; TopView task: %s; %s", ti.task_id, ti.run_id, name, context.get("exception"))


FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}

with DAG(
    "topview_on_failure",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 4, "retry_delay": pendulum.duration(seconds=10), "on_failure_callback": tell},
    params={
        "product_link": Param("", title="Product link", section="Product", description="Page of a shop.", **LINK),
        "resume_topview_task_id": Param(None, title="TopView task", section="Go on", **RESUME),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    video = TopviewMarketingVideoOperator(
        task_id="make_video",
        product_link="{{ params.product_link }}",
        resume_topview_task_id="{{ params.resume_topview_task_id or '' }}",
        deferrable=True,
        **retry_arguments(),
    )
    TopviewDownloadOperator(
        task_id="download",
        family="marketing_video",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
        outlets=[Asset("topview://marketing-videos")],
    )
