"""Which row answers at which address."""

from __future__ import annotations

from dataclasses import dataclass, field

from topview_provider.catalog import FAMILIES, LISTINGS, Listing, Row, TaskFamily


@dataclass(slots=True)
class Route:
    """
    Hold what stands at one method and path.

    :param sort: submit, query, list or action.
    :param rows: The rows; several families may be asked at one address.
    :param body: The fields come as a JSON body.
    """

    sort: str
    rows: dict[str, Row] = field(default_factory=dict)
    body: bool = False

    @property
    def row(self) -> Row:
        """The row, or the first of several."""
        return next(iter(self.rows.values()))

    @property
    def families(self) -> dict[str, TaskFamily]:
        """The task families that are asked here."""
        return {name: row for name, row in self.rows.items() if isinstance(row, TaskFamily)}


class Routes:
    """Find the rows of a request."""

    def __init__(self) -> None:
        self.table: dict[tuple[str, str], Route] = {}
        for family in FAMILIES.values():
            last = family.submit.rpartition("/")[2]
            others = {path: path.rpartition("/")[2] == last for path in family.alternatives}
            for path in (family.submit, *(path for path, submits in others.items() if submits)):
                self._add("POST", path, "submit", family, body=True)
            for path in (family.query, *(path for path, submits in others.items() if not submits)):
                self._add("GET", path, "query", family)
        for listing in LISTINGS.values():
            for path in (listing.path, *listing.alternatives):
                self._add(listing.method, path, _sort(listing), listing, body=listing.body)
        self.paths = {path for _, path in self.table}

    def find(self, method: str, path: str) -> Route | None:
        """
        Return what stands there, or None.

        :param method: HTTP method.
        :param path: Path without base path.
        """
        return self.table.get((method, path))

    def _add(self, method: str, path: str, sort: str, row: Row, body: bool = False) -> None:
        # An upload goes to the URL that the credential names, not to a path of the table.
        if not path.startswith("{"):
            self.table.setdefault((method, path), Route(sort, body=body)).rows[row.name] = row


def _sort(listing: Listing) -> str:
    return "action" if listing.action else "list"
