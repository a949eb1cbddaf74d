"""Pictures: cut out, set in motion, translated."""

from __future__ import annotations

from typing import Any

from topview_provider.operators.base import TopviewTaskOperator


class TopviewRemoveBackgroundOperator(TopviewTaskOperator):
    """
    Cut a product out of its picture.

    XComs: ``topview_task_id``, ``image_url``, ``image_urls``, ``mask_url``, ``mask_urls``, ``image_file_id`` and
    ``mask_file_id`` (inputs of other tasks), ``cost_credit`` (a number), ``topview``. The URLs expire, see
    :class:`TopviewDownloadOperator`.

    :param product_image_file_id: ``fileId`` of the picture. (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.

    Source: https://docs.topview.ai/reference/getting-started-4
    """

    family = "remove_background"

    def __init__(
        self,
        *,
        product_image_file_id: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.product_image_file_id = product_image_file_id


class TopviewImageToVideoV1Operator(TopviewTaskOperator):
    """
    Make short clips from a picture.

    XComs: ``topview_task_id``, ``video_url``, ``video_urls`` (one per clip), ``cost_credit`` (a number), ``topview``.
    The URLs expire, see :class:`TopviewDownloadOperator`.

    :param image_file_id: ``fileId`` of the picture. (templated)
    :param prompt: What should happen. (templated)
    :param negative_prompt: What should not. (templated)
    :param duration: 5 or 10, in seconds; an integer on the wire. (templated)
    :param mode: ``lite``, ``pro``, ``plus`` or ``best``. (templated)
    :param count: Clips to make, 1 to 4 (``generatingCount``). (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.

    Source: https://docs.topview.ai/reference/get_new-endpoint-22
    """

    family = "image_to_video_v1"

    def __init__(
        self,
        *,
        image_file_id: str,
        prompt: str | None = None,
        negative_prompt: str | None = None,
        duration: int | str,
        mode: str,
        count: int | str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.image_file_id = image_file_id
        self.prompt = prompt
        self.negative_prompt = negative_prompt
        self.duration = duration
        self.mode = mode
        self.count = count


class TopviewImageTranslateOperator(TopviewTaskOperator):
    """
    Translate the texts in a picture; the first of two steps.

    XComs: ``topview_task_id``, ``content`` (per language ``type`` and ``translationList`` of ``origin`` and
    ``translation``), ``block`` (``"1"``: something obstructs the text), ``cost_credit`` (None), ``topview``. No picture
    comes out of this step: pass ``topview_task_id`` to :class:`TopviewImageTranslateGenerateOperator`, which is
    charged.

    :param file_id: ``fileId`` of the picture. (templated)
    :param languages: English names: ``English``, ``Filipino``, ``French``, ``German``, ``Indonesian``, ``Italian``,
        ``Russian``, ``Spanish``, ``Swahili``, ``Turkish``, ``Vietnamese``, ``Arabic``, ``Hindi``, ``Simplified
        Chinese``. (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.

    Source: https://docs.topview.ai/reference/image-translate-api-usage
    """

    family = "image_translate"

    def __init__(
        self,
        *,
        file_id: str,
        languages: list[str] | str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.file_id = file_id
        self.languages = languages


class TopviewImageTranslateGenerateOperator(TopviewTaskOperator):
    """
    Draw the translated pictures of an image translation; the second of two steps.

    It goes on under the same ``topview_task_id``. XComs: ``topview_task_id``, ``image_url``, ``image_urls`` (one per
    language, the manifest names it), ``file_ids``, ``cost_credit`` (a number), ``topview``. The URLs expire, see
    :class:`TopviewDownloadOperator`.

    :param topview_task_id: Task of :class:`TopviewImageTranslateOperator` (``taskId``). (templated)
    :raises TopviewPartialResult: Some languages failed.

    Source: https://docs.topview.ai/reference/submit-single-generate-task
    """

    family = "image_translate_generate"

    def __init__(
        self,
        *,
        topview_task_id: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.topview_task_id = topview_task_id


class TopviewImageTranslateBatchOperator(TopviewTaskOperator):
    """
    Translate the texts in many pictures and draw them, in one step.

    XComs: ``topview_task_id``, ``image_url``, ``image_urls`` (one per picture and language, the manifest names it),
    ``file_ids``, ``cost_credit`` (a number), ``topview``. The URLs expire, see :class:`TopviewDownloadOperator`.

    :param file_ids: ``fileId`` of the pictures. (templated)
    :param languages: English names, as for :class:`TopviewImageTranslateOperator`. (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.
    :raises TopviewPartialResult: Some pictures failed.

    Source: https://docs.topview.ai/reference/submit-batch-generate-task
    """

    family = "image_translate_batch"

    def __init__(
        self,
        *,
        file_ids: list[str] | str,
        languages: list[str] | str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.file_ids = file_ids
        self.languages = languages
