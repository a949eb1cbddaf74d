"""Why a goal is short, where it is: sentences for each, numbered below the table of goals."""

from __future__ import annotations

_REQUEST = (
    "Profiled: half of a poll is aiohttp's own request, which alone is two to three times the raw socket; a quarter "
    "makes URL and headers and checks the answer, a tenth judges it."
)
_ALONE = "Ours spreads its polls, so the loop wakes for each of them; those of peers and bare clients come all at once."
_TWICE = "With two polls per trigger, what is done once per trigger counts for half of each."
_CLUMPS = (
    "Tried: the bare trigger does not spread its polls, so those of fifty tasks wake the loop once; when it spreads "
    "them as ours does, it takes as much CPU as ours."
)
_COLLECTED = (
    "Traced: more than half of the longest stall is one full collection of Python's garbage collector, over all "
    "objects of the process."
)
_DATACLASSES = (
    "Half of it are dataclasses of the catalog, made when it is loaded, the other half is finding and reading "
    "files; both are the same for every room, so all rooms together are within their goal."
)
_ARGUMENTS = (
    "Profiled: Airflow charges for each argument that an operator keeps (its `__setattr__`), each templated field, "
    "and each class with a constructor; ours has 28 templated fields, `EmptyOperator` has none."
)

REASONS: dict[str, tuple[str, ...]] = {
    "burst-plain-peer": (_REQUEST, _ALONE),
    "burst-TLS-peer": (_REQUEST, _ALONE),
    "burst-plain-raw": (_REQUEST,),
    "burst-TLS-raw": (_REQUEST,),
    "steady-peer": (_REQUEST, _TWICE),
    "steady-raw": (_REQUEST, _TWICE),
    "many-stall": (_COLLECTED,),
    "stall": ("Traced: one full collection of Python's garbage collector over all objects of the process.",),
    "memory-burst": (
        "The raw socket needs as much: what counts at the peak are the buffers of twenty TLS connections.",
    ),
    "import-one": (_DATACLASSES,),
    "parsing": (_ARGUMENTS,),
    "triggerer-SQLite": (_CLUMPS,),
    "triggerer-PostgreSQL": (_CLUMPS,),
}
"""Key of a goal in :mod:`benchmarks.report.goals` to its sentences."""
