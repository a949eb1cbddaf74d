"""An independent copy of TopView's reference, and how a row of our table is held against it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ENTRIES: dict[str, dict[str, Any]] = {
    entry["family"]: entry for file in sorted(FOLDER.glob("*.json")) for entry in json.loads(file.read_text())
}
FIRST = {name: entry for name, entry in ENTRIES.items() if entry["generation"] == "A"}
"""Everything of the 2025 navigation: the part that must be covered whole."""
