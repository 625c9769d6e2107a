"""Browsers from which a person signed in before: not slowed by strangers' guesses (P-1).

The cookie holds one signed random value a browser; the row its digest together with the user, so that
two people at one browser leave no common trace.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.accounts.models import KnownBrowser, User
from webapp.core.crypto import digest, token
from webapp.core.db import db

COOKIE = "known_browser"
LIFE = timedelta(days=365)


def init_app(app: Flask) -> None:
    app.after_request(_hand_out)


def known_as(user: User | None) -> str:
    """A name for this browser if `user` signed in with it before, else nothing."""
    browser = _from_cookie()
    key = _key(browser or token(), user)
    row_id = db.session.scalar(
        select(KnownBrowser.id).where(
            KnownBrowser.token_digest == key, KnownBrowser.user_id == (user.id if user else 0)
        )
    )
    return str(row_id) if row_id is not None else ""


def remember(user: User, *, now: datetime) -> None:
    """This browser is known to the user from now on; the cookie goes out with the answer."""
    browser = _from_cookie() or token()
    row = {
        "user_id": user.id,
        "token_digest": _key(browser, user),
        "created_at": now,
        "last_used_at": now,
    }
    db.session.execute(
        insert(KnownBrowser)
        .values(row)
        .on_conflict_do_update(index_elements=["token_digest"], set_={"last_used_at": now})
    )
    g.known_browser = browser


def _key(browser: str, user: User | None) -> bytes:
    return digest(f"{browser}:{user.id if user else 0}")


def _from_cookie() -> str | None:
    signed = request.cookies.get(COOKIE, "")
    try:
        found = _serializer().loads(signed, max_age=int(LIFE.total_seconds()))
    except BadSignature:
        return None
    return found if isinstance(found, str) else None


def _hand_out(response: Response) -> Response:
    if "known_browser" in g and response.status_code < 400:
        response.set_cookie(
            COOKIE,
            str(_serializer().dumps(g.known_browser)),
            max_age=int(LIFE.total_seconds()),
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


def _serializer() -> URLSafeTimedSerializer:
    settings = current_app.extensions["settings"]
    keys = [*reversed(settings.secret_key_fallbacks), settings.secret_key]
    return URLSafeTimedSerializer(keys, salt="known-browser")
