"""A picture becomes up to four short clips."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.image import TopviewImageToVideoV1Operator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator

FILE = {"type": "string", "minLength": 1, "examples": ["/data/tree.png", "s3://bucket/tree.png"]}
TEXT = {"type": "string", "minLength": 1, "format": "multiline"}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}

with DAG(
    "topview_clips",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "picture": Param("", title="Picture", section="Files", description="png or jpg.", **FILE),
        "prompt": Param(
            "wind moves the leaves", title="Prompt", section="Text", description="What shall happen.", **TEXT
        ),
        "mode": Param("lite", title="Quality", section="Looks", enum=["lite", "pro", "plus", "best"]),
        "duration": Param("5", title="Seconds", section="Looks", enum=["5", "10"]),
        "count": Param("2", title="Clips", section="Looks", enum=["1", "2", "3", "4"]),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
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
