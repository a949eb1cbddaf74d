"""Why a goal is short, where it is: a sentence for each, shown beside the figures."""

from __future__ import annotations

REASONS: dict[str, str] = {}
"""Key of a goal in :mod:`benchmarks.report.goals` to the sentence."""
