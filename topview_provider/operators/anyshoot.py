"""Product AnyShoot: a product in a template picture, with a model, before a background."""

from __future__ import annotations

from typing import Any

from topview_provider.operators.base import TopviewTaskOperator


class TopviewAnyshootV1Operator(TopviewTaskOperator):
    """
    Put a product into a template picture (Product AnyShoot v1).

    XComs: ``topview_task_id``, ``image_url``, ``image_urls``, ``cost_credit`` (None unless TopView tells), ``topview``.
    TopView does not document the answer: every URL in it counts as a picture; ``result_path`` keeps the whole.

    ``template_id`` or ``template_image_file_id`` is required.

    :param product_image_file_id: ``fileId`` of the product picture. (templated)
    :param product_mask_file_id: ``fileId`` of a mask that you drew, of the same pixel size as the product picture.
        (templated)
    :param template_id: Template from the template list. (templated)
    :param template_image_file_id: ``fileId`` of an own template picture; wins over ``template_id``. (templated)
    :param template_mask_file_id: ``fileId`` of a mask that you drew, of the same pixel size as the template picture.
        (templated)
    :param mode: Composition mode. Which ones TopView takes is not known: any text is passed on as it is.
        (templated)
    :param count: Pictures to make, 1 to 4 (``generatingCount``). (templated)
    :param location: Place of the product; undocumented, passed as it is. (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.

    Source: Apifox EN api-304968058
    """

    family = "anyshoot_v1"

    def __init__(
        self,
        *,
        product_image_file_id: str,
        product_mask_file_id: str | None = None,
        template_id: str | None = None,
        template_image_file_id: str | None = None,
        template_mask_file_id: str,
        mode: str,
        count: int | str | None = None,
        location: list[Any] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.product_image_file_id = product_image_file_id
        self.product_mask_file_id = product_mask_file_id
        self.template_id = template_id
        self.template_image_file_id = template_image_file_id
        self.template_mask_file_id = template_mask_file_id
        self.mode = mode
        self.count = count
        self.location = location


class TopviewAnyshootV2ProductModelOperator(TopviewTaskOperator):
    """
    Let a model present a product (Product AnyShoot v2).

    XComs: ``topview_task_id``, ``image_url``, ``image_urls``, ``cost_credit`` (None unless TopView tells), ``topview``.
    TopView does not document the answer: every URL in it counts as a picture; ``result_path`` keeps the whole.

    The path is uncertain: this one is used by client code. Another spelling goes into ``paths`` of the connection's
    extra; when TopView does not know the path, the error names it.

    :param product_image_file_id: ``fileId`` of the product picture. (templated)
    :param template_id: Template from the template list. (templated)
    :param template_image_file_id: ``fileId`` of an own template picture; wins over ``template_id``. (templated)
    :param template_mask_file_id: ``fileId`` of a mask that you drew, of the same pixel size as the template picture.
        (templated)
    :param product_mask_file_id: ``fileId`` of a mask that you drew, of the same pixel size as the product picture.
        (templated)
    :param count: Pictures to make, 1 to 4 (``generatingCount``). (templated)
    :param location: Place of the product; undocumented, passed as it is. (templated)
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.

    Source: English nav entry; product-background-api-usage (sister page)
    """

    family = "anyshoot_v2_product_model"

    def __init__(
        self,
        *,
        product_image_file_id: str,
        template_id: str | None = None,
        template_image_file_id: str | None = None,
        template_mask_file_id: str | None = None,
        product_mask_file_id: str | None = None,
        count: str | int | None = None,
        location: list[Any] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.product_image_file_id = product_image_file_id
        self.template_id = template_id
        self.template_image_file_id = template_image_file_id
        self.template_mask_file_id = template_mask_file_id
        self.product_mask_file_id = product_mask_file_id
        self.count = count
        self.location = location


class TopviewAnyshootV2ProductBackgroundOperator(TopviewTaskOperator):
    """
    Put a product before a new background (Product AnyShoot v2).

    XComs: ``topview_task_id``, ``image_url``, ``image_urls``, ``cost_credit`` (None unless TopView tells), ``topview``.
    TopView does not document the answer: every URL in it counts as a picture; ``result_path`` keeps the whole.

    The path is uncertain: this one is inferred from its sister. Another spelling goes into ``paths`` of the
    connection's extra; when TopView does not know the path, the error names it. The fields are inferred too, so none is
    enforced; ``extra_payload`` takes others.

    :param product_image_without_background_file_id: ``image_file_id`` of :class:`TopviewRemoveBackgroundOperator`.
        (templated)
    :param product_image_file_id: ``fileId`` of the product picture. (templated)
    :param template_id: Template from the template list. (templated)
    :param template_image_file_id: ``fileId`` of an own template picture; wins over ``template_id``. (templated)
    :param count: Pictures to make, 1 to 4 (``generatingCount``). (templated)
    :param location: Place of the product; undocumented, passed as it is. (templated)
    :raises TopviewInvalidRequest: Nothing at all was given.

    Source: https://docs.topview.ai/reference/product-background-api-usage
    """

    family = "anyshoot_v2_product_background"

    def __init__(
        self,
        *,
        product_image_without_background_file_id: str | None = None,
        product_image_file_id: str | None = None,
        template_id: str | None = None,
        template_image_file_id: str | None = None,
        count: int | str | None = None,
        location: list[Any] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.product_image_without_background_file_id = product_image_without_background_file_id
        self.product_image_file_id = product_image_file_id
        self.template_id = template_id
        self.template_image_file_id = template_image_file_id
        self.count = count
        self.location = location
