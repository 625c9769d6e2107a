"""Conditions, rules and maintenance windows."""

from typing import Any

from sqlalchemy import ColumnElement, any_, func, literal, or_

from webapp.alarms.models import AlarmRule, Condition, MaintenanceWindow
from webapp.core.exports import export
from webapp.core.personal import Subject, personal
from webapp.orgs.records import by_them

export(
    Condition,
    "id public_id device_id kind subject severity state detail first_seen_at opened_at "
    "last_evidence_at good_since closed_at acknowledged_at acknowledged_by note told told_at",
    about="Alarms and warnings, open and past.",
)
export(
    AlarmRule,
    "id kind is_on debounce_minutes severity heeds_quiet quiet_from quiet_to first_emails second_emails "
    "first_roles second_roles first_user_ids second_user_ids escalate_after_minutes",
    about="Who is told of which alarm, and when not.",
)
export(
    MaintenanceWindow,
    "id public_id device_id begins_at ends_at reason by",
    about="When nobody is told.",
)

personal(
    Condition,
    "acknowledged_by",
    gives="kind acknowledged_at note",
    of=lambda who: by_them(Condition.acknowledged_by, who, Condition.organisation_id),
    erase={"acknowledged_by": lambda who: who.pseudonym},
)
personal(
    MaintenanceWindow,
    "by",
    gives="begins_at ends_at reason",
    of=lambda who: by_them(MaintenanceWindow.by, who, MaintenanceWindow.organisation_id),
    erase={"by": lambda who: who.pseudonym},
)
personal(
    AlarmRule,
    "first_emails second_emails",
    gives="kind",
    of=lambda who: or_(_names(AlarmRule.first_emails, who), _names(AlarmRule.second_emails, who)),
    erase={
        "first_emails": lambda who: _without(AlarmRule.first_emails, who),
        "second_emails": lambda who: _without(AlarmRule.second_emails, who),
        "version": AlarmRule.version + 1,
    },
)


def _without(column: Any, who: Subject) -> Any:
    return func.array_remove(column, who.email)


def _names(column: Any, who: Subject) -> ColumnElement[bool]:
    return literal(who.email) == any_(column)
