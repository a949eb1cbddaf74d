"""Products: what their page says."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import Context

from topview_provider import catalog, late
from topview_provider.operators.base import TopviewTaskOperator
from topview_provider.operators.listing import TopviewActionOperator


class TopviewScraperOperator(TopviewTaskOperator):
    """
    Read a product page: name, description, pictures and videos, ready as input for a marketing video.

    XComs: ``topview_task_id``, ``product_name``, ``product_description``, ``file_ids`` and ``video_file_ids`` (lists of
    ``fileId``), ``image_urls``, ``video_urls`` and their first as ``image_url``, ``video_url``; ``topview``. Either
    list may be empty.

    :param product_link: Page of the product. (templated)
    :raises TopviewInvalidRequest: There is no link; nothing was sent.

    Source: Apifox EN api-289343426, api-289343427
    """

    family = "scraper"

    def __init__(self, *, product_link: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.product_link = product_link


class TopviewProductAvatarV1ReplaceImageOperator(TopviewTaskOperator):
    """
    Put a product into an avatar's hand (Product Avatar v1).

    XComs: ``topview_task_id``, ``image_url``, ``image_urls``, ``product_replace_result_key`` (the first) and
    ``product_replace_result_keys`` (all, inputs of the video step), ``face_existence`` (whether the first shows a
    face), ``cost_credit`` (None unless TopView tells), ``topview``. The URLs expire, see
    :class:`TopviewDownloadOperator`.

    The pictures may carry a watermark, see :class:`TopviewProductAvatarV1DownloadOperator`.

    :param avatar_id: Public product avatar; this or ``template_image_file_id`` is required. (templated)
    :param template_image_file_id: ``fileId`` of an own template picture. (templated)
    :param product_image_file_id: ``fileId`` of the product picture. (templated)
    :param user_face_image_file_id: ``fileId`` of a face to use. (templated)
    :param image_edit_prompt: How to swap the product of picture 2 into picture 1. (templated)
    :param product_size: ``"1"`` to ``"6"``, TopView's default is ``"2"``; what the steps mean is not documented.
        (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.

    Source: https://docs.topview.ai/reference/get_new-endpoint-9
    """

    family = "product_avatar_v1_replace_image"

    def __init__(
        self,
        *,
        avatar_id: str | None = None,
        template_image_file_id: str | None = None,
        product_image_file_id: str,
        user_face_image_file_id: str | None = None,
        image_edit_prompt: str,
        product_size: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.avatar_id = avatar_id
        self.template_image_file_id = template_image_file_id
        self.product_image_file_id = product_image_file_id
        self.user_face_image_file_id = user_face_image_file_id
        self.image_edit_prompt = image_edit_prompt
        self.product_size = product_size


class TopviewProductAvatarV1VideoOperator(TopviewTaskOperator):
    """
    Let the avatar with the product move and speak (Product Avatar v1).

    XComs: ``topview_task_id``, ``video_url``, ``video_urls``, ``preview_url``, ``preview_urls``, ``cost_credit`` (None
    unless TopView tells), ``topview``. TopView's page calls the finished URL permanent; treat it as temporary all the
    same.

    ``tts_text`` and ``voice_id`` are known from client code only.

    :param product_replace_result_key: A key that :class:`TopviewProductAvatarV1ReplaceImageOperator` returned.
        (templated)
    :param mode: ``lite`` or ``pro``; any other text is passed, clients also send ``avatar2``. (templated)
    :param image2video_prompt: How the picture should move. (templated)
    :param tts_text: Text to speak. (templated)
    :param voice_id: Voice from the voice list (``voiceoverId``). (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.

    Source: https://docs.topview.ai/reference/get_new-endpoint-12
    """

    family = "product_avatar_v1_video"

    def __init__(
        self,
        *,
        product_replace_result_key: str,
        mode: str,
        image2video_prompt: str | None = None,
        tts_text: str | None = None,
        voice_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.product_replace_result_key = product_replace_result_key
        self.mode = mode
        self.image2video_prompt = image2video_prompt
        self.tts_text = tts_text
        self.voice_id = voice_id


class TopviewProductAvatarV2ReplaceImageOperator(TopviewTaskOperator):
    """
    Put a product without background into an avatar's hand (Product Avatar v2).

    XComs: ``topview_task_id``, ``image_url``, ``image_urls``, ``replace_product_task_image_id`` (the first) and
    ``replace_product_task_image_ids`` (all, inputs of the video step), ``face_existence`` (whether the first shows a
    face), ``cost_credit`` (None unless TopView tells), ``topview``. The URLs expire, see
    :class:`TopviewDownloadOperator`.

    TopView publishes no field list for this step: these fields are known from its flow page and client code.
    ``location`` is passed as it is, neither normalised nor reordered; four corners from 0 to 1, such as ``[[0.2, 0.2],
    [0.5, 0.2], [0.5, 0.6], [0.2, 0.6]]`` from top left clockwise, are the best evidence.

    :param generate_image_mode: ``auto`` or ``manual``. (templated)
    :param product_image_without_background_file_id: ``image_file_id`` of :class:`TopviewRemoveBackgroundOperator`.
        (templated)
    :param avatar_id: Public product avatar; this or ``template_image_file_id`` is required. (templated)
    :param template_image_file_id: ``fileId`` of an own template picture. (templated)
    :param user_face_image_file_id: ``fileId`` of a face to use. (templated)
    :param image_edit_prompt: How to place the product, used with ``auto``. (templated)
    :param location: Corner points ``[[x, y], ...]`` of the product in the template, required with ``manual``.
        (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.

    Source: https://docs.topview.ai/reference/getting-started-4 (flow)
    """

    family = "product_avatar_v2_replace_image"

    def __init__(
        self,
        *,
        generate_image_mode: str,
        product_image_without_background_file_id: str,
        avatar_id: str | None = None,
        template_image_file_id: str | None = None,
        user_face_image_file_id: str | None = None,
        image_edit_prompt: str | None = None,
        location: list[list[float]] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.generate_image_mode = generate_image_mode
        self.product_image_without_background_file_id = product_image_without_background_file_id
        self.avatar_id = avatar_id
        self.template_image_file_id = template_image_file_id
        self.user_face_image_file_id = user_face_image_file_id
        self.image_edit_prompt = image_edit_prompt
        self.location = location


class TopviewProductAvatarV2VideoOperator(TopviewTaskOperator):
    """
    Let the avatar with the product speak a text or a recording (Product Avatar v2).

    XComs: ``topview_task_id``, ``video_url``, ``video_urls``, ``avatar_id``, ``cost_credit`` (None unless TopView
    tells), ``topview``. The URLs expire, see :class:`TopviewDownloadOperator`.

    Where ``face_existence`` of the picture is false, only ``mode="avatar2"`` works.

    :param replace_product_task_image_id: An id that :class:`TopviewProductAvatarV2ReplaceImageOperator` returned.
        (templated)
    :param mode: ``lite`` (480p, 5 s), ``pro`` (720p, 10 s), ``avatar2`` (1080p), ``avatar4`` or ``avatar4Fast`` (1080p,
        up to 120 s). (templated)
    :param script_mode: ``text`` or ``audio``. (templated)
    :param tts_text: Text to speak, required with ``script_mode="text"``. (templated)
    :param voice_id: Voice from the voice list, required with ``script_mode="text"``. (templated)
    :param audio_file_id: ``fileId`` of a recording, required with ``script_mode="audio"``; at most 28 s for
        ``avatar2``, 120 s for ``avatar4`` and ``avatar4Fast``. (templated)
    :param caption_id: Caption style, from the caption list. (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.

    Source: https://docs.topview.ai/reference/pa2_image2video_submit_task
    """

    family = "product_avatar_v2_video"

    def __init__(
        self,
        *,
        replace_product_task_image_id: str,
        mode: str = "avatar2",
        script_mode: str = "text",
        tts_text: str | None = None,
        voice_id: str | None = None,
        audio_file_id: str | None = None,
        caption_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.replace_product_task_image_id = replace_product_task_image_id
        self.mode = mode
        self.script_mode = script_mode
        self.tts_text = tts_text
        self.voice_id = voice_id
        self.audio_file_id = audio_file_id
        self.caption_id = caption_id


class TopviewProductAvatarV1DownloadOperator(TopviewActionOperator):
    """
    Get the picture of a product avatar without its watermark (Product Avatar v1).

    TopView documents that this call exists, that it is a GET and that it costs 1 credit, and nothing else: path,
    parameters and answer are placeholders. Set the real path under ``paths`` in the extra of the connection
    (``{"product_avatar_v1_download": {"path": "..."}}``). Returns TopView's ``result`` untouched; where a URL is
    recognised in it (text, or an object or list with ``url``, ``downloadUrl`` or ``imageUrl``), it is the XCom
    ``image_url``. It is paid for once: a retry or a clear returns the answer that was kept, whose URL may have expired.

    :param topview_task_id: Task of :class:`TopviewProductAvatarV1ReplaceImageOperator` (``taskId``). (templated)
    :param key: Key of the wanted picture. (templated)
    :param need_cloud_front_url: Ask for a CloudFront URL. (templated)
    :raises TopviewNotFound: TopView does not know the placeholder.
    :raises TopviewSubmitUnknown: The call was sent, and its answer is lost.

    Source: Apifox EN nav entry only (method GET)
    """

    listing = "product_avatar_v1_download"

    def __init__(
        self,
        *,
        topview_task_id: str,
        key: str | None = None,
        need_cloud_front_url: bool | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.topview_task_id = topview_task_id
        self.key = key
        self.need_cloud_front_url = need_cloud_front_url

    def execute(self, context: Context) -> Any:
        """Make the call, show the URL, and return what TopView said."""
        row = catalog.listing(self.listing)
        if self.hook.settings.path(row.name, "path", row.path) == row.path:
            self.log.warning("TopView does not document the path of this call; %s is a placeholder", row.path)
        result = self.bought(context)
        first = result[0] if isinstance(result, list) and result else result
        if isinstance(first, dict):
            first = next((first[name] for name in ("url", "downloadUrl", "imageUrl") if first.get(name)), None)
        if isinstance(first, str):
            context["ti"].xcom_push(key="image_url", value=first)
        return result

    def bought(self, context: Context) -> Any:
        """Return TopView's answer, paid for once: a retry or a clear gets the one that was kept."""
        given = self.given()
        settings, uid = self.hook.settings, self.hook.uid
        return late.book.buy_once(
            late.book.Ledger.of(context),
            late.records.purchase(self.listing, given, settings.base_url, uid),
            self.listing,
            late.rules.Attempt.of(context, self.retries or 0),
            lambda: self.hook.act(self.listing, **given),
        )
