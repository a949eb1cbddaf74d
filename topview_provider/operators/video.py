"""Avatar marketing video: from a product link or pictures to rendered videos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from topview_provider.operators.base import TopviewTaskOperator


class TopviewMarketingVideoOperator(TopviewTaskOperator):
    """
    Make marketing videos of a product: script, avatar, voice, music and captions.

    Give a product link, or uploaded files with a name and a description. With ``preview`` only previews are made,
    which are free; export the ones you like with :class:`TopviewMarketingVideoExportOperator`.

    XComs: ``topview_task_id``, ``video_url``, ``video_urls``, ``cover_url``, ``cover_urls``, ``product_name``,
    ``product_description``, ``cost_credit`` (always None: TopView's answer has no charge here), ``topview``. The URLs
    expire, see :class:`TopviewDownloadOperator`.

    :param product_link: Page of the product; wins over ``file_ids``, which are then ignored. (templated)
    :param file_ids: ``fileId`` of uploaded pictures or videos. (templated)
    :param product_name: Required without ``product_link``. (templated)
    :param product_description: Required without ``product_link``, unless the script is your own. (templated)
    :param aspect_ratio: ``9:16`` (TopView's default), ``3:4``, ``1:1``, ``4:3`` or ``16:9``. (templated)
    :param language: Spoken language, such as ``en`` (TopView's default), ``de``, ``zh-CN``; Thai (``th``) works only
        with the four voices that TopView's page lists. (templated)
    :param voice_id: Voice (``voiceId``), from the voice list. (templated)
    :param caption_id: Caption style, from the caption list; a random one by default. (templated)
    :param avatar_id: Avatar (``aiavatarId``), from the avatar list. (templated)
    :param video_length_type: 1 = 30 to 50 s (TopView's default), 2 = 15 to 30 s, 3 = 30 to 45 s, 4 = 45 to 60 s.
        (templated)
    :param endcard_file_id: ``fileId`` of an end card. (templated)
    :param endcard_aspect_ratio: ``all`` (TopView's default) or one of the aspect ratios. (templated)
    :param endcard_background_color: ``black`` (TopView's default) or ``white``. (templated)
    :param logo_file_id: ``fileId`` of a logo. (templated)
    :param preview: Make free previews only; sent as the text ``true`` or ``false``. (templated)
    :param is_diy_script: Use your own script; sent as the text ``true`` or ``false``. (templated)
    :param diy_script_description: The script, required with ``is_diy_script``. (templated)
    :param diy_style: ``diyScriptStyle`` or ``diyScriptPrompt``; only with ``is_diy_script``. (templated)
    :param diy_script_style: Name of a preset style; TopView does not publish the names. (templated)
    :param diy_script_prompt: Style in your own words, required with ``diy_style="diyScriptPrompt"``. (templated)
    :param target_audience: Whom the script should speak to. (templated)
    :param music_file_id: ``fileId`` of music; random music by default. (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.

    Source: https://docs.topview.ai/reference/avatar_marketing_video_submit_task
    """

    family = "marketing_video"

    def __init__(
        self,
        *,
        product_link: str | None = None,
        file_ids: list[str] | str | None = None,
        product_name: str | None = None,
        product_description: str | None = None,
        aspect_ratio: str | None = None,
        language: str | None = None,
        voice_id: str | None = None,
        caption_id: str | None = None,
        avatar_id: str | None = None,
        video_length_type: int | str | None = None,
        endcard_file_id: str | None = None,
        endcard_aspect_ratio: str | None = None,
        endcard_background_color: str | None = None,
        logo_file_id: str | None = None,
        preview: bool | str | None = None,
        is_diy_script: bool | str | None = None,
        diy_script_description: str | None = None,
        diy_style: str | None = None,
        diy_script_style: str | None = None,
        diy_script_prompt: str | None = None,
        target_audience: str | None = None,
        music_file_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.product_link = product_link
        self.file_ids = file_ids
        self.product_name = product_name
        self.product_description = product_description
        self.aspect_ratio = aspect_ratio
        self.language = language
        self.voice_id = voice_id
        self.caption_id = caption_id
        self.avatar_id = avatar_id
        self.video_length_type = video_length_type
        self.endcard_file_id = endcard_file_id
        self.endcard_aspect_ratio = endcard_aspect_ratio
        self.endcard_background_color = endcard_background_color
        self.logo_file_id = logo_file_id
        self.preview = preview
        self.is_diy_script = is_diy_script
        self.diy_script_description = diy_script_description
        self.diy_style = diy_style
        self.diy_script_style = diy_script_style
        self.diy_script_prompt = diy_script_prompt
        self.target_audience = target_audience
        self.music_file_id = music_file_id


class TopviewMarketingVideoExportOperator(TopviewTaskOperator):
    """
    Export one script of a finished preview; this is what is paid.

    Preview and export share one task id. The export is done when a video of this script is there that was not there
    before; exporting an edited script again buys, and waits for, the new video. The script's text is part of what is
    bought: a retry resumes, an edited script is another purchase.

    XComs: as :class:`TopviewMarketingVideoOperator`, with one video.

    :param topview_task_id: Task of a finished preview (``taskId``). (templated)
    :param script_id: Which script; ``"0"`` is the first. Sent as text. (templated)
    :raises TopviewTaskFailed: The export failed; failed tasks are not charged.

    Source: https://docs.topview.ai/reference/avatar_marketing_video_export_task
    """

    family = "marketing_video_export"

    def __init__(self, *, topview_task_id: str, script_id: str | int = "0", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.topview_task_id = topview_task_id
        self.script_id = script_id

    def also_bought(self, body: Mapping[str, Any]) -> Any:
        """Return the words of the exported script, as they stand now; those of other scripts do not matter."""
        from topview_provider.operators.script import segments

        return segments(self.hook, body["taskId"], str(body.get("scriptId", "0")))
