"""Paths of object storage; loads without the libraries that send requests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from topview_provider.exceptions import TopviewInvalidRequest
from topview_provider.wire import redact_url

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"}
"""Scheme to the extra of this package that brings its file system."""


def storage_path(where: Any) -> ObjectStoragePath:
    """
    Return a path of object storage; a plain local path is made absolute.

    :param where: Local path or URL.
    :raises TopviewInvalidRequest: It is no URL, or Airflow has no file system for it.
    """
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    text = str(where)
    url = text if "://" in text else f"file://{os.path.abspath(os.path.expanduser(text))}"
    try:
        path = ObjectStoragePath(url)
        path.fs  # noqa: B018 - asked for now: later, each method of a path has words of its own for a missing one
    except (ImportError, ValueError) as error:
        missing = isinstance(error, ImportError) or "filesystem" in str(error)
        advice = f". {_advice(url)}" if missing else ""
        raise TopviewInvalidRequest(f"{redact_url(url)} cannot be used: {error}{advice}") from error
    return path


def _advice(url: str) -> str:
    scheme = url.partition("://")[0].lower()
    if scheme in EXTRAS:
        return f"Install airflow-provider-topview[{EXTRAS[scheme]}] where this task runs"
    if scheme in ("http", "https"):
        return "A web address is no file: download it first, and give the path it was stored at"
    return f"Install the Airflow provider that brings the file system for {scheme}://, or give a local path"
