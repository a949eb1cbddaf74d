"""
Each marketing video is published as soon as it has landed: other DAGs start this one, by the asset they update.

The event of an asset says where the file is, of which TopView task it is, in which language, and what it cost.
"""

import logging

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, ObjectStoragePath, Param, task

from topview_provider import assets

log = logging.getLogger(__name__)


@task
def publish(**context):
    """Copy what landed to the folder of the form: upload it to YouTube, or tell Slack, here."""
    folder = ObjectStoragePath(context["params"]["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    published = []
    for video in filter(lambda video: video["uri"], assets.events(context)):
        source = ObjectStoragePath(video["uri"])
        source.copy(folder / source.name)
        published.append({**video, "uri": str(folder / source.name)})
        log.info("%(uri)s is %(topview_task_id)s in %(language)s, for %(cost_credit)s credits", published[-1])
    return published


with DAG(
    "topview_publish",
    schedule=[Asset("topview://marketing-videos")],
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10)},
    params={
        "folder": Param(
            "/tmp/topview/published",
            type="string",
            title="Folder",
            section="Result",
            description="Where your site takes its videos from.",
            examples=["/tmp/topview/published", "s3://shop/videos"],
        ),
    },
):
    publish()
