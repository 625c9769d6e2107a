"""Public test vectors, which lie beside the project and are no part of it. Where each comes from stands in its row.

Without them the tests that need one are skipped, and say so.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).parents[3] / "shared" / "data" / "keys" / "vectors.json"
ABSENT = f"the test vectors are not there: {PATH.name} in ../shared/data/keys"

_EMPTY: dict[str, Any] = {
    "wmbus_encrypted": [],
    "wmbus_plain_by_brand": [],
    "lorawan": [],
    "lorawan_qr_tr005": [],
    "import_fixtures": [],
    "key_wrap": [],
    "kem_envelope_constructed": {},
}

VECTORS: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else _EMPTY


def needed() -> None:
    """Called by a module that is all about them: skips it as a whole."""
    if not PATH.exists():
        pytest.skip(ABSENT, allow_module_level=True)


def named(rows: list[dict[str, Any]], key: str = "id") -> list[Any]:
    """Parameters of a test with the rows' own names."""
    if not rows:
        return [pytest.param({}, marks=pytest.mark.skip(reason=ABSENT), id="absent")]
    return [pytest.param(row, id=str(row[key])) for row in rows]
