"""Avatars that speak."""

from __future__ import annotations

from typing import Any

from topview_provider.operators.base import TopviewTaskOperator


class TopviewVideoAvatarOperator(TopviewTaskOperator):
    """
    Let an avatar speak a text or a recording.

    XComs: ``topview_task_id``, ``video_url``, ``video_urls``, ``cost_credit`` (None unless TopView tells), ``topview``.

    The usage text of TopView's older page pairs a local video with ``avatarSourceFrom`` 1; its own example and every
    field text use 0, so ``avatar_source_from="0"`` is what an uploaded video takes here.

    :param avatar_source_from: Where the avatar comes from: ``"0"`` uploaded video, ``"1"`` public avatar, ``"2"`` own
        custom avatar, ``"3"`` uploaded photo. Sent as text. (templated)
    :param video_file_id: ``fileId`` of a video, required with source 0. (templated)
    :param avatar_id: Avatar (``aiAvatarId``) from the avatar list, required with source 1 and 2. (templated)
    :param image_file_id: ``fileId`` of a photo, required with source 3. (templated)
    :param audio_source_from: ``"0"`` uploaded audio, ``"1"`` text to speech. Sent as text. (templated)
    :param audio_file_id: ``fileId`` of a recording, required with audio source 0. (templated)
    :param tts_text: Text to speak, required with audio source 1. (templated)
    :param voice_id: Voice (``voiceoverId``) from the voice list; required for text to speech, except with a public
        avatar, which has a voice of its own. (templated)
    :param voice_speed: 0.8 to 1.2, TopView's default is 1; only for text to speech. (templated)
    :param mode_type: ``"0"`` = avatar1 (TopView's default), ``"1"`` = avatar2, which a photo needs. (templated)
    :param save_custom_avatar: Keep the uploaded video as an own avatar (``isSave2CustomAiAvatar``); photos are always
        kept. (templated)
    :param caption_id: Caption style; only with source 1, or an uploaded video that is kept. (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.

    Source: https://docs.topview.ai/reference/video_avatar_submit_task
    """

    family = "video_avatar"

    def __init__(
        self,
        *,
        avatar_source_from: str | int = "1",
        video_file_id: str | None = None,
        avatar_id: str | None = None,
        image_file_id: str | None = None,
        audio_source_from: str | int = "1",
        audio_file_id: str | None = None,
        tts_text: str | None = None,
        voice_id: str | None = None,
        voice_speed: float | str | None = None,
        mode_type: str | None = None,
        save_custom_avatar: bool | str | None = None,
        caption_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.avatar_source_from = avatar_source_from
        self.video_file_id = video_file_id
        self.avatar_id = avatar_id
        self.image_file_id = image_file_id
        self.audio_source_from = audio_source_from
        self.audio_file_id = audio_file_id
        self.tts_text = tts_text
        self.voice_id = voice_id
        self.voice_speed = voice_speed
        self.mode_type = mode_type
        self.save_custom_avatar = save_custom_avatar
        self.caption_id = caption_id
