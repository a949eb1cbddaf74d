"""A portrait talks (Avatar 4)."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.avatar import TopviewPhotoAvatarOperator
from topview_provider.operators.lookup import TopviewChooseVoiceOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator

with DAG(
    "topview_talking_photo",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "photo": Param(
            "", type="string", title="Portrait", section="Files", description="Local path or s3://...", minLength=1
        ),
        "text": Param("Hello, and welcome.", type="string", title="What to say", section="Text", format="multiline"),
        "mode": Param("avatar4Fast", title="Mode", section="Looks", enum=["avatar4", "avatar4Fast", "avatar2"]),
        "off_peak": Param(
            False, type="boolean", title="Off peak", section="Looks", description="Half price, up to 24 h."
        ),
        "folder": Param("/tmp/topview", type="string", title="Folder", section="Result", description="Or s3://..."),
    },
):
    photo = TopviewUploadOperator(task_id="upload", source="{{ params.photo }}")
    voice = TopviewChooseVoiceOperator(task_id="voice", language="en", gender="female")
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
