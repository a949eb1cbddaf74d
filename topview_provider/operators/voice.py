"""Voices: cloned, and made to speak."""

from __future__ import annotations

from typing import Any

from topview_provider.operators.base import TopviewTaskOperator


class TopviewVoiceCloneOperator(TopviewTaskOperator):
    """
    Clone a voice from a recording.

    XComs: ``topview_task_id``, ``voice_id`` (for every operator that takes one), ``audio_url``, ``audio_urls`` (a
    demo), ``cost_credit`` (None: the answer has no charge), ``topview``. Known from the vendor's client.

    :param origin_voice_file_id: ``fileId`` of an mp3 or wav of 10 s to 5 min, under 10 MB. (templated)
    :param name: Name of the voice; the task id by default. (templated)
    :param voice_text: What is said in the recording; improves the result. (templated)
    :param voice_speed: 0.8 to 1.2, TopView's default is 1.0. (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.

    Source: vendor client only
    """

    family = "voice_clone"

    def __init__(
        self,
        *,
        origin_voice_file_id: str,
        name: str | None = None,
        voice_text: str | None = None,
        voice_speed: float | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.origin_voice_file_id = origin_voice_file_id
        self.name = name
        self.voice_text = voice_text
        self.voice_speed = voice_speed


class TopviewTextToVoiceOperator(TopviewTaskOperator):
    """
    Let a voice speak a text.

    XComs: ``topview_task_id``, ``audio_url``, ``audio_urls`` (mp3), ``voice_id``, ``cost_credit`` (a number),
    ``topview``. The audio has no file id: download and upload it where a task wants one. The URLs expire, see
    :class:`TopviewDownloadOperator`.

    :param voice_text: The text. (templated)
    :param voice_id: Voice from the voice list, or a clone. (templated)
    :param name: Label. (templated)
    :param voice_speed: 0.8 to 1.2, TopView's default is 1.0. (templated)
    :param emotion_name: Such as ``happy``, ``sad``, ``angry``; TopView does not publish the list. (templated)
    :param origin_voice_file_id: ``fileId`` of a recording; what it does is not documented. (templated)
    :param pron_rules: Pronunciation: ``[{"oldStr": "TV", "newStr": "tee vee"}]``. (templated)
    :param board_id: Board to file the task under. (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.

    Source: https://docs.topview.ai/reference/get_new-endpoint-35 (query)
    """

    family = "text_to_voice"

    def __init__(
        self,
        *,
        voice_text: str,
        voice_id: str,
        name: str | None = None,
        voice_speed: float | str | None = None,
        emotion_name: str | None = None,
        origin_voice_file_id: str | None = None,
        pron_rules: list[dict[str, Any]] | str | None = None,
        board_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.voice_text = voice_text
        self.voice_id = voice_id
        self.name = name
        self.voice_speed = voice_speed
        self.emotion_name = emotion_name
        self.origin_voice_file_id = origin_voice_file_id
        self.pron_rules = pron_rules
        self.board_id = board_id
