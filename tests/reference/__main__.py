"""Compare the copy of the reference with the original: ``python -m tests.reference <topview-endpoints.json>``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.reference import ENTRIES


def main(path: str) -> int:
    """Return 0 if both hold the same entries, and say what differs otherwise."""
    original = {entry["family"]: entry for entry in json.loads(Path(path).read_text())}
    differing = [name for name in {**original, **ENTRIES} if original.get(name) != ENTRIES.get(name)]
    print(f"reference: {len(original)} entries, {len(differing)} differ from tests/reference: {differing}")
    return 1 if differing or not original else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
