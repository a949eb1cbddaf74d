"""Base of the operators for lists and actions: one call, no waiting."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, ClassVar

from airflow.providers.common.compat.sdk import Context

from topview_provider import catalog
from topview_provider.exceptions import TopviewInvalidRequest
from topview_provider.landing import MAX_XCOM_BYTES
from topview_provider.operators.rows import TopviewRowOperator
from topview_provider.waiting import TopviewConnected


class TopviewCallOperator(TopviewConnected, TopviewRowOperator):
    """
    Base of the operators for lists and actions; a subclass names its ``listing``.

    :param topview_conn_id: Airflow connection of type TopView. (templated)
    """

    row_attribute = "listing"
    shared_template_fields: ClassVar[tuple[str, ...]] = ("topview_conn_id",)
    listing: ClassVar[str]

    def __init__(self, *, topview_conn_id: str = "topview_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.topview_conn_id = topview_conn_id

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
    :param fields: Wire names to keep of each item; by default the columns that this operator returns, and everything
        in a file.
    :param result_path: Where to write the items, whole unless ``fields`` says otherwise, as JSON lines: any URL that
        ``ObjectStoragePath`` knows. The XCom is then the path. Without it the items must fit into XCom. (templated)
    :raises TopviewInvalidRequest: The items are larger than 48 KB and have no ``result_path``, or it is a folder.
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
        if self.result_path:
            return self.write(_only(self.fields, items))
        return self.small(_only(self.fields or catalog.listing(self.listing).columns, items))

    def write(self, items: Iterable[dict[str, Any]]) -> str:
        """
        Write the items as JSON lines, as they come, and return the path.

        :raises TopviewInvalidRequest: The path is a folder.
        """
        from topview_provider.hooks import transfer

        target = transfer.file_path(self.result_path, "result_path")
        count = 0
        with transfer.landing(target) as file:
            for count, item in enumerate(items, 1):  # noqa: B007 - counted
                file.write(json.dumps(item, ensure_ascii=False).encode() + b"\n")
        self.log.info("%s: %d items are in %s", self.listing, count, target)
        return str(target)

    def small(self, items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """
        Return the items if they are small enough for XCom.

        :raises TopviewInvalidRequest: They are not; the rest of the list is not read then.
        """
        found: list[dict[str, Any]] = []
        size = 0
        for item in items:
            found.append(item)
            size += len(json.dumps(item)) + 2  # brackets and commas between them
            if size > MAX_XCOM_BYTES:
                raise TopviewInvalidRequest(
                    f"{self.listing}: {len(found)} items are larger than the {MAX_XCOM_BYTES} bytes that XCom takes; "
                    "give a limit, fewer fields, or a result_path to write them to"
                )
        self.log.info("%s: %d items", self.listing, len(found))
        return found


def _only(names: Sequence[str] | None, items: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return ({name: item.get(name) for name in names} if names else item for item in items)


class TopviewActionOperator(TopviewCallOperator):
    """Base of the operators that make one call which changes or fetches something."""

    def execute(self, context: Context) -> Any:
        """Make the call and return TopView's ``result`` as it came."""
        return self.hook.act(self.listing, **self.given())
