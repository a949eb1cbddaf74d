"""Credits, charges of the last day and disk space of the account, and a check of the callback address."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.account import (
    TopviewCreditDetailOperator,
    TopviewCreditLogsOperator,
    TopviewNoticeUrlCheckOperator,
    TopviewUserSpaceOperator,
)

FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}

with DAG(
    "topview_account",
    schedule="@daily",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "notice_url": Param(
            None,
            type=["null", "string"],
            title="Callback address",
            section="Callback",
            description="Where TopView shall report that a task ended; TopView checks it. Empty: an example.",
            examples=["https://hooks.example/topview"],
        ),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    TopviewCreditDetailOperator(task_id="credits")
    TopviewCreditLogsOperator(
        task_id="charges",
        start_time="{{ (macros.datetime.utcnow() - macros.timedelta(days=1)).strftime('%Y-%m-%d %H:%M:%S') }}",
        result_path="{{ params.folder }}/charges.jsonl",
    )
    TopviewUserSpaceOperator(task_id="space")
    TopviewNoticeUrlCheckOperator(
        task_id="callback", notice_url="{{ params.notice_url or 'https://hooks.example/topview' }}"
    )
