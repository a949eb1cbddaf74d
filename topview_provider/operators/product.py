"""Products: what their page says."""

from __future__ import annotations

from typing import Any

from topview_provider.operators.base import TopviewTaskOperator


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
