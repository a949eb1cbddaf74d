"""A portrait talks (Avatar 4)."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.avatar import TopviewPhotoAvatarOperator
from topview_provider.operators.lookup import TopviewChooseVoiceOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator

FILE = {"type": "string", "minLength": 1, "examples": ["/data/me.png", "s3://bucket/me.png"]}
TEXT = {"type": "string", "minLength": 1, "format": "multiline"}
LANGUAGES = {"en": "English", "de": "German", "es": "Spanish", "fr": "French"}
NAME, SWITCH = {"type": ["null", "string"]}, {"type": "boolean"}
MODES = {
    "avatar4": "Avatar 4, 0.1 credits a second, at most 120 s",
    "avatar4Fast": "Avatar 4 Fast, 0.06 credits a second, at most 120 s",
    "avatar2": "Avatar 2, 0.4 credits a second, at most 28 s",
}
NIGHT = "Half the price, but it may take 24 hours; not with Avatar 2."
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}

with DAG(
    "topview_talking_photo",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "photo": Param("", title="Portrait", section="Files", description="png or jpg, from the front.", **FILE),
        "text": Param("Hello, and welcome.", title="Text", section="Speech", description="What it says.", **TEXT),
        "language": Param("en", title="Language", section="Speech", enum=[*LANGUAGES], values_display=LANGUAGES),
        "voice": Param(None, title="Voice", section="Speech", description="Name; empty: the first that fits.", **NAME),
        "mode": Param("avatar4Fast", title="Quality", section="Looks", enum=[*MODES], values_display=MODES),
        "off_peak": Param(False, title="Off peak", section="Looks", description=NIGHT, **SWITCH),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    photo = TopviewUploadOperator(task_id="upload", source="{{ params.photo }}")
    voice = TopviewChooseVoiceOperator(
        task_id="voice", name="{{ params.voice or '' }}", language="{{ params.language }}"
    )
    video = TopviewPhotoAvatarOperator(
        task_id="talk",
        template_image_file_id=photo.output,
        mode="{{ params.mode }}",
        script_mode="text",
        tts_text="{{ params.text }}",
        voice_id=voice.output,
        off_peak="{{ params.off_peak }}",
        timeout=86_400,
    )
    TopviewDownloadOperator(
        task_id="download",
        family="photo_avatar",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
    )
