"""User names and addresses are given out one at a time."""

from __future__ import annotations

from sqlalchemy import text

from webapp.core.db import db

NAMES_LOCK = 0x6E616D6573  # «names»


def lock_names() -> None:
    """Until the commit nobody else gives out a user name or an address: what was free stays free."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": NAMES_LOCK})
