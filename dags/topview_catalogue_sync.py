"""Voices, avatars, captions and ethnicities are written to files once a week, to choose from in other DAGs."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.lookup import (
    TopviewAvatarListOperator,
    TopviewCaptionListOperator,
    TopviewEthnicityListOperator,
    TopviewProductAvatarCategoryListOperator,
    TopviewVoiceListOperator,
)

LANGUAGES = {"en": "English", "de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "ja": "Japanese"}
SCENES = {"video_avatar": "of the public avatars", "product_avatar": "of the avatars of Product Avatar"}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}

with DAG(
    "topview_catalogue_sync",
    schedule="@weekly",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "language": Param("en", title="Language", section="Voices", enum=[*LANGUAGES], values_display=LANGUAGES),
        "scene": Param("video_avatar", title="Ethnicities", section="Avatars", enum=[*SCENES], values_display=SCENES),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    TopviewVoiceListOperator(
        task_id="voices", language="{{ params.language }}", result_path="{{ params.folder }}/voices.jsonl"
    )
    TopviewAvatarListOperator(task_id="avatars", result_path="{{ params.folder }}/avatars.jsonl")
    TopviewCaptionListOperator(task_id="captions", result_path="{{ params.folder }}/captions.jsonl")
    TopviewEthnicityListOperator(
        task_id="ethnicities", scene="{{ params.scene }}", result_path="{{ params.folder }}/ethnicities.jsonl"
    )
    TopviewProductAvatarCategoryListOperator(task_id="categories", result_path="{{ params.folder }}/categories.jsonl")
