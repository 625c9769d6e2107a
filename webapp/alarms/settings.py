"""How an organisation wants to hear of alarms, and when not: the verbs behind the settings page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.exc import StaleDataError

from webapp.alarms.events import AlarmEvent
from webapp.alarms.kinds import ConditionKind
from webapp.alarms.models import AlarmRule, Condition, ConditionState, MaintenanceWindow
from webapp.alarms.rules import row_of
from webapp.audit import log as audit
from webapp.audit.events import AuditEvent
from webapp.core.db import db, new_public_id
from webapp.core.errors import Refusal
from webapp.core.names import sort_name
from webapp.core.principal import Principal
from webapp.devices.models import Device

LONGEST_WINDOW = timedelta(days=92)
SHOWN_WINDOWS = 50


@dataclass(frozen=True)
class KindValues:
    """What a kind's own rule says; named as the columns."""

    is_on: bool
    debounce_minutes: int | None
    severity: str | None
    heeds_quiet: bool
    first_roles: list[str]
    first_user_ids: list[int]
    first_emails: list[str]
    escalate_after_minutes: int | None
    second_roles: list[str]
    second_user_ids: list[int]
    second_emails: list[str]


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
    rule = _stored(organisation_id, "", seen, vars(values))
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


def change_kind_rule(
    organisation_id: int,
    kind: ConditionKind,
    values: KindValues,
    *,
    seen: str,
    by: Principal,
    now: datetime,
) -> AlarmRule:
    """The organisation's own rule for one kind; what is open is looked at anew under it."""
    rule = _stored(organisation_id, kind.name, seen, vars(values))
    _look_again(now)
    detail = {name: value for name, value in vars(values).items() if "user_ids" not in name}
    detail |= {"people": len(values.first_user_ids), "people_next": len(values.second_user_ids)}
    _record(AlarmEvent.RULE_CHANGED, organisation_id, "alarm_rule", str(kind.label), by, detail)
    return rule


def reset_kind_rule(
    organisation_id: int, kind: ConditionKind, *, by: Principal, now: datetime
) -> None:
    """The kind follows the general rule again; without a rule of its own nothing changes."""
    rule = row_of(organisation_id, kind.name)
    if rule is None:
        return
    db.session.delete(rule)
    db.session.flush()
    _look_again(now)
    _record(AlarmEvent.RULE_RESET, organisation_id, "alarm_rule", str(kind.label), by, {})


def _stored(organisation_id: int, kind: str, seen: str, values: dict[str, Any]) -> AlarmRule:
    """Written over what `seen` is the version of; raises `StaleDataError` when it has changed since."""
    rule = row_of(organisation_id, kind)
    if str(rule.version if rule is not None else "") != seen:
        raise StaleDataError("the settings were changed meanwhile")
    if rule is None:
        rule = AlarmRule(organisation_id=organisation_id, kind=kind)
        db.session.add(rule)
    for name, value in values.items():
        setattr(rule, name, value)
    try:
        db.session.flush()
    except IntegrityError as error:
        raise StaleDataError("somebody else saved the first rule meanwhile") from error
    return rule


def create_window(
    organisation_id: int,
    begins_at: datetime,
    ends_at: datetime,
    reason: str,
    *,
    by: Principal,
    now: datetime,
    device: Device | None = None,
) -> MaintenanceWindow:
    """For one device, or without one for the whole organisation."""
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
        device=device,
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


def windows_to_come(now: datetime, device: Device | None = None) -> Sequence[MaintenanceWindow]:
    """Those that last or come, of the organisation in scope; with a device those that hold for it."""
    statement = (
        select(MaintenanceWindow)
        .where(MaintenanceWindow.ends_at > now)
        .options(joinedload(MaintenanceWindow.device))
        .order_by(MaintenanceWindow.begins_at)
        .limit(SHOWN_WINDOWS)
    )
    if device is not None:
        whole = MaintenanceWindow.device_id.is_(None)
        statement = statement.where(or_(whole, MaintenanceWindow.device_id == device.id))
    return db.session.scalars(statement).all()


def device_named(typed: str) -> Device | None:
    """By serial number, code or whole name, in scope; None for nothing typed. Raises `Refusal` at the field."""
    if not typed:
        return None
    code = "".join(typed.split()).upper()
    found = db.session.scalars(
        select(Device)
        .where(
            or_(Device.serial == code, Device.code == code, Device.sort_name == sort_name(typed))
        )
        .limit(2)
    ).all()
    if len(found) == 1:
        return found[0]
    words = (
        _("Several devices are called so: enter the serial number.")
        if found
        else _("No device has this serial number, code or name.")
    )
    raise Refusal(words, field="device")


def _look_again(now: datetime) -> None:
    """The sweep decides anew for what has not ended."""
    db.session.execute(
        update(Condition).where(Condition.state != ConditionState.CLOSED).values(due_at=now)
    )


def _record_window(event: AuditEvent, window: MaintenanceWindow, by: Principal) -> None:
    detail = {"begins": window.begins_at.isoformat(), "ends": window.ends_at.isoformat()}
    if window.device is not None:
        detail["device"] = window.device.name
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
