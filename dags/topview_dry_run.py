"""
The whole way of a video without spending a credit: preview, script, export, file and cost, against the stand-in.

Run `make standin` (or `topview-standin`) first. Any service that is not on this machine is refused before it is asked.
"""

from urllib.parse import urlsplit

import pendulum
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, Param, task

from topview_provider.operators.script import TopviewMarketingVideoScriptListOperator
from topview_provider.operators.spending import TopviewRunCostOperator
from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.operators.video import TopviewMarketingVideoExportOperator, TopviewMarketingVideoOperator

CONN = {"type": "string", "minLength": 1, "description": "One that leads to the stand-in."}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}


@task
def only_here(params=None):
    """Refuse a service that may cost credits."""
    from topview_provider.hooks.topview import TopviewHook

    host = TopviewHook(params["topview_conn_id"]).get_conn().base_url
    if urlsplit(host).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise AirflowFailException(f"{host} is not on this machine: a dry run asks the stand-in only; run make standin")
    return host


with DAG(
    "topview_dry_run",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 1, "deferrable": True, "topview_conn_id": "{{ params.topview_conn_id }}"},
    params={
        "topview_conn_id": Param("topview_default", title="Connection", section="Service", **CONN),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    preview = TopviewMarketingVideoOperator(task_id="preview", product_link="https://shop.example/lamp", preview=True)
    name = preview.output["topview_task_id"]
    script = TopviewMarketingVideoScriptListOperator(task_id="read_script", topview_task_id=name)
    export = TopviewMarketingVideoExportOperator(task_id="export", topview_task_id=name)
    download = TopviewDownloadOperator(
        task_id="download",
        family="marketing_video_export",
        topview_task_id=name,
        path="{{ params.folder }}/dry-{topview_task_id}.{ext}",
    )
    cost = TopviewRunCostOperator(task_id="cost", task_ids=["preview", "export"])
    only_here() >> preview >> script >> export >> download >> cost
