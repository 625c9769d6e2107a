"""Time alone opens, escalates and closes; what is long over is forgotten."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from webapp.alarms.models import Condition, MaintenanceWindow
from webapp.alarms.services import BATCH, step_all
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.jobs import sweep

KEPT = timedelta(days=400)


@sweep("conditions", every_seconds=15, queue="quick")
def step_conditions() -> None:
    while step_all(now=utcnow()) >= BATCH:
        pass


@sweep("conditions_retention", every_seconds=6 * 3600)
def forget_old() -> None:
    """Closed conditions and past maintenance after thirteen months."""
    until = utcnow() - KEPT
    db.session.execute(delete(Condition).where(Condition.closed_at < until))
    db.session.execute(delete(MaintenanceWindow).where(MaintenanceWindow.ends_at < until))
    commit()
