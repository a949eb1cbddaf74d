"""What reaches the wire, and what is refused before anything does."""

from __future__ import annotations

from typing import Any

import pytest

from topview_provider.catalog import TaskFamily
from topview_provider.exceptions import TopviewInvalidRequest
from topview_provider.standin.server import StandIn

from .examples import full, minimal, wrong
from .promises import promise
from .running import known, new_context, operator_class, submits


def sent(service: StandIn, row: TaskFamily, arguments: dict[str, Any], **words: Any) -> list[Any]:
    """Execute an operator with these templates and return the bodies that arrived."""
    task = operator_class(row)(task_id="t", wait_for_completion=False, **arguments, **words)
    task.render_template_fields({"what": "https://hook.example/done"})
    task.execute(new_context())
    return submits(service, row)


@promise
def test_rendered_text_reaches_the_wire_with_the_right_type(row: TaskFamily, service: StandIn) -> None:
    example = full(row, known(row))
    assert sent(service, row, example.templates()) == [example.body]
    assert {type(value) for value in example.templates().values()} <= {str, list, dict}


@promise
def test_a_list_that_a_template_renders_to_one_text_is_a_list_on_the_wire(row: TaskFamily, service: StandIn) -> None:
    example = full(row, known(row))
    assert sent(service, row, example.rendered_whole()) == [example.body]


@promise
def test_values_in_their_own_type_reach_the_wire_too(row: TaskFamily, service: StandIn) -> None:
    example = full(row, known(row))
    arguments = {field.name: example.body[field.wire] for field in row.fields}
    assert sent(service, row, arguments) == [example.body]


@promise
def test_nothing_is_sent_that_was_not_given(row: TaskFamily, service: StandIn) -> None:
    example = minimal(row, known(row))
    assert sent(service, row, example.templates()) == [example.body]


@promise
def test_templates_that_render_nothing_leave_their_field_out(row: TaskFamily, service: StandIn) -> None:
    example = minimal(row, known(row))
    nothing = {field.name: "{{ '' }}" for field in row.fields if not field.send_default}
    assert sent(service, row, {**nothing, **example.templates()}) == [example.body]


@promise
def test_notice_url_and_extra_payload_are_laid_over_the_request(row: TaskFamily, service: StandIn) -> None:
    example = full(row, known(row))
    dropped = next((field.wire for field in row.fields if not field.required and not field.required_when), None)
    rest = {wire: value for wire, value in example.body.items() if wire != dropped}
    extra = {"newToday": {"level": "{{ what }}"}, **({dropped: None} if dropped else {})}
    bodies = sent(service, row, example.templates(), notice_url="{{ what }}", extra_payload=extra)
    wanted = {**rest, "noticeUrl": "https://hook.example/done", "newToday": {"level": "https://hook.example/done"}}
    assert bodies == [wanted]


@promise
def test_what_is_missing_is_refused_before_any_post(row: TaskFamily, service: StandIn) -> None:
    example = minimal(row, known(row))
    before = len(submits(service, row))
    for name in example.arguments:
        task = operator_class(row)(task_id="t", **{**example.arguments, name: "{{ none or '' }}"})
        task.render_template_fields({})
        with pytest.raises(TopviewInvalidRequest) as refused:
            task.execute(new_context())
        assert name in str(refused.value) or str(refused.value).endswith("the request is empty")
        assert row.name in str(refused.value)
    assert len(submits(service, row)) == before
    assert service.stats(row.name)["received"] == before


@promise
def test_a_wrong_value_is_refused_before_any_post(row: TaskFamily, service: StandIn) -> None:
    arguments = full(row, known(row)).arguments
    for field in row.fields:
        value = wrong(field)
        task = operator_class(row)(task_id="t", **{**arguments, field.name: value})
        with pytest.raises(TopviewInvalidRequest) as refused:
            task.execute(new_context())
        words = str(refused.value)
        assert field.name in words
        assert (repr(value[0]) if isinstance(value, list) else repr(value)) in words, field.name
        assert field.open_choices or all(str(choice) in words for choice in field.choices), field.name
    assert service.stats(row.name)["received"] == 0
