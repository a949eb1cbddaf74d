"""
A toy endpoint, as a maintainer adds one: a row, an operator, a sensor. Load with ``pytest -p tests.toy``.

It is put where the table, the rooms and the sensors are read, before anything reads them.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from topview_provider import catalog
from topview_provider.catalog.fields import Field
from topview_provider.catalog.nouns import TASK_STATE, Output, TaskFamily, items

TOY = TaskFamily(
    name="toy_film",
    title="Toy film",
    submit="/v9/toy/film/submit",
    query="/v9/toy/film/look",
    fields=(
        Field("toyId", required=True),
        Field("generatingCount", "integer", python="count", minimum=1, maximum=4),
        Field("style", choices=("plain", "loud"), default="plain"),
        Field("isLoud", "string(bool)", required_when=({"style": ("loud",)},)),
    ),
    items_key="films",
    item_status_key="status",
    outputs=(Output("video", "films[].film.url", item_id="filmId"),),
    cost_key="costCredit",
    expected_seconds=10,
    poll_seconds=5,
    timeout_seconds=60,
    price="1",
    answer={
        **TASK_STATE,
        "costCredit": "number",
        **items("films[]", {"status": "string", "filmId": "string", "film.url": "string"}),
    },
    docs=("a toy",),
)

catalog.FAMILIES = MappingProxyType({**catalog.FAMILIES, TOY.name: TOY})

from topview_provider.operators import video
from topview_provider.operators.base import TopviewTaskOperator
from topview_provider.sensors import topview as sensors
from topview_provider.sensors.base import TopviewTaskSensor


class TopviewToyFilmOperator(TopviewTaskOperator):
    """
    Make a toy film.

    :param toy_id: The toy. (templated)
    :param count: Films to make, 1 to 4. (templated)
    :param style: ``plain`` or ``loud``. (templated)
    :param is_loud: Required with ``style="loud"``. (templated)
    """

    family = "toy_film"

    def __init__(
        self,
        *,
        toy_id: str,
        count: int | str | None = None,
        style: str | None = None,
        is_loud: bool | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.toy_id = toy_id
        self.count = count
        self.style = style
        self.is_loud = is_loud


class TopviewToyFilmSensor(TopviewTaskSensor):
    """Wait for a toy film."""

    family = "toy_film"


for module, cls in ((video, TopviewToyFilmOperator), (sensors, TopviewToyFilmSensor)):
    cls.__module__ = module.__name__
    setattr(module, cls.__name__, cls)
