"""Base of the operators for lists and actions: one call, no waiting."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice
from typing import Any, ClassVar

from airflow.providers.common.compat.sdk import Context

from topview_provider import catalog
from topview_provider.operators.rows import TopviewRowOperator


class TopviewCallOperator(TopviewRowOperator):
    """Base of the operators for lists and actions; a subclass names its ``listing``."""

    row_attribute = "listing"
    listing: ClassVar[str]

    def given(self) -> dict[str, Any]:
        """
        Return the checked arguments that are not empty, in Python names.

        :raises TopviewInvalidRequest: One is missing or wrong.
        """
        self.request({})
        return {name: value for name, value in self.arguments().items() if value is not None}


class TopviewListOperator(TopviewCallOperator):
    """
    Base of the operators that read a list.

    :param limit: Most items to return; by default all, page by page.
    :param fields: Wire names to keep of each item, to keep XCom small; by default all.
    :param result_path: Where to write the items as JSON lines, any URL that ``ObjectStoragePath`` knows; the XCom is
        then the path instead of the items. (templated)
    """

    shared_template_fields: ClassVar[tuple[str, ...]] = ("topview_conn_id", "result_path")

    def __init__(
        self,
        *,
        limit: int | None = None,
        fields: list[str] | None = None,
        result_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.limit = limit
        self.fields = fields
        self.result_path = result_path

    def execute(self, context: Context) -> Any:
        """Read the list and return its items, or the path they were written to."""
        items = islice(self.hook.iterate(self.listing, **self.given()), self.limit)
        keep = self.fields or catalog.listing(self.listing).columns
        chosen = [{key: item.get(key) for key in keep} if keep else item for item in items]
        self.log.info("%s: %d items", self.listing, len(chosen))
        return self.write(chosen) if self.result_path else chosen

    def write(self, items: Iterable[dict[str, Any]]) -> str:
        """Write the items as JSON lines and return the path."""
        from topview_provider.hooks.topview import storage_path

        target = storage_path(self.result_path)
        target.parent.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps(item, ensure_ascii=False) + "\n" for item in items)
        target.write_text("".join(lines), encoding="utf-8")
        return str(target)


class TopviewActionOperator(TopviewCallOperator):
    """Base of the operators that make one call which changes or fetches something."""

    def execute(self, context: Context) -> Any:
        """Make the call and return TopView's ``result`` as it came."""
        return self.hook.act(self.listing, **self.given())
