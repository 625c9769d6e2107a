"""What was told long ago is forgotten."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.jobs import sweep
from webapp.notices.models import Notification

KEPT = timedelta(days=90)
BATCH = 5000


@sweep("notifications_retention", every_seconds=3600)
def forget_old() -> None:
    """Read or not, after 90 days; in batches, so that no statement holds much."""
    until = utcnow() - KEPT
    while True:
        some = select(Notification.id).where(Notification.created_at < until).limit(BATCH)
        gone = db.session.execute(
            delete(Notification).where(Notification.id.in_(some)).returning(Notification.id)
        ).all()
        commit()
        if len(gone) < BATCH:
            return
