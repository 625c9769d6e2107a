"""User names and addresses are given out one at a time."""

from __future__ import annotations

from sqlalchemy import func, select, text

from webapp.accounts.models import User
from webapp.core.db import db

NAMES_LOCK = 0x6E616D6573  # «names»


def lock_names() -> None:
    """Until the commit nobody else gives out a user name or an address: what was free stays free."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": NAMES_LOCK})


def free_address(email: str, *, but: User | None = None) -> None:
    """Under the lock: whoever only claims the address, without having confirmed it, lets it go."""
    wanted = select(User).where(func.lower(User.email) == email.lower(), ~User.email_confirmed)
    claimant = db.session.scalar(wanted)
    if claimant is not None and claimant is not but:
        claimant.email = f"{claimant.public_id}@unconfirmed.invalid"
        db.session.flush()
