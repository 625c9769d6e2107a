"""Signed-in browsers: opening, finding, touching and ending the session behind a cookie."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_address

from flask import Flask, g, request
from flask import session as cookie
from flask_login import LoginManager, login_user, logout_user
from sqlalchemy import select, update
from sqlalchemy.orm.attributes import set_committed_value

from webapp.accounts.models import User, UserSession
from webapp.core.clock import utcnow
from webapp.core.crypto import digest, token
from webapp.core.db import aside, db

IDLE = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)

login_manager = LoginManager()


def init_app(app: Flask) -> None:
    login_manager.init_app(app)
    login_manager.user_loader(_load)


def open_session(user: User, *, now: datetime) -> UserSession:
    """Sign `user` in here. The cookie is made anew, so that nobody's prepared one lives on."""
    secret = token()
    row = UserSession(
        user=user,
        token_digest=digest(secret),
        created_at=now,
        last_seen_at=now,
        proved_at=now,
        address=address_here(),
        user_agent=request.headers.get("User-Agent", "")[:300].replace("\0", ""),
    )
    db.session.add(row)
    empty_cookie()
    user.session_token = secret
    login_user(user)
    g.user_session = row
    return row


def close_session(*, now: datetime) -> None:
    """Sign out here."""
    row: UserSession | None = g.get("user_session")
    if row is not None:
        row.ended_at = now
    logout_user()
    empty_cookie()


def empty_cookie() -> None:
    """Only what a visitor without an account may have chosen outlives a change of who is signed in."""
    kept = {key: cookie[key] for key in ("language",) if key in cookie}
    cookie.clear()
    cookie.update(kept)


def address_here() -> str:
    """The visitor's address as PostgreSQL takes it, whatever a proxy may have written."""
    try:
        return str(ip_address((request.remote_addr or "").partition("%")[0]))
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - an unknown address, not a binding


def end_sessions(user: User, *, now: datetime, but: UserSession | None = None) -> int:
    """End all of a user's sessions, but perhaps the present one; how many there were."""
    statement = update(UserSession).where(
        UserSession.user_id == user.id, UserSession.ended_at.is_(None)
    )
    if but is not None:
        statement = statement.where(UserSession.id != but.id)
    ended = db.session.execute(statement.values(ended_at=now).returning(UserSession.id))
    return len(ended.all())


def live_sessions(user: User, *, now: datetime) -> list[UserSession]:
    """Where a user is signed in, the newest first."""
    return list(
        db.session.scalars(
            select(UserSession)
            .where(
                UserSession.user_id == user.id,
                UserSession.ended_at.is_(None),
                UserSession.last_seen_at > now - IDLE,
            )
            .order_by(UserSession.last_seen_at.desc())
        )
    )


def find_live_session(user: User, public_id: str, *, now: datetime) -> UserSession | None:
    """One of the user's own sessions; somebody else's, ended and unknown are one answer."""
    own = (s for s in live_sessions(user, now=now) if s.public_id == public_id)
    return next(own, None)


def current_session() -> UserSession:
    """The session of this request; only asked behind `SIGNED_IN`."""
    row: UserSession = g.user_session
    return row


def _load(secret: str) -> User | None:
    """Flask-Login's loader: the cookie's token → the user, unless ended, idle too long, or deactivated."""
    now = utcnow()
    found = db.session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(
            UserSession.token_digest == digest(secret),
            UserSession.ended_at.is_(None),
            UserSession.last_seen_at > now - IDLE,
            User.deactivated_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        return None
    row, user = found
    if now - row.last_seen_at > TOUCH_EVERY:
        _touch(row, now)
    user.session_token = secret
    g.user_session = row
    return user


def _touch(row: UserSession, now: datetime) -> None:
    """Aside: a long request must not hold its session's row against the person's other tabs."""
    with aside() as session:
        session.execute(
            update(UserSession).where(UserSession.id == row.id).values(last_seen_at=now)
        )
    set_committed_value(row, "last_seen_at", now)
