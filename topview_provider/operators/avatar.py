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


class TopviewPhotoAvatarOperator(TopviewTaskOperator):
    """
    Let a portrait speak a text or a recording (Avatar 4).

    XComs: ``topview_task_id``, ``video_url``, ``video_urls``, ``cover_url``, ``cover_urls``, ``avatar_id``,
    ``cost_credit`` (a number), ``topview``. The URLs expire, see :class:`TopviewDownloadOperator`.

    Rendering takes roughly 45 seconds for each second of video, as users report; with ``off_peak`` it may take 24
    hours, so raise ``timeout`` to that.

    :param avatar_id: Public or own template; this or ``template_image_file_id`` is required. (templated)
    :param template_image_file_id: ``fileId`` of a portrait. (templated)
    :param mode: ``avatar4``, ``avatar4Fast`` (both at most 120 s of audio) or ``avatar2`` (at most 28 s). (templated)
    :param script_mode: ``text`` or ``audio``. (templated)
    :param tts_text: Text to speak, required with ``script_mode="text"``; pauses as ``<break time="1.0s"/>``, 0.1 to
        99.9 s with one decimal. (templated)
    :param voice_id: Voice from the voice list, required with ``script_mode="text"``. (templated)
    :param audio_file_id: ``fileId`` of a recording, required with ``script_mode="audio"``. (templated)
    :param voice_model: ``elevenlabs-v2.5``, ``elevenlabs-v3`` or ``minimax-v2.5``; for text only, TopView chooses by
        default. (templated)
    :param voice_settings: ``{"volume": 0 to 200, "stability": 0 to 100}``; for text with a voice model only.
        (templated)
    :param caption_id: Caption style, from the caption list. (templated)
    :param custom_motion: Motion or expression in words, at most 600 characters. (templated)
    :param save_custom_avatar: Keep the portrait as an own avatar; sent as a JSON boolean (``saveCustomAiAvatar``).
        (templated)
    :param off_peak: Half price, may take 24 hours; for ``avatar4`` and ``avatar4Fast`` only. (templated)
    :param board_id: Board to file the task under. (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.

    Source: https://docs.topview.ai/reference/avatar-4
    """

    family = "photo_avatar"

    def __init__(
        self,
        *,
        avatar_id: str | None = None,
        template_image_file_id: str | None = None,
        mode: str,
        script_mode: str,
        tts_text: str | None = None,
        voice_id: str | None = None,
        audio_file_id: str | None = None,
        voice_model: str | None = None,
        voice_settings: dict[str, Any] | str | None = None,
        caption_id: str | None = None,
        custom_motion: str | None = None,
        save_custom_avatar: bool | str | None = None,
        off_peak: bool | str | None = None,
        board_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.avatar_id = avatar_id
        self.template_image_file_id = template_image_file_id
        self.mode = mode
        self.script_mode = script_mode
        self.tts_text = tts_text
        self.voice_id = voice_id
        self.audio_file_id = audio_file_id
        self.voice_model = voice_model
        self.voice_settings = voice_settings
        self.caption_id = caption_id
        self.custom_motion = custom_motion
        self.save_custom_avatar = save_custom_avatar
        self.off_peak = off_peak
        self.board_id = board_id


class TopviewVideoToAvatarOperator(TopviewTaskOperator):
    """
    Turn a video of a person into an own avatar.

    XComs: ``topview_task_id``, ``avatar_id``, ``video_url``, ``video_urls`` (a preview of the avatar), ``cover_url``,
    ``cover_urls``, ``cost_credit`` (None: the answer has no charge), ``topview``. Use the avatar with
    :class:`TopviewVideoAvatarOperator` and ``avatar_source_from="2"``.

    The submit path and its field are known from client code only; the query is documented. Limits of the video are
    unknown.

    :param video_file_id: ``fileId`` of the video. (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.

    Source: https://docs.topview.ai/reference/get_new-endpoint-24
    """

    family = "video_to_avatar"

    def __init__(
        self,
        *,
        video_file_id: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.video_file_id = video_file_id
