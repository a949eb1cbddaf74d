"""A recording becomes a voice, the voice speaks a text, and a public avatar lip-syncs the speech."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.operators.lookup import TopviewChooseAvatarOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator
from topview_provider.operators.voice import TopviewTextToVoiceOperator, TopviewVoiceCloneOperator

FILE = {"type": "string", "minLength": 1, "examples": ["/data/me.mp3", "s3://bucket/me.mp3"]}
TEXT, NAME = {"type": "string", "minLength": 1, "format": "multiline"}, {"type": ["null", "string"]}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}

with DAG(
    "topview_voice_clone",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "recording": Param("", title="Recording", section="Files", description="mp3 or wav, 10 s to 5 min.", **FILE),
        "text": Param("This is my voice.", title="Text", section="Speech", description="What it says.", **TEXT),
        "avatar": Param(None, title="Avatar", section="Speech", description="Name; empty: the first.", **NAME),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    recording = TopviewUploadOperator(task_id="upload", source="{{ params.recording }}")
    avatar = TopviewChooseAvatarOperator(task_id="avatar", name="{{ params.avatar or '' }}")
    clone = TopviewVoiceCloneOperator(task_id="clone", origin_voice_file_id=recording.output, name="{{ run_id }}")
    speech = TopviewTextToVoiceOperator(
        task_id="speak", voice_text="{{ params.text }}", voice_id=clone.output["voice_id"]
    )
    stored = TopviewDownloadOperator(
        task_id="speech_file",
        family="text_to_voice",
        topview_task_id=speech.output["topview_task_id"],
        output="audio",
        path="{{ params.folder }}/{topview_task_id}.{ext}",
    )
    video = TopviewVideoAvatarOperator(
        task_id="lip_sync",
        avatar_source_from="1",
        avatar_id=avatar.output,
        audio_source_from="0",
        audio_file_id=TopviewUploadOperator(task_id="upload_speech", source=stored.output).output,
    )
    TopviewDownloadOperator(
        task_id="download",
        family="video_avatar",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
    )
