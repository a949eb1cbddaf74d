"""``docs/performance.md``, written from the results alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.clients import CLIENTS
from benchmarks.faults.measure import wrongs
from benchmarks.faults.service import FAULTS
from benchmarks.pacing.measure import SPREADS
from benchmarks.report.figures import Figures
from benchmarks.report.goals import GOALS, WIRES
from benchmarks.report.plots import NAMES
from benchmarks.report.reasons import REASONS
from benchmarks.report.words import FILES, INTRODUCTION, METHODS, PLOTS, TRIAL, TRIGGERS, WAYS

Line = Sequence[Any]


def number(value: float | None) -> str:
    """Return a figure with three digits that count; a dash for one that was not measured."""
    if value is None:
        return "-"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:,.{digits}f}"


def table(head: Sequence[str], lines: Iterable[Line]) -> str:
    """
    Return a table of Markdown.

    :param head: Names of the columns.
    :param lines: Texts and figures.
    """
    rows = [[value if isinstance(value, str) else number(value) for value in line] for line in lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def render(results: Mapping[str, Any]) -> str:
    """
    Return the document.

    :param results: As they stand in ``results.json``.
    """
    run = Figures(results)
    parts = [INTRODUCTION, _stand(run), *_goals(run), *_waiting(run), *_asking(run), *_imports(run)]
    parts += [*_files(run), *_faults(run), *_triggerer(run)]
    return "\n\n".join(parts) + "\n"


def judged(run: Figures) -> Iterator[tuple[Any, float | None, str]]:
    """Yield each goal, its figure and the word for it: ``met``, ``short`` or ``-`` where it was not measured."""
    for goal in GOALS:
        value = goal.value(run)
        yield goal, value, "-" if value is None else "met" if goal.met(value) else "short"


def _stand(run: Figures) -> str:
    machine = run.results["machine"]
    packages = ", ".join(f"{name} {text}" for name, text in machine["packages"].items())
    stand = (
        f"Measured on {machine['date']} with {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}, "
        f"Python {machine['python']}; {packages}. The run took {run.results['minutes']:g} minutes; before it, the load "
        f"of the machine was {machine['load']:g}."
    )
    return stand if run.count >= 1000 else f"{TRIAL}\n\n{stand}"


def _goals(run: Figures) -> Iterator[str]:
    lines, notes = [], dict[str, int]()
    for goal, value, word in judged(run):
        wanted = f"{'>=' if goal.least else '<='} {goal.limit:g}{f' {goal.unit}' if goal.unit else ''}"
        reasons = REASONS.get(goal.key, ("No reason is given yet.",)) if word == "short" else ()
        why = ", ".join(str(notes.setdefault(reason, len(notes) + 1)) for reason in reasons)
        lines.append((goal.text, wanted, value, f"**{word}**" if word == "short" else word, why))
    yield "## Goals"
    yield table(("goal", "wanted", "measured", "", "why it is short"), lines)
    if notes:
        yield "Why goals are short:"
        yield "\n".join(f"{place}. {reason}" for reason, place in notes.items())


def _waiting(run: Figures) -> Iterator[str]:
    yield "## Waiting"
    yield METHODS["waiting"]
    yield "\n".join(f"![{PLOTS[name]}](performance/{name}.svg)" for name in NAMES if name != "asking")
    sizes = sorted({(row["mode"], row["count"], row["delay"]) for row in run.results["polls"]}, key=_by_size)
    for mode, count, delay in sizes:
        for tls, wire in WIRES:
            lines = list(_cells(run, mode, tls, count, delay))
            if lines:
                slow = f", each answer after {delay * 1000:g} ms" if delay else ""
                yield f"### {TRIGGERS[mode]}, N = {count:,}, {wire}{slow}"
                yield table(_PARKED if mode == "park" else _HEAD, lines)


_PARKED = ("trigger", "runs", "memory per trigger, KB")
_HEAD = (*_PARKED, "CPU s per 1,000 polls", "connections per poll", "worst stall, ms")


def _by_size(size: tuple[str, int, float]) -> tuple[bool, int, int]:
    mode, count, delay = size
    return bool(delay), count, list(TRIGGERS).index(mode)


def _cells(run: Figures, mode: str, tls: bool, count: int, delay: float) -> Iterator[Line]:
    for name, client in CLIENTS.items():
        row = run.row(name, mode, tls, count, delay)
        if row is None:
            continue
        only = Figures({**run.results, "polls": [{**row, "delay": 0.0}]})
        title = f"{client.title} (blocks the loop)" if client.blocks else client.title
        held = (title, str(len(row["runs"])), only.figure("rss_kb", name, mode, tls, count))
        spent = (
            only.cpu(name, mode, tls, count),
            None if name == "sleep" else only.lines(name, mode, tls, count),
            only.figure("stall_ms", name, mode, tls, count),
        )
        yield held if mode == "park" else (*held, *spent)


def _asking(run: Figures) -> Iterator[str]:
    yield "## When to ask"
    yield METHODS["asking"]
    yield f"![{PLOTS['asking']}](performance/asking.svg)"
    rows = run.results.get("pacing", ())
    lines = []
    for policy in dict.fromkeys(row["policy"] for row in rows):
        found = [run.part("pacing", policy=policy, spread=spread) or {} for spread in SPREADS]
        cells = [" / ".join(number(one.get(key)) for key in ("delay_s", "polls", "bound")) for one in found]
        lines.append((policy, *cells))
    yield table(("policy", *(f"spread {spread}" for spread in SPREADS)), lines)


def _imports(run: Figures) -> Iterator[str]:
    yield "## Imports and DAG files"
    yield METHODS["imports"]
    names = [row["name"] for row in run.results.get("imports", ())]
    lines = [
        (f"`{name}`" if "." in name else name, *(run.of("imports", key, name=name) for key in ("ms", "rss_mb")))
        for name in names
    ]
    yield table(("module", "ms", "memory, MB"), lines)
    files = [
        (FILES[row["name"]], *(run.of("parsing", key, name=row["name"]) for key in ("ms", "first_ms")))
        for row in run.results.get("parsing", ())
    ]
    yield table(("a file of 100 tasks", "parsed in, ms", "the first time, ms"), files)


def _files(run: Figures) -> Iterator[str]:
    yield "## Files"
    yield METHODS["files"].format(megabytes=run.results["megabytes"])
    lines = []
    for way, title in WAYS.items():
        for tls, wire in WIRES:
            if run.part("files", way=way, tls=tls):
                figures = (run.of("files", key, way=way, tls=tls) for key in ("mb_s", "cpu_s", "growth_mb"))
                lines.append((title, "-" if way in ("copy", "object_storage") else wire, *figures))
    yield table(("way", "wire", "MB/s", "CPU s", "growth of memory, MB"), lines)


def _faults(run: Figures) -> Iterator[str]:
    yield "## Faults"
    yield METHODS["faults"]
    rows = run.results.get("faults", ())
    names = [name for name in FAULTS if rows and name in rows[0]["ends"]]
    lines: list[Line] = []
    for name in names:
        right = FAULTS[name].right
        ends = (row["ends"][name] for row in rows)
        lines.append((FAULTS[name].title, *(end if end == right else f"**{end}**" for end in ends)))
    lines.append(("as it should be", *(f"{len(names) - len(wrongs(row))} of {len(names)}" for row in rows)))
    yield table(("fault", *(row["client"] for row in rows)), lines)


def _triggerer(run: Figures) -> Iterator[str]:
    yield "## A real triggerer"
    yield METHODS["triggerer"]
    keys = ("cpu_percent", "pss_mb", "started_s", "polls_s")
    lines = [
        (row["database"], f"{row['count']:,}", TRIGGERS[row["kind"]], *(row[key] for key in keys))
        for row in run.results.get("triggerer", ())
    ]
    head = ("database", "deferred tasks", "trigger", "CPU, % of a core", "memory (PSS), MB", "all started, s")
    yield table((*head, "polls per second"), lines)
