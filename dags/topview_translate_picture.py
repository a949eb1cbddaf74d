"""The texts in one picture are translated into five languages: first the words, then the pictures."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.image import TopviewImageTranslateGenerateOperator, TopviewImageTranslateOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator

FILE = {"type": "string", "minLength": 1, "examples": ["/data/poster.png", "s3://bucket/poster.png"]}
LIST = {"type": "array", "items": {"type": "string"}, "minItems": 1}
LANGUAGES = ["French", "German", "Italian", "Spanish", "Turkish", "English", "Japanese"]
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}

with DAG(
    "topview_translate_picture",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "picture": Param("", title="Picture", section="Files", description="png or jpg.", **FILE),
        "languages": Param(LANGUAGES[:5], title="Languages", section="Text", examples=LANGUAGES, **LIST),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    picture = TopviewUploadOperator(task_id="upload", source="{{ params.picture }}")
    words = TopviewImageTranslateOperator(task_id="words", file_id=picture.output, languages="{{ params.languages }}")
    drawn = TopviewImageTranslateGenerateOperator(task_id="draw", topview_task_id=words.output["topview_task_id"])
    TopviewDownloadOperator(
        task_id="download",
        family="image_translate_generate",
        topview_task_id=drawn.output["topview_task_id"],
        output="image",
        index="all",
        path="{{ params.folder }}/{topview_task_id}-{language}.{ext}",
    )
