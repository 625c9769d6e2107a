"""Public test vectors, read once. Where each comes from stands in its row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "vectors.json").read_text(encoding="utf-8")
)


def named(rows: list[dict[str, Any]], key: str = "id") -> list[Any]:
    """Parameters of a test with the rows' own names."""
    import pytest

    return [pytest.param(row, id=str(row[key])) for row in rows]
