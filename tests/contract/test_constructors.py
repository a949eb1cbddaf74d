"""The constructor of an operator is its row, and users may derive from it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lines import through_the_database as serialized
from topview_provider.catalog import FAMILIES
from topview_provider.operators.base import TopviewTaskOperator
from topview_provider.operators.listing import TopviewListOperator
from topview_provider.operators.video import TopviewMarketingVideoExportOperator, TopviewMarketingVideoOperator
from topview_provider.standin.server import StandIn

from .running import new_context, submits
from .test_classes import dag


class ByStockNumber(TopviewMarketingVideoOperator):
    """What a user writes: an argument of its own, everything else passed on."""

    template_fields = (*TopviewMarketingVideoOperator.template_fields, "sku")

    def __init__(self, *, sku: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sku = sku

    def execute(self, context: Any) -> Any:
        self.product_link = f"https://shop.example/{self.sku}"
        return super().execute(context)


def test_a_class_without_a_field_of_its_row_is_refused() -> None:
    with pytest.raises(TypeError, match="Short and its row 'marketing_video_export' differ: no argument 'script_id'"):

        class Short(TopviewTaskOperator):
            family = "marketing_video_export"

            def __init__(self, *, topview_task_id: str, **kwargs: Any) -> None:
                super().__init__(**kwargs)


def test_a_class_with_an_argument_that_is_no_field_is_refused() -> None:
    with pytest.raises(TypeError, match="argument 'colour' is no field of the row"):

        class Long(TopviewTaskOperator):
            family = "scraper"

            def __init__(self, *, product_link: str, colour: str | None = None, **kwargs: Any) -> None:
                super().__init__(**kwargs)


def test_a_class_with_a_positional_argument_is_refused() -> None:
    with pytest.raises(TypeError, match="argument 'product_link' is not keyword-only"):

        class Positional(TopviewTaskOperator):
            family = "scraper"

            def __init__(self, product_link: str, **kwargs: Any) -> None:
                super().__init__(**kwargs)


def test_a_class_with_a_default_of_its_own_is_refused() -> None:
    with pytest.raises(TypeError, match="argument 'product_link' has the default 'https://x'"):

        class Opinionated(TopviewTaskOperator):
            family = "scraper"

            def __init__(self, *, product_link: str = "https://x", **kwargs: Any) -> None:
                super().__init__(**kwargs)


def test_every_difference_is_named_at_once() -> None:
    with pytest.raises(TypeError) as refused:

        class Wild(TopviewTaskOperator):
            family = "marketing_video_export"

            def __init__(self, topview_task_id: str = "", *, scriptid: str = "0", **kwargs: Any) -> None:
                super().__init__(**kwargs)

    for words in (
        "no argument 'script_id' for the field 'scriptId'",
        "'scriptid' is no field",
        "'topview_task_id' is not keyword-only",
        "'topview_task_id' has the default ''",
    ):
        assert words in str(refused.value)


def test_a_class_without_a_constructor_is_refused() -> None:
    with pytest.raises(TypeError, match="no argument 'product_link'"):

        class Silent(TopviewTaskOperator):
            family = "scraper"


def test_a_class_of_a_list_is_held_against_its_row_too() -> None:
    with pytest.raises(TypeError, match="Blind and its row 'ethnicity_list' differ: no argument 'scene'"):

        class Blind(TopviewListOperator):
            listing = "ethnicity_list"

            def __init__(self, *, page_no: Any = None, page_size: Any = None, **kwargs: Any) -> None:
                super().__init__(**kwargs)


def test_a_class_of_an_unknown_family_is_refused_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"no task family 'hologram'; known: .*marketing_video"):

        class Unknown(TopviewTaskOperator):
            family = "hologram"

            def __init__(self, **kwargs: Any) -> None:
                super().__init__(**kwargs)


def test_a_subclass_of_a_user_may_have_a_constructor_of_its_own(service: StandIn) -> None:
    task = ByStockNumber(task_id="t", sku="{{ number }}", video_length_type="{{ 2 }}", wait_for_completion=False)
    task.render_template_fields({"number": "4711"})
    task.execute(new_context())
    sent = {"productLink": "https://shop.example/4711", "videoLengthType": 2}
    assert submits(service, FAMILIES["marketing_video"]) == [sent]


def test_a_subclass_of_a_user_can_be_mapped(service: StandIn) -> None:
    with dag() as written:
        mapped = ByStockNumber.partial(task_id="t", language="de", wait_for_completion=False).expand(sku=["1", "2"])
    for sku in ("1", "2"):
        task = mapped.unmap({"sku": sku})
        assert (task.sku, task.language, type(task)) == (sku, "de", ByStockNumber)
        task.execute(new_context())
    links = [body["productLink"] for body in submits(service, FAMILIES["marketing_video"])]
    assert links == ["https://shop.example/1", "https://shop.example/2"]
    assert "sku" in serialized(written).get_task("t").template_fields


def test_a_subclass_without_a_constructor_keeps_the_one_it_has() -> None:
    class Ours(TopviewMarketingVideoExportOperator):
        """Only another colour."""

        ui_color = "#ffffff"

    task = Ours(task_id="t", topview_task_id="7")
    assert (task.script_id, Ours.template_fields) == ("0", TopviewMarketingVideoExportOperator.template_fields)


def test_a_subclass_may_make_an_argument_a_property() -> None:
    class InHours(TopviewMarketingVideoExportOperator):
        @property
        def timeout(self) -> float | None:
            return self._hours * 3600

        @timeout.setter
        def timeout(self, value: float | None) -> None:
            self._hours = 2 if value is None else value / 3600

    assert InHours(task_id="t", topview_task_id="7").timeout == 7200
    assert InHours(task_id="t", topview_task_id="7", timeout=60).timeout == 60


def test_a_subclass_hears_of_every_argument_that_is_set() -> None:
    class Listening(TopviewMarketingVideoExportOperator):
        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, value.upper() if name == "result_path" and value else value)

    assert Listening(task_id="t", topview_task_id="7", result_path="x").result_path == "X"


def test_a_subclass_is_not_a_family_of_its_own() -> None:
    assert ByStockNumber.family == "marketing_video"
    assert "family" not in vars(ByStockNumber)
