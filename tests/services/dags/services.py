"""A season's catalogue becomes marketing videos, mapped and deferred; then their files are fetched."""

import os
from pathlib import Path
from typing import Any

import pendulum
from airflow.providers.common.compat.sdk import DAG, task

from topview_provider.hooks.topview import TopviewHook
from topview_provider.operators.video import TopviewMarketingVideoOperator

FOLDER = Path(os.environ["SERVICES_FOLDER"])
VIDEOS = int(os.environ["SERVICES_VIDEOS"])
SLOTS = int(os.environ["SERVICES_SLOTS"])
DEFAULTS = {"retries": 5, "retry_delay": pendulum.duration(seconds=1), "deferrable": True}


@task
def land(season: str, manifests: list[dict[str, Any]]) -> None:
    """Fetch the files of all videos of a season, each under the name of its product and the id of its task."""
    hook = TopviewHook()
    for number, manifest in enumerate(manifests):
        url, topview_task_id = manifest["outputs"][0]["url"], manifest["topview_task_id"]
        assert f"/{topview_task_id}/" in url
        hook.download(url, FOLDER / f"{season} {number}.{topview_task_id}.mp4")


@task
def breathe(number: int) -> int:
    """Let a worker, and the API server that it talks to, load what they need for a task."""
    return number


with DAG("rehearsal", schedule=None, default_args=DEFAULTS, is_paused_upon_creation=False):
    breathe.expand(number=[*range(SLOTS)])

for season in ("spring", "summer", "autumn"):
    with DAG(season, schedule=None, default_args=DEFAULTS, is_paused_upon_creation=False):
        videos = TopviewMarketingVideoOperator.partial(
            task_id="video", product_description=f"From the {season} catalogue.", file_ids=["a picture"]
        ).expand(product_name=[f"{season} {number}" for number in range(VIDEOS)])
        land(season, videos.output)
