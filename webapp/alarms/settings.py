"""How an organisation wants to hear of alarms, and when not: the verbs behind the settings page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm.exc import StaleDataError

from webapp.alarms.events import AlarmEvent
from webapp.alarms.models import AlarmRule, Condition, ConditionState, MaintenanceWindow
from webapp.alarms.services import rule_of
from webapp.audit import log as audit
from webapp.audit.events import AuditEvent
from webapp.core.db import db, new_public_id
from webapp.core.errors import Refusal
from webapp.core.principal import Principal

LONGEST_WINDOW = timedelta(days=92)
SHOWN_WINDOWS = 50


@dataclass(frozen=True)
class RuleValues:
    quiet_from: time | None
    quiet_to: time | None
    first_emails: list[str]
    second_emails: list[str]
    escalate_after_minutes: int | None


def change_rule(
    organisation_id: int, values: RuleValues, *, seen: str, by: Principal, now: datetime
) -> AlarmRule:
    """The organisation's rule for all its alarms; what is open is looked at anew under it."""
    rule = rule_of(organisation_id)
    if str(rule.version if rule is not None else "") != seen:
        raise StaleDataError("the settings were changed meanwhile")
    if rule is None:
        rule = AlarmRule(organisation_id=organisation_id, kind="")
        db.session.add(rule)
    for name, value in vars(values).items():
        setattr(rule, name, value)
    db.session.flush()
    _look_again(now)
    quiet = f"{values.quiet_from:%H:%M}–{values.quiet_to:%H:%M}" if values.quiet_from else ""
    detail = {
        "quiet": quiet,
        "told_at_once": values.first_emails,
        "told_next": values.second_emails,
        "minutes": values.escalate_after_minutes,
    }
    _record(AlarmEvent.SETTINGS_CHANGED, organisation_id, "alarm_rule", "", by, detail)
    return rule


def create_window(
    organisation_id: int,
    begins_at: datetime,
    ends_at: datetime,
    reason: str,
    *,
    by: Principal,
    now: datetime,
) -> MaintenanceWindow:
    begins_at, ends_at = begins_at.astimezone(UTC), ends_at.astimezone(UTC)
    if ends_at <= begins_at:
        raise Refusal(_("It must end after it begins."), field="ends_at")
    if ends_at <= now:
        raise Refusal(_("This time is over already."), field="ends_at")
    if ends_at - begins_at > LONGEST_WINDOW:
        raise Refusal(_("At most three months; enter another one then."), field="ends_at")
    window = MaintenanceWindow(
        public_id=new_public_id(),
        organisation_id=organisation_id,
        begins_at=begins_at,
        ends_at=ends_at,
        reason=reason,
        by=by.label,
    )
    db.session.add(window)
    db.session.flush()
    _record_window(AlarmEvent.WINDOW_CREATED, window, by)
    return window


def end_window(window: MaintenanceWindow, *, by: Principal, now: datetime) -> None:
    """Over from now on; one that has not begun is taken away. What waited for its end is looked at."""
    if window.ends_at <= now:
        return
    _record_window(AlarmEvent.WINDOW_ENDED, window, by)
    if window.begins_at >= now:
        db.session.delete(window)
    else:
        window.ends_at = now
    db.session.flush()
    _look_again(now)


def windows_to_come(now: datetime) -> Sequence[MaintenanceWindow]:
    """Those that last or come, of the organisation in scope."""
    return db.session.scalars(
        select(MaintenanceWindow)
        .where(MaintenanceWindow.ends_at > now)
        .order_by(MaintenanceWindow.begins_at)
        .limit(SHOWN_WINDOWS)
    ).all()


def _look_again(now: datetime) -> None:
    """The sweep decides anew for what has not ended."""
    db.session.execute(
        update(Condition).where(Condition.state != ConditionState.CLOSED).values(due_at=now)
    )


def _record_window(event: AuditEvent, window: MaintenanceWindow, by: Principal) -> None:
    detail = {"begins": window.begins_at.isoformat(), "ends": window.ends_at.isoformat()}
    _record(event, window.organisation_id, "maintenance", window.reason, by, detail)


def _record(
    event: AuditEvent, organisation_id: int, kind: str, label: str, by: Principal, detail: object
) -> None:
    audit.record(
        event,
        organisation_id=organisation_id,
        kind=kind,
        id=organisation_id,
        label=label,
        detail=detail,  # type: ignore[arg-type]
        by=by,
    )
