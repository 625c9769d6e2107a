"""The agent's clock: the portal's (`webapp.core.clock`) is out of its reach."""

from __future__ import annotations

from datetime import UTC, datetime


def utcnow() -> datetime:
    return datetime.now(UTC)
