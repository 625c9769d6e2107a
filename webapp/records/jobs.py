"""The sweep that removes what is over its time: in batches, counted, one entry in the log a run and organisation."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from webapp.audit import log as audit
from webapp.core.clock import utcnow
from webapp.core.crashpoints import crash_point
from webapp.core.db import commit, db, rollback
from webapp.core.jobs import sweep
from webapp.core.principal import CLOCK, acting_as
from webapp.core.retention import BATCH, Retention, all_retentions
from webapp.core.tenancy import scope
from webapp.orgs.models import Organisation
from webapp.records.events import RecordEvent

log = structlog.get_logger(__name__)


@sweep("retention", every_seconds=6 * 3600)
def remove_old() -> None:
    """Organisation by organisation; what fails in one stops no other."""
    now = utcnow()
    for organisation in list(db.session.scalars(select(Organisation).order_by(Organisation.id))):
        try:
            with scope(organisation.id), acting_as(CLOCK):
                remove_old_of(organisation, now=now)
        except Exception:
            rollback()
            log.exception("retention_failed", organisation=organisation.id)


def remove_old_of(organisation: Organisation, *, now: datetime) -> dict[str, int]:
    """In the organisation's scope: what → how many."""
    removed = {}
    for rule in all_retentions():
        before = _before(rule, organisation, now)
        if before is not None and (count := _remove(rule, before)):
            removed[rule.name] = count
    if removed:
        _record(organisation, removed)
        commit()
    return removed


def _before(rule: Retention, organisation: Organisation, now: datetime) -> datetime | None:
    days = rule.days
    if rule.days_setting is not None:
        days = getattr(organisation, rule.days_setting)
    return None if days is None else now - timedelta(days=days)


def _remove(rule: Retention, before: datetime) -> int:
    total = 0
    while True:
        count = rule.remove(before)
        commit()
        crash_point("retention.after_batch")
        total += count
        if count < BATCH:
            return total


def _record(organisation: Organisation, removed: dict[str, int]) -> None:
    audit.record(
        RecordEvent.REMOVED,
        organisation_id=organisation.id,
        kind="organisation",
        id=organisation.public_id,
        label=organisation.name,
        detail={"removed": removed},
        by=CLOCK,
    )
