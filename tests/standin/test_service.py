"""The control plane, the command, and how the service starts and ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from topview_provider.catalog import FAMILIES
from topview_provider.standin.__main__ import main, parser
from topview_provider.standin.options import Options
from topview_provider.standin.server import StandIn

from .client import Client, wait_for

ROW = FAMILIES["scraper"]
BODY = {"productLink": "https://shop.example/p/1"}


def test_requests_are_kept_in_order_with_body_and_without_secrets(client: Client) -> None:
    secret = client.service.api_key
    task_id = client.submit(ROW, {**BODY, "apiKey": "hidden-1", "nested": [{"password": "hidden-2"}], "note": secret})
    client.query(ROW, task_id)
    first, second = client.service.requests()
    assert (first["method"], first["path"], first["status"]) == ("POST", ROW.submit, 200)
    assert first["body"]["productLink"] == BODY["productLink"]
    assert (second["path"], second["query"]) == (ROW.query, {"taskId": task_id})
    assert first["time"] <= second["time"]
    shown = json.dumps([first, second])
    assert not any(word in shown for word in ("hidden", secret, "Bearer"))


def test_signed_urls_are_kept_without_their_signature(client: Client) -> None:
    client.upload()
    put = next(entry for entry in client.service.requests() if entry["method"] == "PUT")
    assert "Signature" not in json.dumps(put)


def test_requests_of_one_path_can_be_picked(client: Client) -> None:
    client.submit(ROW, BODY)
    client.get("/v1/caption/list")
    assert [entry["path"] for entry in client.service.requests("/v1/caption/list")] == ["/v1/caption/list"]


def test_a_reset_forgets_everything(client: Client) -> None:
    row = FAMILIES["marketing_video"]
    task_id = client.submit(row, BODY)
    client.upload()
    client.query(row, task_id)
    client.service.fault("status")
    client.service.reset()
    stats = client.service.stats()
    assert stats["credits"] == 1000
    assert not any(number for tally in stats["families"].values() for number in tally.values())
    assert client.service.requests() == client.service.uploads() == client.service.faults() == []
    assert client.get(row.query, taskId=task_id)["code"] == "4004"


def test_every_accepted_job_is_listed_and_what_it_took(run: Callable[..., Client]) -> None:
    client = run(seconds=600, any_file=True)
    video = FAMILIES["marketing_video"]
    body = {**BODY, "apiKey": "hidden"}
    client.service.fault("fail", match={"productLink": "https://shop.example/bad"})
    made = [client.submit(video, {"productLink": f"https://shop.example/{name}"}) for name in ("good", "bad")]
    client.code(ROW, {})
    client.service.advance(1000)
    made.append(client.submit(ROW, body))
    jobs = client.service.jobs()
    assert [(job["family"], job["topview_task_id"]) for job in jobs] == list(
        zip(["marketing_video", "marketing_video", "scraper"], made, strict=True)
    )
    assert [(job["state"], job["charge"]) for job in jobs] == [("success", video.charge), ("fail", 0), ("init", 0)]
    assert jobs[2]["body"] == {**BODY, "apiKey": "***"}
    assert sum(job["charge"] for job in jobs) == 1000 - client.service.stats()["credits"]
    assert jobs[2]["created"] - jobs[0]["created"] >= 1000
    assert set(jobs[0]) == {"family", "topview_task_id", "body", "state", "charge", "created"}


def test_a_charge_that_was_given_back_is_none(client: Client) -> None:
    row = FAMILIES["marketing_video"]
    task_id = client.submit(row, BODY)
    assert client.service.jobs()[0]["charge"] == row.charge
    client.service.fault("fail", match=BODY)
    client.query(row, task_id)
    assert (client.service.jobs()[0]["state"], client.service.jobs()[0]["charge"]) == ("fail", 0)


def test_a_new_key_lets_in_and_the_old_one_no_longer(client: Client) -> None:
    old, before = client.service.headers, client.service.api_key
    client.service.rotate(f"{before}-2")
    assert client.service.api_key == f"{before}-2"
    assert client.call("GET", "/user/credit/detail", headers=old).status_code == 401
    assert client.get("/user/credit/detail")["code"] == "200"
    client.service.reset()
    assert client.call("GET", "/user/credit/detail", headers=old).status_code == 401
    client.submit(ROW, {**BODY, "one": before, "other": f"the {before}-2!"})
    body = client.service.requests(ROW.submit)[0]["body"]
    assert (body["one"], body["other"]) == ("***", "the ***!")


@pytest.mark.parametrize("key", ["", None, 5])
def test_a_key_that_is_no_text_is_refused(key: object, client: Client) -> None:
    with pytest.raises(ValueError, match="api_key"):
        client.service.rotate(key)  # type: ignore[arg-type]
    assert client.get("/user/credit/detail")["code"] == "200"


def test_the_control_plane_explains_itself(client: Client) -> None:
    answer = client.call("GET", "/_standin/nonsense", headers={})
    assert answer.status_code == 404
    assert "faults" in answer.json()["error"]
    for body in (b"{", b"[1]"):
        assert client.call("POST", "/_standin/faults", data=body).status_code == 400


def test_the_url_is_gone_after_the_block() -> None:
    with StandIn() as service:
        url = service.url
        assert requests.get(f"{url}/_standin/stats", timeout=5).status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/_standin/stats", timeout=5)


def test_two_stand_ins_live_side_by_side(run: Callable[..., Client]) -> None:
    one, two = run(uid="one", seconds=0), run(uid="two", seconds=0)
    one.submit(ROW, BODY)
    assert one.service.stats(ROW.name)["accepted"] == 1
    assert two.service.stats(ROW.name)["accepted"] == 0
    assert one.call("GET", ROW.query, headers=two.service.headers).status_code == 401


def test_options_may_be_given_whole() -> None:
    options = Options(port=0, uid="me", credits=7)
    with StandIn(options, seconds=0) as service:
        assert (service.uid, service.stats()["credits"]) == ("me", 7)


def test_a_taken_port_is_told_to_the_one_who_starts(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    port = int(client.service.url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        StandIn(port=port).start()
    done = subprocess.run(command("--port", str(port)), capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "topview-standin:" in done.stderr


def test_a_held_connection_does_not_hold_the_end_up(run: Callable[..., Client]) -> None:
    client = run()
    client.service.fault("never-answer", times=-1)
    ended: list[object] = []

    def ask() -> None:
        try:
            client.post(ROW.submit, BODY)
        except (requests.RequestException, ValueError) as error:
            ended.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_for(client.service.requests)
    start = time.monotonic()
    client.service.stop()
    assert time.monotonic() - start < 3
    thread.join(5)
    assert not thread.is_alive()


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "topview_provider.standin", *words]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_its_address_first_and_ends_cleanly(number: signal.Signals) -> None:
    words = command("--port", "0", "--uid", "me", "--api-key", "mine", "--seconds", "0", "--base-path", "/topview")
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=root, env={**os.environ}
    ) as process:
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/topview")
        headers = {"Authorization": "Bearer mine", "Topview-Uid": "me"}
        answer = requests.post(url + ROW.submit, json=BODY, headers=headers, timeout=5)
        assert answer.json()["code"] == "200"
        process.send_signal(number)
        rest, errors = process.communicate(timeout=10)
        assert (process.returncode, rest, errors) == (0, "", "")


def test_the_command_offers_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    words = "host port uid api-key seconds credits concurrency media-bytes seed lenient-enums keep-old-export"
    assert all(f"--{word}" in shown for word in words.split())
    assert Options(**vars(parser().parse_args([]))) == Options()
    assert Options(**vars(parser().parse_args(["--keep-old-export", "--scripts", "3"]))) == Options(
        keep_old_export=True, scripts=3
    )
