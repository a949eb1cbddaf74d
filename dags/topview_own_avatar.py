"""Your own video becomes an avatar and a voice, they speak a text, and both are deleted, whatever happened."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.account import TopviewCustomAvatarDeleteOperator, TopviewCustomVoiceDeleteOperator
from topview_provider.operators.avatar import TopviewVideoAvatarOperator, TopviewVideoToAvatarOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator
from topview_provider.operators.voice import TopviewVoiceCloneOperator

FILE = {"type": "string", "minLength": 1, "examples": ["/data/me.mp4", "s3://bucket/me.mp4"]}
SOUND = {"type": "string", "minLength": 1, "examples": ["/data/me.mp3", "s3://bucket/me.mp3"]}
TEXT = {"type": "string", "minLength": 1, "format": "multiline"}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}

with DAG(
    "topview_own_avatar",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "video": Param("", title="Video", section="Files", description="mp4 or mov: a person.", **FILE),
        "recording": Param("", title="Recording", section="Files", description="mp3 or wav, 10 s to 5 min.", **SOUND),
        "text": Param("Hello!", title="What to say", section="Text", description="Spoken by the avatar.", **TEXT),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    person = TopviewUploadOperator(task_id="upload", source="{{ params.video }}")
    sound = TopviewUploadOperator(task_id="upload_sound", source="{{ params.recording }}")
    avatar = TopviewVideoToAvatarOperator(task_id="avatar", video_file_id=person.output).output["avatar_id"]
    voice = TopviewVoiceCloneOperator(task_id="voice", origin_voice_file_id=sound.output).output["voice_id"]
    video = TopviewVideoAvatarOperator(
        task_id="speak", avatar_source_from="2", avatar_id=avatar, tts_text="{{ params.text }}", voice_id=voice
    )
    stored = TopviewDownloadOperator(
        task_id="download",
        family="video_avatar",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
    )
    stored >> [
        TopviewCustomAvatarDeleteOperator(task_id="delete_avatar", avatar_id=avatar, trigger_rule="all_done"),
        TopviewCustomVoiceDeleteOperator(task_id="delete_voice", voice_id=voice, trigger_rule="all_done"),
    ]
