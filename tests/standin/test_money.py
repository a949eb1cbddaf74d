"""Credits, room, and the numbers."""

from __future__ import annotations

from collections.abc import Callable

from topview_provider.catalog import FAMILIES

from .client import Client

ROW = FAMILIES["marketing_video"]
FREE = FAMILIES["scraper"]
BODY = {"productLink": "https://shop.example/p/1"}


def test_what_runs_is_reserved_and_the_balance_falls_on_success(run: Callable[..., Client]) -> None:
    client = run(seconds=600, credits=2 * ROW.charge)
    tasks = [client.submit(ROW, BODY) for _ in range(2)]
    stats = client.service.stats()
    assert (stats["credits"], stats["reserved"]) == (2 * ROW.charge, 2 * ROW.charge)
    assert client.code(ROW, BODY) == "4100"
    assert client.code(ROW, {**BODY, "preview": "true"}) == "200"
    assert client.code(FREE, BODY) == "200"
    for task_id in tasks:
        client.finish(ROW, task_id)
    stats = client.service.stats()
    assert (stats["credits"], stats["reserved"]) == (0, 0)
    assert client.get("/user/credit/detail")["result"]["remainCredit"] == 0


def test_a_failed_task_frees_its_credits(run: Callable[..., Client]) -> None:
    client = run(seconds=0, credits=ROW.charge)
    client.service.fault("fail")
    client.finish(ROW, client.submit(ROW, BODY))
    assert client.code(ROW, BODY) == "200"
    assert client.code(ROW, BODY) == "4100"


def test_only_so_many_tasks_run_at_once(run: Callable[..., Client]) -> None:
    client = run(seconds=600, concurrency=2)
    tasks = [client.submit(FREE, BODY) for _ in range(2)]
    assert client.code(FREE, BODY) == "4007"
    assert client.code(ROW, BODY) == "4007"
    client.finish(FREE, tasks[0])
    assert client.code(FREE, BODY) == "200"
    numbers = client.service.stats(FREE.name)
    assert (numbers["running"], numbers["max_running"]) == (1, 2)
    assert (numbers["received"], numbers["accepted"]) == (4, 3)


def test_the_numbers_of_all_families_are_there_from_the_start(client: Client) -> None:
    families = client.service.stats()["families"]
    assert set(families) == set(FAMILIES)
    assert set(families["scraper"]) == {
        "received", "accepted", "failed", "charged", "queries", "duplicates", "running", "max_running",
    }  # fmt: skip
    assert not any(number for tally in families.values() for number in tally.values())


def test_what_was_refused_was_received_all_the_same(client: Client) -> None:
    client.code(FREE, {})
    client.call("POST", FREE.submit, headers={}, json=BODY)
    client.service.fault("status", value=503)
    client.call("POST", FREE.submit, json=BODY)
    numbers = client.service.stats(FREE.name)
    assert (numbers["received"], numbers["accepted"]) == (3, 0)


def test_queries_are_counted_for_the_family_that_is_asked(client: Client) -> None:
    task_id = client.submit(ROW, {**BODY, "preview": "true"})
    client.query(ROW, task_id)
    client.submit(FAMILIES["marketing_video_export"], {"taskId": task_id, "scriptId": "0"})
    client.query(ROW, task_id)
    client.query(ROW, task_id)
    families = client.service.stats()["families"]
    assert families["marketing_video"]["queries"] == 1
    assert families["marketing_video_export"]["queries"] == 2


def test_another_body_is_no_duplicate_but_another_order_of_keys_is(client: Client) -> None:
    first = {"productLink": "https://a", "language": "en"}
    for body in (first, {**first, "language": "fr"}, dict(reversed(first.items()))):
        client.submit(ROW, body)
    assert client.service.stats(ROW.name)["duplicates"] == 1


def test_equal_seeds_take_equal_times(run: Callable[..., Client]) -> None:
    def order(seed: int) -> list[str]:
        client = run(seconds=100_000, seed=seed)
        left = [client.submit(FREE, BODY) for _ in range(8)]
        client.service.advance(100_000)
        return [client.state(FREE, task_id) for task_id in left]

    assert order(3) == order(3)
    assert set(order(3)) == {"running", "success"}
    assert len({tuple(order(seed)) for seed in range(5)}) > 1
