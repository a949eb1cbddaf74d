"""What TopView charged is held against what landed: a report, and the videos that were paid for and never fetched."""

import csv
import json

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, ObjectStoragePath, Param, task

from topview_provider.operators.account import TopviewCreditLogsOperator
from topview_provider.operators.storage import TopviewDownloadOperator

VIDEOS = Asset("topview://marketing-videos")
COUNT = {"type": "integer", "minimum": 1, "maximum": 90}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}


@task(inlets=[VIDEOS])
def compare(charges, params=None, run_id=None, inlet_events=None):
    """Write a line for each charge, and return the marketing videos that no asset event tells of."""
    landed = {event.extra.get("topview_task_id") for event in inlet_events[VIDEOS] if event.extra}
    lines = filter(None, ObjectStoragePath(charges).read_text(encoding="utf-8").split("\n"))
    rows = [{**charge, "landed": charge["taskId"] in landed} for charge in map(json.loads, lines)]
    report = ObjectStoragePath(params["folder"]) / f"reconciled-{run_id}.csv"
    with report.open("w") as file:
        table = csv.DictWriter(file, ["date", "taskType", "taskId", "costCredit", "landed"], extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)
    lost = {row["taskId"] for row in rows if row["taskType"] == "m2v" and not row["landed"]}
    return sorted(lost)[: params["most"]]


with DAG(
    "topview_reconcile",
    schedule="@daily",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10)},
    params={
        "days": Param(1, title="Days", section="Charges", description="So far back charges are read.", **COUNT),
        "most": Param(20, title="Videos", section="Charges", description="At most so many are fetched.", **COUNT),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    since = "{{ (macros.datetime.utcnow() - macros.timedelta(days=params.days)).strftime('%Y-%m-%d %H:%M:%S') }}"
    charges = TopviewCreditLogsOperator(
        task_id="charges", start_time=since, result_path="{{ params.folder }}/charges-{{ run_id }}.jsonl"
    )
    TopviewDownloadOperator.partial(
        task_id="fetch",
        family="marketing_video",
        path="{{ params.folder }}/{topview_task_id}.{ext}",
        outlets=[VIDEOS],
    ).expand(topview_task_id=compare(charges.output))
