"""Your own pictures are uploaded and become a marketing video, spoken by the avatar and the voice you name."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, Param, task

from topview_provider.operators.lookup import TopviewChooseAvatarOperator, TopviewChooseVoiceOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator

FILES = {"type": "array", "items": {"type": "string"}, "minItems": 1}
TEXT, LINES = {"type": "string", "minLength": 1}, {"format": "multiline", "description": "What is good about it."}
LANGUAGES = {"en": "English", "de": "German", "es": "Spanish", "fr": "French"}
NAME = {"type": ["null", "string"], "description": "Name or id; empty: the first that fits."}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}


@task
def pictures(params=None):
    """Return the pictures of the form."""
    return params["pictures"]


with DAG(
    "topview_own_pictures",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "pictures": Param([], title="Pictures", section="Files", description="A path or s3://... per line.", **FILES),
        "name": Param("Desk lamp", title="Name", section="Product", description="As the video says it.", **TEXT),
        "description": Param("It dims at night.", title="Description", section="Product", **TEXT, **LINES),
        "language": Param("en", title="Language", section="Looks", enum=[*LANGUAGES], values_display=LANGUAGES),
        "avatar": Param(None, title="Avatar", section="Looks", **NAME),
        "voice": Param(None, title="Voice", section="Looks", **NAME),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    uploads = TopviewUploadOperator.partial(task_id="upload").expand(source=pictures())
    language = "{{ params.language }}"
    avatar = TopviewChooseAvatarOperator(task_id="avatar", name="{{ params.avatar or '' }}")
    voice = TopviewChooseVoiceOperator(task_id="voice", name="{{ params.voice or '' }}", language=language)
    video = TopviewMarketingVideoOperator(
        task_id="make_video",
        file_ids=uploads.output,
        product_name="{{ params.name }}",
        product_description="{{ params.description }}",
        language=language,
        avatar_id=avatar.output,
        voice_id=voice.output,
    )
    TopviewDownloadOperator(
        task_id="download",
        family="marketing_video",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
        outlets=[Asset("topview://marketing-videos")],
    )
