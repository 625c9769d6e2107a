"""Evidence goes in, conditions open and close, people are told.

    observe(PRINTER_FAULT, organisation_id=…, device_id=…, is_bad=True, severity=Severity.ALARM,
            detail={"problem": "Paper jam"}, now=now)

Call it with every observation, good or bad: the engine debounces. It writes rows of the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.alarms import engine
from webapp.alarms.events import AlarmEvent
from webapp.alarms.kinds import ConditionKind, all_kinds
from webapp.alarms.models import Condition, ConditionState, Severity
from webapp.alarms.rules import engine_rules, rule_for
from webapp.alarms.telling import tell_people
from webapp.audit import log as audit
from webapp.core.db import commit, db, new_public_id
from webapp.core.errors import Refusal
from webapp.core.principal import Principal

BATCH = 100


def observe(
    kind: ConditionKind,
    *,
    organisation_id: int,
    is_bad: bool,
    now: datetime,
    device_id: int | None = None,
    subject: str = "",
    severity: Severity = Severity.ALARM,
    detail: dict[str, Any] | None = None,
) -> Condition | None:
    """One look at one thing. The condition that is open or begins with it, if any."""
    wanted = _open_one(kind, organisation_id, device_id, subject)
    condition: Condition | None = db.session.scalar(wanted)
    if not is_bad:
        return _good(condition, now) if condition is not None else None
    if not kind.is_portals and not rule_for(organisation_id, kind.name).is_on:
        if condition is not None:
            _drop(condition, now)
        return None
    if condition is None:
        condition = _begin(kind, organisation_id, device_id, subject, severity, now, wanted)
    if detail is not None:
        condition.detail = detail
    condition.severity = severity
    engine.saw_bad(condition, now=now)
    if not kind.is_portals:
        step(condition, now=now)
    return condition


def _good(condition: Condition, now: datetime) -> Condition | None:
    if engine.saw_good(condition, now=now):
        db.session.delete(condition)
        return None
    return condition


def _open_one(
    kind: ConditionKind, organisation_id: int, device_id: int | None, subject: str
) -> Any:
    """Locked: two observations at the same moment come one after the other."""
    return (
        select(Condition)
        .where(
            Condition.organisation_id == organisation_id,
            Condition.device_id == device_id,
            Condition.kind == kind.name,
            Condition.subject == subject,
            Condition.state != ConditionState.CLOSED,
        )
        .with_for_update(of=Condition)
        .execution_options(populate_existing=True)
    )


def _begin(
    kind: ConditionKind,
    organisation_id: int,
    device_id: int | None,
    subject: str,
    severity: Severity,
    now: datetime,
    wanted: Any,
) -> Condition:
    """A new one; of two that begin at the same moment the unique index lets one."""
    first = insert(Condition).values(
        public_id=new_public_id(),
        organisation_id=organisation_id,
        device_id=device_id,
        kind=kind.name,
        subject=subject,
        severity=severity,
        state=ConditionState.PENDING,
        detail={},
        first_seen_at=now,
        last_evidence_at=now,
        told="nobody",
    )
    db.session.execute(first.on_conflict_do_nothing())
    found: Condition = db.session.scalars(wanted).one()
    return found


def step(condition: Condition, *, now: datetime) -> None:
    """Open, close, tell: whatever is due."""
    rule = rule_for(condition.organisation_id, condition.kind)
    if not rule.is_on:
        _drop(condition, now)
        return
    if rule.severity is not None:
        condition.severity = rule.severity
    rules = engine_rules(condition, rule, now=now)
    engine.advance(condition, rules, lambda c, told: tell_people(c, told, rule, now=now), now=now)


def _drop(condition: Condition, now: datetime) -> None:
    """The organisation does not want to hear of this kind."""
    if condition.is_open:
        engine.switch_off(condition, now=now)
    else:
        db.session.delete(condition)


def step_all(*, now: datetime) -> int:
    """Every condition of devices whose time has come, each in a transaction of its own; how many."""
    return sum(1 for _condition in _stepped(now))


def _stepped(now: datetime) -> Iterator[Condition]:
    """A condition that can't be stepped is looked at again, the others go on."""
    portals = [kind.name for kind in all_kinds(portals=True)]
    for identity in _due(now, portals):
        condition = db.session.scalar(
            select(Condition)
            .where(Condition.id == identity, Condition.due_at <= now)
            .with_for_update(of=Condition, skip_locked=True)
            .execution_options(populate_existing=True)
        )
        if condition is not None:
            step(condition, now=now)
            yield condition
        commit()


def _due(now: datetime, but: Sequence[str]) -> Sequence[int]:
    return db.session.scalars(
        select(Condition.id)
        .where(Condition.due_at <= now, Condition.kind.not_in(but))
        .order_by(Condition.due_at)
        .limit(BATCH)
    ).all()


def acknowledge(condition: Condition, *, note: str, by: Principal, now: datetime) -> None:
    """Taken on, with a word about it. One that is over is refused."""
    from flask_babel import gettext as _

    if not condition.is_open:
        raise Refusal(
            _("This alarm is over already; there is nothing left to take on."), status=409
        )
    engine.acknowledge(condition, by=by.label, note=note, now=now)
    audit.record(
        AlarmEvent.ACKNOWLEDGED,
        organisation_id=condition.organisation_id,
        kind="alarm",
        id=condition.public_id,
        label=condition.kind,
        detail={"note": note},
        by=by,
    )
