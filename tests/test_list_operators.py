"""Lists that are too long for XCom, or for memory, and files that they are written to."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from tests.contract.running import new_context
from topview_provider.exceptions import TopviewInvalidRequest, TopviewUnavailable
from topview_provider.landing import MAX_XCOM_BYTES
from topview_provider.operators.lookup import (
    TopviewAnyshootTemplateListOperator,
    TopviewAvatarListOperator,
    TopviewProductAvatarPublicListOperator,
    TopviewVoiceListOperator,
)
from topview_provider.standin.server import StandIn

from .support import Request, Server, answering, peak_of

PAGES, PER_PAGE = 40, 100
LONG = "x" * 5000
VOICE_FIELDS = ["voiceId", "voiceName", "demoAudioUrl", "accent", "style", "durations", "age", "gender", "language"]


def voices(**words: Any) -> Any:
    return TopviewVoiceListOperator(task_id="voices", **words).execute(new_context())


def page(client: socket.socket, request: Request) -> None:
    """Answer a page of a list of 20 MB."""
    number = int(parse_qs(urlsplit(request.target).query)["pageNo"][0])
    data = [{"voiceId": f"{number}-{place}", "voiceName": "\u00fc", "demoAudioUrl": LONG} for place in range(PER_PAGE)]
    body = {"code": "200", "result": {"total": PAGES * PER_PAGE, "data": data}}
    answering(json.dumps(body).encode())(client, request)


@pytest.mark.parametrize(
    "operator",
    [
        TopviewVoiceListOperator,
        TopviewAvatarListOperator,
        TopviewProductAvatarPublicListOperator,
        TopviewAnyshootTemplateListOperator,
    ],
)
def test_a_whole_list_of_the_stand_in_fits_into_xcom_by_default(operator: Any, service: StandIn) -> None:
    found = operator(task_id="list").execute(new_context())
    assert len(found) >= 48
    assert len(json.dumps(found)) <= MAX_XCOM_BYTES


def test_a_list_that_is_too_long_for_xcom_says_what_to_do(service: StandIn) -> None:
    with pytest.raises(TopviewInvalidRequest) as refused:
        voices(fields=VOICE_FIELDS)
    assert isinstance(refused.value, AirflowFailException)
    assert all(word in str(refused.value) for word in ("voice_list", "limit", "fields", "result_path", "49152 bytes"))


def test_a_list_that_is_too_long_is_not_read_to_its_end(service: StandIn) -> None:
    with pytest.raises(TopviewInvalidRequest):
        voices(fields=VOICE_FIELDS, page_size=10)
    assert len(service.requests("/v1/voice/query")) < 132 / 10 - 1


def test_a_list_of_exactly_the_largest_size_still_fits(connect: Callable[..., str]) -> None:
    for extra, fits in ((0, True), (1, False)):
        item = {"voiceId": "i"}
        item["voiceId"] += "x" * (MAX_XCOM_BYTES + extra - len(json.dumps([item])))
        body = json.dumps({"code": "200", "result": {"total": 1, "data": [item]}}).encode()
        with Server(answering(body)) as server:
            connect(server)
            if fits:
                assert voices(fields=["voiceId"]) == [item]
            else:
                with pytest.raises(TopviewInvalidRequest, match="result_path"):
                    voices(fields=["voiceId"])


def test_a_list_of_any_length_goes_to_a_file_in_little_memory(connect: Callable[..., str], tmp_path: Path) -> None:
    target = tmp_path / "voices.jsonl"
    with Server(page) as server:
        connect(server)
        peak = peak_of(lambda: voices(result_path=str(target)))
    with target.open(encoding="utf-8") as lines:
        assert [json.loads(line)["voiceId"] for line in lines] == [
            f"{number}-{place}" for number in range(1, PAGES + 1) for place in range(PER_PAGE)
        ]
    assert target.stat().st_size > 20_000_000
    assert peak < target.stat().st_size / 4


def test_chosen_fields_of_a_list_may_go_to_a_file_too(service: StandIn, tmp_path: Path) -> None:
    target = tmp_path / "voices.jsonl"
    voices(fields=["voiceId"], limit=3, result_path=str(target))
    assert [list(json.loads(line)) for line in target.read_text().splitlines()] == [["voiceId"]] * 3


def test_a_list_that_breaks_off_leaves_the_older_file_as_it_was(service: StandIn, tmp_path: Path, hasty: None) -> None:
    target = tmp_path / "voices.jsonl"
    target.write_text("older\n")
    service.fault("status", path="/v1/voice/query", value=503, times=-1, match={"pageNo": "3"})
    with pytest.raises(TopviewUnavailable):
        voices(result_path=str(target))
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("voices.jsonl", "older\n")]


def test_an_empty_list_is_an_empty_file(service: StandIn, tmp_path: Path) -> None:
    target = tmp_path / "voices.jsonl"
    voices(accent="Martian", result_path=str(target))
    assert target.read_text() == ""


@pytest.mark.parametrize("path", ["", "new/"])
def test_a_list_is_not_written_to_a_folder(path: str, service: StandIn, tmp_path: Path) -> None:
    with pytest.raises(TopviewInvalidRequest, match="result_path: "):
        voices(result_path=f"{tmp_path}/{path}" if path else str(tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert service.requests() == []
