"""Plots of a run, as SVG files that are the same for the same figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.clients import CLIENTS
from benchmarks.pacing.measure import SPREADS
from benchmarks.report.figures import Figures

OURS, OTHERS, LIMITS = "#d1495b", "#30638e", "#9aa5b1"
BARS = {
    "cpu": ("CPU seconds per 1,000 polls, burst", "burst", True),
    "memory": ("KB of memory per parked trigger", "park", True),
    "stall": ("worst stall of the event loop in a burst, ms", "burst", False),
}
KEYS = {"memory": "rss_kb", "stall": "stall_ms"}
NAMES = ("cpu", "memory", "stall", "asking")


def draw(results: Mapping[str, Any], folder: Path) -> list[Path]:
    """
    Write every plot.

    :param results: As they stand in ``results.json``.
    :param folder: Where to.
    """
    import matplotlib as mpl

    mpl.use("svg")
    # Text stays text and names are not random: small files, and no change without a change of figures.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bench", "font.size": 9, "figure.autolayout": True})
    run = Figures(results)
    folder.mkdir(parents=True, exist_ok=True)
    return [*(_bars(run, name, folder) for name in BARS), _asking(run, folder)]


def _colour(client: str) -> str:
    if client == "ours":
        return OURS
    return OTHERS if CLIENTS[client].package else LIMITS


def _bars(run: Figures, name: str, folder: Path) -> Path:
    from matplotlib import pyplot as plt

    title, mode, tls = BARS[name]
    found = []
    for client in CLIENTS:
        value = run.cpu(client, mode, tls) if name == "cpu" else run.figure(KEYS[name], client, mode, tls)
        if value is not None:
            found.append((client, value))
    figure, axes = plt.subplots(figsize=(7.5, 0.4 + 0.32 * len(found)))
    labels = [CLIENTS[client].title.replace("`", "") for client, _ in found]
    bars = axes.barh(labels, [value for _, value in found], color=[_colour(client) for client, _ in found])
    axes.bar_label(bars, fmt="%.3g", padding=3)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_title(f"{title} ({'TLS' if tls else 'plain HTTP'}, N = {run.count:,})", fontsize=10)
    return _saved(figure, folder / f"{name}.svg")


def _asking(run: Figures, folder: Path) -> Path:
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, len(SPREADS), figsize=(10, 3.4), sharey=True)
    for axes, spread in zip(panels, SPREADS, strict=True):
        rows = [row for row in run.results["pacing"] if row["spread"] == spread]
        least = rows[0]["delay_s"] * rows[0]["polls"] / rows[0]["bound"]
        polls = [6.0 * 1.12**step for step in range(26)]
        axes.plot(polls, [least / count for count in polls], color=LIMITS, linewidth=1, label="the least possible")
        for row in rows:
            mine = row["policy"].startswith("ours")
            axes.scatter(row["polls"], row["delay_s"], s=18, color=OURS if mine else OTHERS)
            axes.annotate(row["policy"].replace("then ", ""), (row["polls"], row["delay_s"]), fontsize=5)
        axes.set(xscale="log", yscale="log", title=f"spread {spread}", xlabel="polls per task")
    panels[0].set_ylabel("mean delay, s")
    return _saved(figure, folder / "asking.svg")


def _saved(figure: Any, path: Path) -> Path:
    from matplotlib import pyplot as plt

    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return path
