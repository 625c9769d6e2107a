"""A sign-in between password and second step: held in the browser's signed session for ten minutes.

It opens nothing. What it says is checked anew when the second step comes: the person is active, the password is
still the one that was proved, and the second step is still asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import session as cookie
from sqlalchemy import select

from webapp.accounts import sessions
from webapp.accounts.models import User
from webapp.core.db import db

LIFE = timedelta(minutes=10)
KEY = "second_step"


@dataclass(frozen=True)
class Pending:
    """`target` is where the person wanted to go."""

    user: User
    target: str


def begin(user: User, target: str, *, now: datetime) -> None:
    """In a cookie made anew, so that nobody's prepared one lives on."""
    sessions.empty_cookie()
    cookie[KEY] = {"user": user.public_id, "at": now.isoformat(), "target": target}


def waiting(*, now: datetime) -> Pending | None:
    """Who waits here. Holds the person's row: until the session stands nobody changes their password."""
    found = cookie.get(KEY)
    if not isinstance(found, dict):
        return None
    at = datetime.fromisoformat(found["at"])
    if not at <= now < at + LIFE:
        return None
    user = _held(found["user"])
    if user is None or (user.password_changed_at is not None and user.password_changed_at > at):
        return None
    return Pending(user, found["target"])


def _held(public_id: str) -> User | None:
    return db.session.scalar(
        select(User)
        .where(
            User.public_id == public_id,
            User.deactivated_at.is_(None),
            User.totp_confirmed_at.is_not(None),
        )
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def end() -> None:
    cookie.pop(KEY, None)
