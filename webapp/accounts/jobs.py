"""Rows that have served: ended sessions, old links, forgotten browsers, counted tries."""

from datetime import timedelta

from sqlalchemy import delete

from webapp.accounts.models import EmailChange, KnownBrowser, PasswordReset, SignUp, UserSession
from webapp.accounts.sessions import IDLE
from webapp.core import forms, throttle
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.jobs import sweep

KEPT = timedelta(days=30)
BROWSERS_KEPT = timedelta(days=400)


@sweep("accounts", every_seconds=3600)
def forget_old_rows() -> None:
    """How long is in `docs/data-model/accounts.md`."""
    now = utcnow()
    for statement in (
        delete(UserSession).where(UserSession.last_seen_at < now - KEPT - IDLE),
        delete(PasswordReset).where(PasswordReset.expires_at < now - KEPT),
        delete(EmailChange).where(EmailChange.expires_at < now - KEPT),
        delete(SignUp).where(SignUp.expires_at < now),
        delete(KnownBrowser).where(KnownBrowser.last_used_at < now - BROWSERS_KEPT),
    ):
        db.session.execute(statement)
    commit()
    throttle.prune(now)
    forms.prune_nonces(now)
