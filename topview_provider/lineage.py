"""
What OpenLineage hears of a task, and by which names: a dataset is a namespace and a name in it.

Facets are made from what the attempt already knows. Nothing is asked for them, neither TopView nor Airflow.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from topview_provider import compat
from topview_provider.catalog.fields import Field

FILES = Field("fileIds", "array")
"""Reads a list of files as the request did, one that a template made a text of included."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """
    Name a dataset as OpenLineage does.

    :param namespace: Where it is: ``file``, ``s3://bucket``, ``https://shop.example``, ``topview://api.topview.ai``.
    :param name: What it is called there.
    """

    namespace: str
    name: str

    @property
    def uri(self) -> str:
        """Return it as one address; a mark in the name of a file begins neither query nor fragment."""
        name = self.name.replace("?", "%3F").replace("#", "%23")
        return f"file://{name}" if self.namespace == "file" else f"{self.namespace}/{name}"


@dataclass(frozen=True, slots=True)
class Trace:
    """
    Hold what a task read and made.

    :param host: Base URL of TopView.
    :param topview_task_id: TopView's id of the task; empty for an upload.
    :param inputs: What it read.
    :param outputs: What it made.
    """

    host: str
    topview_task_id: str
    inputs: tuple[Dataset, ...]
    outputs: tuple[Dataset, ...]


def dataset(url: str) -> Dataset:
    """
    Return the dataset of a file or a page: without user, Airflow connection, query and the fragment of a page.

    :param url: Local path, or URL.
    """
    parts = urlsplit(url, allow_fragments=url.startswith("http"))
    if parts.scheme in ("", "file"):
        return Dataset("file", posixpath.abspath(unquote(parts.path) if parts.scheme else url))
    scheme = {"s3a": "s3", "s3n": "s3"}.get(parts.scheme, parts.scheme)
    return Dataset(f"{scheme}://{parts.netloc.rpartition('@')[2]}", parts.path.lstrip("/") or "/")


def at_topview(host: str, *names: str) -> Dataset:
    """
    Return the dataset of what stands at TopView.

    :param host: Base URL of TopView.
    :param names: ``<family>`` and task id, or ``file`` and file id.
    """
    return Dataset(f"topview://{urlsplit(host).netloc}", "/".join(names))


def given(arguments: Mapping[str, Any], host: str) -> Iterable[Dataset]:
    """
    Yield what a task was given: the product page, and the files uploaded before.

    :param arguments: Arguments of the operator, rendered, in Python names.
    :param host: Base URL of TopView.
    """
    for name, value in arguments.items():
        if name == "product_link" and value:
            with suppress(ValueError):  # TopView took it, so whether it is an address is no question any more
                yield dataset(str(value))
        elif name.endswith("file_id") and value:
            yield at_topview(host, "file", str(value))
        elif name.endswith("file_ids") and value:
            for file_id in FILES.to_wire(value):
                yield at_topview(host, "file", str(file_id))


def facets(trace: Trace | None) -> Any:
    """
    Return inputs, outputs and TopView's id as OpenLineage wants them; None without its provider.

    :param trace: What the task read and made; None where it has not told.
    """
    found = compat.openlineage()
    if found is None or trace is None:
        return None
    facet, lineage = found
    inputs, outputs = (
        [facet.Dataset(namespace=one.namespace, name=one.name) for one in side]
        for side in (trace.inputs, trace.outputs)
    )
    query = facet.ExternalQueryRunFacet(externalQueryId=trace.topview_task_id, source=trace.host)
    return lineage(inputs=inputs, outputs=outputs, run_facets={"externalQuery": query} if trace.topview_task_id else {})
