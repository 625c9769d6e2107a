"""Forms sent twice make one thing (decision 11), and what is kept for that does not grow for ever."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.drains import run
from webapp.core.forms import FormNonce
from webapp.core.web import Portal


def test_nonces_go_after_two_days(ground: Portal) -> None:
    now = utcnow()
    for name, age in ((b"old", timedelta(days=3)), (b"new", timedelta(hours=13))):
        db.session.add(FormNonce(nonce_digest=name, at=now - age, location="/"))
    commit()
    run("accounts")
    assert db.session.scalars(select(FormNonce.nonce_digest)).all() == [b"new"]
