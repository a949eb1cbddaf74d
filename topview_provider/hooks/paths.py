"""Paths of object storage; loads without the libraries that send requests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath


def storage_path(where: Any) -> ObjectStoragePath:
    """Return a path of object storage; a plain local path is made absolute."""
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    text = str(where)
    return ObjectStoragePath(text if "://" in text else f"file://{os.path.abspath(os.path.expanduser(text))}")
