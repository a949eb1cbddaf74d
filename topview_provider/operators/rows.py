"""An operator and its row: the constructor is held against the table, and arguments become a request."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

from airflow.providers.common.compat.sdk import BaseOperator

from topview_provider import catalog, late


class TopviewRowOperator(BaseOperator):
    """
    Base of every operator that stands for one row of the table.

    A subclass whose own body names its row (``family`` or ``listing``) is compared with it when the class is made:
    the constructor must have exactly the row's fields as keyword-only arguments, and those the class lists as its
    ``own_arguments``. Its ``template_fields`` follow: the row's fields and ``shared_template_fields``. A subclass of
    such an operator with a constructor of its own is left alone and may extend ``template_fields``.
    """

    row_attribute: ClassVar[str] = ""
    own_arguments: ClassVar[tuple[str, ...]] = ()
    shared_template_fields: ClassVar[tuple[str, ...]] = ()
    ui_color = "#e6e0ff"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.row_attribute or cls.row_attribute not in vars(cls):
            return
        row = cls.row_of_class()
        if differences := compare(cls, row):
            raise TypeError(f"{cls.__name__} and its row {row.name!r} differ: {'; '.join(differences)}")
        cls.template_fields = (*(field.name for field in row.fields), *cls.shared_template_fields)

    @classmethod
    def row_of_class(cls) -> catalog.Row:
        """Return the row that this class names."""
        name = getattr(cls, cls.row_attribute)
        return catalog.family(name) if cls.row_attribute == "family" else catalog.listing(name)

    def arguments(self) -> dict[str, Any]:
        """Return the row's fields as the user gave them, in Python names."""
        return {field.name: getattr(self, field.name, None) for field in self.row_of_class().fields}

    def request(self, shared: Mapping[str, Any], extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """
        Build and check the body from the rendered arguments.

        :param shared: Arguments beside the row's own, in Python names.
        :param extra: Wire names that are laid over it last, unchecked.
        :raises TopviewInvalidRequest: Something is wrong; the text names every field, its value and what is allowed.
        """
        from topview_provider.exceptions import TopviewInvalidRequest

        row = self.row_of_class()
        body, problems = late.check.build(row, {**self.arguments(), **shared}, extra)
        if problems:
            reasons = "; ".join(problem.text for problem in problems)
            raise TopviewInvalidRequest(f"{row.name} was not sent to TopView: {reasons}")
        return body


def compare(cls: type, row: catalog.Row) -> list[str]:
    """
    List how the constructor of a class differs from its row, in words.

    :param cls: The operator's class.
    :param row: Its row.
    """
    parameters = {
        name: parameter
        for name, parameter in inspect.signature(vars(cls).get("__init__", object.__init__)).parameters.items()
        if name != "self" and parameter.kind is not parameter.VAR_KEYWORD
    }
    fields = {field.name: field for field in row.fields}
    own = getattr(cls, "own_arguments", ())
    differences = [
        f"no argument {name!r} for the field {fields[name].wire!r}" for name in fields if name not in parameters
    ]
    differences += [f"no argument {name!r}, though it is an own one" for name in own if name not in parameters]
    for name, parameter in parameters.items():
        if name not in fields and name not in own:
            differences.append(f"argument {name!r} is no field of the row")
            continue
        if parameter.kind is not parameter.KEYWORD_ONLY:
            differences.append(f"argument {name!r} is not keyword-only")
        wanted = _default(fields[name]) if name in fields else parameter.default
        if parameter.default != wanted:
            differences.append(f"argument {name!r} has the default {parameter.default!r} instead of {wanted!r}")
    return differences


def _default(field: catalog.Field) -> Any:
    if field.required and not field.send_default:
        return inspect.Parameter.empty
    return field.default if field.send_default else None
