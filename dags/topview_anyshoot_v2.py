"""A product is shown by a model, and set before a new background (AnyShoot v2); TopView documents neither path."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.anyshoot import (
    TopviewAnyshootV2ProductBackgroundOperator,
    TopviewAnyshootV2ProductModelOperator,
)
from topview_provider.operators.image import TopviewRemoveBackgroundOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator

FILE = {"type": "string", "minLength": 1, "examples": ["/data/lamp.png", "s3://bucket/lamp.png"]}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}
COUNT = "So many with a model, and as many before a background; 1 credit each. What the cut-out costs is not known."

with DAG(
    "topview_anyshoot_v2",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "picture": Param("", title="Product picture", section="Files", description="png or jpg.", **FILE),
        "count": Param("2", title="Pictures", section="Looks", description=COUNT, enum=["1", "2", "3", "4"]),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    picture = TopviewUploadOperator(task_id="upload", source="{{ params.picture }}").output
    model = TopviewAnyshootV2ProductModelOperator(
        task_id="with_model", product_image_file_id=picture, count="{{ params.count }}"
    )
    cut_out = TopviewRemoveBackgroundOperator(task_id="cut_out", product_image_file_id=picture)
    background = TopviewAnyshootV2ProductBackgroundOperator(
        task_id="before_background",
        product_image_without_background_file_id=cut_out.output["image_file_id"],
        count="{{ params.count }}",
    )
    for task in (model, background):
        TopviewDownloadOperator(
            task_id=f"download_{task.task_id}",
            family=task.family,
            topview_task_id=task.output["topview_task_id"],
            output="image",
            index="all",
            path="{{ params.folder }}/{topview_task_id}-{index}.{ext}",
        )
