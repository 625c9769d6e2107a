"""What the audit log is told of acts on many meters: how many, some by name, and a digest of all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

NAMED = 50


def of_many(serials: Iterable[str]) -> dict[str, Any]:
    """One row for a bulk act; whoever has the list can prove that it was this one."""
    ordered = sorted(serials)
    digest = hashlib.sha256("\n".join(ordered).encode()).hexdigest()
    detail: dict[str, Any] = {"devices": len(ordered), "serials": ordered[:NAMED]}
    if len(ordered) > NAMED:
        detail["sha256_of_serials"] = digest
    return detail
