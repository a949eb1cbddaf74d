"""A warning that is raised from our own code fails the tests; one of a foreign package is shown."""

from __future__ import annotations

import warnings

import pytest


@pytest.mark.parametrize("module", ["topview_provider.wire", "topview_provider.hooks.doors"])
@pytest.mark.parametrize("kind", [DeprecationWarning, ResourceWarning, UserWarning])
def test_a_warning_of_ours_is_an_error(module: str, kind: type[Warning]) -> None:
    with pytest.raises(kind, match="old"):
        warnings.warn_explicit("old", kind, "a.py", 1, module=module)


def test_a_warning_of_a_foreign_package_is_none() -> None:
    with warnings.catch_warnings(record=True) as seen:  # the filters of pyproject.toml stay
        warnings.warn_explicit("old", DeprecationWarning, "a.py", 1, module="airflow.models.topview_provider")

    assert [str(one.message) for one in seen] == ["old"]
