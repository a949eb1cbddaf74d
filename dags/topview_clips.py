"""A picture becomes up to four short clips."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.image import TopviewImageToVideoV1Operator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator

with DAG(
    "topview_clips",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "picture": Param(
            "", type="string", title="Picture", section="Files", description="Local path or s3://...", minLength=1
        ),
        "prompt": Param("wind moves the leaves", type="string", title="What should happen", section="Text"),
        "mode": Param("lite", title="Mode", section="Looks", enum=["lite", "pro", "plus", "best"]),
        "duration": Param("5", title="Seconds", section="Looks", enum=["5", "10"]),
        "count": Param("2", title="Clips", section="Looks", enum=["1", "2", "3", "4"]),
        "folder": Param("/tmp/topview", type="string", title="Folder", section="Result", description="Or s3://..."),
    },
):
    picture = TopviewUploadOperator(task_id="upload", source="{{ params.picture }}")
    clips = TopviewImageToVideoV1Operator(
        task_id="move",
        image_file_id=picture.output,
        prompt="{{ params.prompt }}",
        mode="{{ params.mode }}",
        duration="{{ params.duration }}",
        count="{{ params.count }}",
    )
    TopviewDownloadOperator(
        task_id="download",
        family="image_to_video_v1",
        topview_task_id=clips.output["topview_task_id"],
        index="all",
        path="{{ params.folder }}/{topview_task_id}-{index}.{ext}",
    )
