"""Who has seen which key (K-28): written and committed before a value leaves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, insert, literal, select

from webapp.core.db import db
from webapp.core.principal import acting
from webapp.meters.models import KeyReveal, Meter


def note(chosen: Select[int], form: str, *, now: datetime, activity_id: int | None = None) -> None:
    """A row for each meter whose id `chosen` selects; the caller records the act in the audit log and commits."""
    by = acting()
    meters = chosen.subquery()
    rows = select(
        Meter.organisation_id,
        Meter.id,
        literal(now, KeyReveal.at.type),
        literal(by.kind.value),
        literal(by.id, KeyReveal.by_id.type),
        literal(by.label),
        literal(form),
        literal(activity_id, KeyReveal.activity_id.type),
    ).where(Meter.id.in_(select(meters.c[0])))
    names = ["organisation_id", "meter_id", "at", "by_kind", "by_id", "by", "form", "activity_id"]
    db.session.execute(insert(KeyReveal).from_select(names, rows))
