"""What the organisation's first page says of alarms."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.alarms.models import Condition, ConditionState, Severity
from webapp.core.db import db
from webapp.core.tiles import Number, Tile
from webapp.orgs.access import may
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission


def alarm_tile(organisation: Organisation) -> Tile | None:
    """What is open, and whether somebody has taken it on."""
    if not may(Permission.ALARMS_READ):
        return None
    href = url_for("alarms.alarms", org=organisation.public_id)
    open_states = (ConditionState.OPEN, ConditionState.ACKNOWLEDGED)
    counted = db.session.execute(
        select(Condition.severity, Condition.state, func.count())
        .where(Condition.state.in_(open_states))
        .group_by(Condition.severity, Condition.state)
    ).all()
    sums = {severity: sum(n for s, _state, n in counted if s == severity) for severity in Severity}
    alone = sum(n for _s, state, n in counted if state == ConditionState.OPEN)
    numbers = [
        Number(label, sums[s], f"{href}?severity={s.value}", s.value if sums[s] else None)
        for s, label in ((Severity.ALARM, _("alarms")), (Severity.WARNING, _("warnings")))
    ]
    return Tile(
        _("Alarms"),
        "alarm",
        href,
        [*numbers, Number(_("not acknowledged"), alone, f"{href}?state=open")],
    )
