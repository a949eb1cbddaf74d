"""The goals, each measured by a figure of the run; who is short is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.faults.measure import wrongs
from benchmarks.pacing.measure import SPREADS
from benchmarks.report.figures import Figures, least, ratio

Ask = Callable[[Figures], float | None]
ROOMS = "all rooms together"
WIRES = ((False, "plain"), (True, "TLS"))


@dataclass(frozen=True, slots=True)
class Goal:
    """
    Say what is aimed at.

    :param key: Name, for reasons.
    :param text: What is measured.
    :param limit: What the figure may be at most, or at least.
    :param value: Asks a run for the figure.
    :param least: The limit is the least the figure may be.
    :param unit: Of figure and limit.
    """

    key: str
    text: str
    limit: float
    value: Ask
    least: bool = False
    unit: str = ""

    def met(self, value: float) -> bool:
        """Tell whether a figure is good enough."""
        return value >= self.limit if self.least else value <= self.limit


def _over(one: Ask, other: Ask) -> Ask:
    return lambda run: ratio(one(run), other(run))


def _cpu(client: str, mode: str, tls: bool) -> Ask:
    return lambda run: run.cpu(client, mode, tls)


def _best_cpu(mode: str, tls: bool) -> Ask:
    return lambda run: run.best_cpu(mode, tls)


def _figure(key: str, mode: str, tls: bool) -> Ask:
    return lambda run: run.figure(key, "ours", mode, tls)


def _best(key: str, mode: str, tls: bool) -> Ask:
    return lambda run: run.best(key, mode, tls)


def _of(part: str, key: str, /, **wanted: object) -> Ask:
    return lambda run: run.of(part, key, **wanted)


def _many_cpu(run: Figures) -> float | None:
    return run.cpu("ours", "burst", False, run.many)


def _many_stall(run: Figures) -> float | None:
    return run.figure("stall_ms", "ours", "burst", False, run.many)


def _lines(run: Figures) -> float | None:
    return run.lines("ours", "burst", False)


def _polling() -> Iterator[Goal]:
    for tls, wire in WIRES:
        ours, text = _cpu("ours", "burst", tls), f"CPU per poll, burst, {wire}"
        yield Goal(f"burst-{wire}-peer", f"{text}: share of the best peer", 0.25, _over(ours, _best_cpu("burst", tls)))
        yield Goal(f"burst-{wire}-raw", f"{text}: times a raw socket", 3.0, _over(ours, _cpu("raw", "burst", tls)))
    ours, text = _cpu("ours", "steady", True), "CPU per poll, steady, TLS"
    yield Goal("steady-peer", f"{text}: share of the best peer", 0.4, _over(ours, _best_cpu("steady", True)))
    yield Goal("steady-raw", f"{text}: times a raw socket", 1.2, _over(ours, _cpu("raw", "steady", True)))
    text = "CPU per poll, largest burst: times that of the usual burst"
    yield Goal("many-cpu", text, 1.3, _over(_many_cpu, _cpu("ours", "burst", False)))


def _holding() -> Iterator[Goal]:
    stall = _figure("stall_ms", "burst", False)
    yield Goal("many-stall", "worst stall of the loop, largest burst", 250, _many_stall, unit="ms")
    yield Goal("stall", "worst stall, burst, plain", 50, stall, unit="ms")
    text = "worst stall, burst, plain: share of the best peer"
    yield Goal("stall-peer", text, 0.2, _over(stall, _best("stall_ms", "burst", False)))
    for mode, when in (("burst", "at the peak of a burst"), ("park", "parked")):
        text = f"memory per waiting trigger, TLS, {when}: share of the best peer"
        held = _over(_figure("rss_kb", mode, True), _best("rss_kb", mode, True))
        yield Goal(f"memory-{mode}", text, 0.125, held)
    text = "memory per waiting trigger, TLS, parked: beyond 1.5 times that of one that only sleeps"
    yield Goal("memory-sleep", text, 8, _beyond_sleep, unit="KB")
    yield Goal("lines", "connections per poll, burst, plain", 0.02, _lines)


def _beyond_sleep(run: Figures) -> float | None:
    ours, asleep = run.figure("rss_kb", "ours", "park", True), run.figure("rss_kb", "sleep", "park", False)
    return None if ours is None or asleep is None else ours - 1.5 * asleep


def _asking() -> Iterator[Goal]:
    for spread in SPREADS:
        text = f"delay x polls at spread {spread}"
        learnt, cold, fixed = (
            _of("pacing", "bound", policy=policy, spread=spread)
            for policy in ("ours, after 50 tasks", "ours, nothing learnt yet", "fixed 5 s")
        )
        yield Goal(f"asking-{spread}", f"{text}: times the least that is possible", 1.3, learnt)
        text = f"{text}, nothing learnt yet: times that of a fixed pace"
        yield Goal(f"asking-cold-{spread}", text, 1.0, _over(cold, fixed))


def _loading() -> Iterator[Goal]:
    yield Goal("import-all", "import of all rooms together", 60, _of("imports", "ms", name=ROOMS), unit="ms")
    yield Goal("import-one", "import of the slowest room alone", 20, _slowest, unit="ms")
    text = "parsing a file of 100 tasks, rooms loaded: times 100 EmptyOperators"
    parsed = _over(_of("parsing", "ms", name="ours"), _of("parsing", "ms", name="empty"))
    yield Goal("parsing", text, 1.3, parsed)


def _slowest(run: Figures) -> float | None:
    names = [row["name"] for row in run.results.get("imports", ()) if row["name"].startswith("topview_provider")]
    return max((run.of("imports", "ms", name=name) or 0.0 for name in names), default=None)


def _moving() -> Iterator[Goal]:
    for way in ("down", "up"):
        for tls, wire in WIRES:
            ours, raw = (_of("files", "mb_s", way=f"{who}_{way}", tls=tls) for who in ("hook", "raw"))
            text = f"a large file {way}, {wire}: share of a raw socket's rate"
            yield Goal(f"file-{way}-{wire}", text, 0.8, _over(ours, raw), least=True)
    text = "a large file down, plain: share of what raw socket and ObjectStoragePath allow"
    ours = _of("files", "mb_s", way="hook_down", tls=False)
    yield Goal("file-storage", text, 0.9, _over(ours, _allowed), least=True)
    yield Goal("file-growth", "growth of memory while a large file moves", 32, _growth, unit="MB")


def _allowed(run: Figures) -> float | None:
    ways = ("raw_down", "object_storage")
    return least(run.of("files", "mb_s", way=way, tls=False) for way in ways)


def _growth(run: Figures) -> float | None:
    ways = [(row["way"], row["tls"]) for row in run.results.get("files", ()) if row["way"].startswith("hook")]
    return max((run.of("files", "growth_mb", way=way, tls=tls) or 0.0 for way, tls in ways), default=None)


def _running() -> Iterator[Goal]:
    yield Goal("faults", "faults that ended otherwise than they should", 0, _unlike)
    for database in ("SQLite", "PostgreSQL"):
        ours, shared = (_of("triggerer", "cpu_percent", database=database, kind=kind) for kind in ("ours", "aiohttp"))
        text = f"a real triggerer on {database}, CPU: times one shared session"
        yield Goal(f"triggerer-{database}", text, 1.2, _over(ours, shared))


def _unlike(run: Figures) -> float | None:
    row = run.part("faults", client="ours")
    return None if row is None else float(len(wrongs(row)))


GOALS = (*_polling(), *_holding(), *_asking(), *_loading(), *_moving(), *_running())
