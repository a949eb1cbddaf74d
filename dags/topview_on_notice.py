"""
Marketing videos are fetched when TopView's callback says that they are done, whoever ordered them.

The callback comes to the plugin, which asks TopView whether it is true and writes an asset event (`docs/notices.md`);
`topview_submit_with_notice` orders such a video. A run may bring several ends at once; one without any fetches nothing.
"""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, Param, task

from topview_provider.operators.storage import TopviewDownloadOperator

FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}

with DAG(
    "topview_on_notice",
    schedule=[Asset("topview://task/marketing_video")],
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10)},
    params={
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):

    @task
    def finished(triggering_asset_events=None):
        """Return the videos that are there; failures and previews have events too."""
        ends = [event.extra for events in triggering_asset_events.values() for event in events]
        videos = [end for end in ends if (end.get("state"), end.get("items")) == ("success", "exportVideos")]
        return list(dict.fromkeys(end["topview_task_id"] for end in videos))

    TopviewDownloadOperator.partial(
        task_id="download",
        family="marketing_video",
        path="{{ params.folder }}/{topview_task_id}.{ext}",
        outlets=[Asset("topview://marketing-videos")],
    ).expand(topview_task_id=finished())
