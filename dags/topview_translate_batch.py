"""Many pictures are translated into several languages in one task."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param, task

from topview_provider.operators.image import TopviewImageTranslateBatchOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator

LIST = {"type": "array", "items": {"type": "string"}, "minItems": 1}
LANGUAGES = ["English", "French", "German", "Italian", "Japanese", "Spanish", "Turkish"]
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}


@task
def pictures(params=None):
    """Return the pictures of the form."""
    return params["pictures"]


with DAG(
    "topview_translate_batch",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "pictures": Param([], title="Pictures", section="Files", description="A path or s3://... per line.", **LIST),
        "languages": Param(["French", "German"], title="Languages", section="Text", examples=LANGUAGES, **LIST),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    uploads = TopviewUploadOperator.partial(task_id="upload").expand(source=pictures())
    batch = TopviewImageTranslateBatchOperator(
        task_id="translate", file_ids=uploads.output, languages="{{ params.languages }}"
    )
    TopviewDownloadOperator(
        task_id="download",
        family="image_translate_batch",
        topview_task_id=batch.output["topview_task_id"],
        output="image",
        index="all",
        path="{{ params.folder }}/{topview_task_id}-{index}-{language}.{ext}",
    )
