"""What identifies a purchase: which inputs make it another one, and what a record tells of them."""

from __future__ import annotations

from typing import Any

import pytest

from topview_provider.ledger.records import Purchase, changed_parts, purchase

BODY = {"productLink": "https://shop.example/p", "videoLengthType": 1}


def bought(**words: Any) -> Purchase:
    where = {"family": "marketing_video", "base_url": "https://api.topview.ai", "uid": "u"}
    return purchase(**{**where, "body": BODY, **words})


def test_a_purchase_is_known_by_digests_and_holds_nothing_of_what_was_sent() -> None:
    found = str(bought(body={**BODY, "productName": "Kettle"}, content=["a script"]))
    assert not {word for word in ("shop.example", "Kettle", "a script") if word in found}


@pytest.mark.parametrize(
    ("other", "names"),
    [
        ({"family": "scraper"}, []),
        ({"base_url": "https://other.example"}, ["the host"]),
        ({"base_url": "http://api.topview.ai"}, ["the host"]),
        ({"base_url": "https://api.topview.ai:8443"}, ["the host"]),
        ({"uid": "v"}, ["Topview-Uid"]),
        ({"content": ["a script"]}, ["the script"]),
        ({"body": {**BODY, "videoLengthType": 2}}, ["videoLengthType"]),
        ({"body": {**BODY, "videoLengthType": "1"}}, ["videoLengthType"]),
        ({"body": {**BODY, "language": "de"}}, ["language"]),
        ({"body": {}, "uid": "v"}, ["Topview-Uid", "productLink", "videoLengthType"]),
    ],
)
def test_another_family_host_account_body_or_script_is_another_purchase_and_can_be_named(
    other: dict[str, Any], names: list[str]
) -> None:
    assert bought(**other).fingerprint != bought().fingerprint
    assert changed_parts(bought().parts, bought(**other).parts) == names


@pytest.mark.parametrize(
    "same",
    [
        {"body": {**BODY, "noticeUrl": "https://me.example/1"}},
        {"body": dict(reversed(BODY.items()))},
        {"base_url": "https://API.topview.ai"},
        {"base_url": "https://api.topview.ai/prefix"},
        {"content": None},
    ],
)
def test_callback_order_of_keys_and_path_prefix_are_no_part_of_the_purchase(same: dict[str, Any]) -> None:
    assert bought(**same) == bought()


def test_an_edited_script_makes_another_purchase() -> None:
    first, second = (bought(content=[["0", text]]) for text in "ab")
    assert changed_parts(first.parts, second.parts) == ["the script"]
    assert first.fingerprint != second.fingerprint
