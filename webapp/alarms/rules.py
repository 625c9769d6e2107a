"""What holds for a kind of alarms in an organisation: its own rule for the kind, else the one for all (P-44)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_, select

from webapp.accounts.models import User
from webapp.alarms import engine
from webapp.alarms.calm import Calm, Window
from webapp.alarms.models import AlarmRule, Condition, MaintenanceWindow, Severity
from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission
from webapp.orgs.queries import Holder, holders


@dataclass(frozen=True)
class Circle:
    """Some who are told: by roles, by name, and by mail address."""

    roles: frozenset[str] = frozenset()
    user_ids: frozenset[int] = frozenset()
    emails: tuple[str, ...] = ()

    @property
    def names_people(self) -> bool:
        return bool(self.roles or self.user_ids)

    @property
    def is_empty(self) -> bool:
        return not (self.names_people or self.emails)


@dataclass(frozen=True)
class Rule:
    """What holds now; the fields are those of `AlarmRule`."""

    is_on: bool = True
    debounce: timedelta | None = None
    severity: Severity | None = None
    quiet_from: time | None = None
    quiet_to: time | None = None
    first: Circle = field(default_factory=Circle)
    second: Circle = field(default_factory=Circle)
    escalate_after: timedelta | None = None


def row_of(organisation_id: int, kind: str = "") -> AlarmRule | None:
    """The stored rule for the kind itself; empty: the general one."""
    with unscoped("the rule of the organisation that the caller names"):
        return db.session.scalar(
            select(AlarmRule).where(
                AlarmRule.organisation_id == organisation_id, AlarmRule.kind == kind
            )
        )


def rule_for(organisation_id: int, kind: str) -> Rule:
    general, own = row_of(organisation_id), row_of(organisation_id, kind)
    row = own or general
    if row is None:
        return Rule()
    hours = own if own is not None and own.quiet_from is not None else general
    quiet = row.heeds_quiet and hours is not None
    second = Circle(
        frozenset(row.second_roles), frozenset(row.second_user_ids), tuple(row.second_emails)
    )
    minutes = row.escalate_after_minutes
    return Rule(
        is_on=row.is_on,
        debounce=_minutes(row.debounce_minutes),
        severity=Severity(row.severity) if row.severity else None,
        quiet_from=hours.quiet_from if quiet and hours else None,
        quiet_to=hours.quiet_to if quiet and hours else None,
        first=Circle(
            frozenset(row.first_roles), frozenset(row.first_user_ids), tuple(row.first_emails)
        ),
        second=second,
        escalate_after=None if second.is_empty else _minutes(minutes),
    )


def _minutes(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(minutes=number)


def engine_rules(condition: Condition, rule: Rule, *, now: datetime) -> engine.Rules:
    """With the maintenance windows that last or come."""
    organisation_id = condition.organisation_id
    with unscoped("the windows of the condition's organisation"):
        windows = db.session.scalars(
            select(MaintenanceWindow).where(
                MaintenanceWindow.organisation_id == organisation_id,
                MaintenanceWindow.ends_at > now,
                _about(condition),
            )
        ).all()
        zone = db.session.scalar(
            select(Organisation.time_zone).where(Organisation.id == organisation_id)
        )
    spans = [Window(w.begins_at, w.ends_at) for w in windows]
    calm = Calm(ZoneInfo(zone or "UTC"), rule.quiet_from, rule.quiet_to, spans)
    return engine.Rules(calm, rule.escalate_after, rule.debounce)


def _about(condition: Condition) -> ColumnElement[bool]:
    whole = MaintenanceWindow.device_id.is_(None)
    if condition.device_id is None:
        return whole
    return or_(whole, MaintenanceWindow.device_id == condition.device_id)


def people_of(circle: Circle, organisation: Organisation) -> list[User]:
    """Those of the circle who may see alarms here now: who has left or lost the right is passed over."""
    return _users(
        holder
        for holder in holders(organisation)
        if Permission.ALARMS_READ in holder.permissions
        and (
            holder.membership.user_id in circle.user_ids
            or circle.roles.intersection(holder.membership.roles)
        )
    )


def usual_people(organisation: Organisation) -> list[User]:
    """Those who may acknowledge: told where the rule names nobody."""
    return _users(h for h in holders(organisation) if Permission.ALARMS_EDIT in h.permissions)


def _users(found: Iterable[Holder]) -> list[User]:
    return list({h.membership.user_id: h.membership.user for h in found}.values())
