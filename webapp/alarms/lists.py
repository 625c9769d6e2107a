"""The lists of alarms: an organisation's, and the portal's own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from webapp.alarms.kinds import all_kinds, kind_of
from webapp.alarms.models import Condition, ConditionState, MaintenanceWindow, Severity
from webapp.alarms.telling import SEVERITIES, subject_of, words_of
from webapp.core.listing import Choice, Column, Listing, Option, Period
from webapp.orgs.access import current_organisation, may
from webapp.orgs.permissions import Permission

STATES = {
    ConditionState.OPEN: _l("Open"),
    ConditionState.ACKNOWLEDGED: _l("Acknowledged"),
    ConditionState.CLOSED: _l("Over"),
}


def conditions(*, also_closed: bool) -> Select[Any]:
    """What opened; what is still waiting whether it lasts is nobody's matter yet."""
    states = list(STATES) if also_closed else [ConditionState.OPEN, ConditionState.ACKNOWLEDGED]
    return (
        select(Condition).where(Condition.state.in_(states)).options(joinedload(Condition.device))
    )


def _label(condition: Condition) -> str:
    return str(kind_of(condition.kind).label)


def _url(condition: Condition) -> str:
    if kind_of(condition.kind).is_portals:
        return url_for("alarms.operator_alarm", public_id=condition.public_id)
    org = condition.organisation.public_id
    return url_for("alarms.alarm", org=org, public_id=condition.public_id)


def _listing(name: str, *, portals: bool) -> Listing:
    kinds = lambda: [(kind.name, kind.label) for kind in all_kinds(portals=portals)]  # noqa: E731
    return Listing(
        name=name,
        model=Condition,
        columns=[
            Column("kind", _l("What"), value=_label, link=_url),
            Column("severity", _l("How bad"), cell="alarms/cells.html#severity", main=True),
            Column("about", _l("Device"), value=subject_of),
            Column("words", _l("In detail"), value=words_of),
            Column(
                "since",
                _l("Since"),
                kind="time",
                value=lambda c: c.first_seen_at,
                sort=Condition.first_seen_at,
                first_descending=True,
            ),
            Column("closed", _l("Over since"), kind="time", value=lambda c: c.closed_at),
            Column("state", _l("State"), value=lambda c: str(STATES[ConditionState(c.state)])),
            Column("by", _l("Acknowledged by"), value=lambda c: c.acknowledged_by),
        ],
        default_sort="-since",
        total=lambda n, shown: ngettext("%(shown)s alarm", "%(shown)s alarms", n, shown=shown),
        filters=[
            Choice(
                "severity",
                _l("How bad"),
                Condition.severity,
                [Option(s.value, SEVERITIES[s], s.value) for s in Severity],
            ),
            Choice(
                "state",
                _l("State"),
                Condition.state,
                [Option(s.value, label, s.value) for s, label in STATES.items()],
            ),
            Choice("kind", _l("What"), Condition.kind, kinds),
            Period("since", _l("Since"), Condition.first_seen_at),
        ],
        row_name=lambda c: f"{_label(c)} {subject_of(c)}",
    )


def windows(now: datetime, *, also_past: bool) -> Select[Any]:
    statement = select(MaintenanceWindow).options(joinedload(MaintenanceWindow.device))
    return statement if also_past else statement.where(MaintenanceWindow.ends_at > now)


def windows_listing(now: datetime) -> Listing:
    """Its states follow from the time; whoever may only read sees no menu."""
    return Listing(
        name="maintenance",
        model=MaintenanceWindow,
        columns=[
            Column("reason", _l("Reason")),
            Column(
                "state",
                _l("State"),
                value=lambda w: str(_window_state(w, now)),
                main=True,
            ),
            Column("device", _l("Device"), value=_window_device),
            Column(
                "begins",
                _l("Begins"),
                kind="time",
                value=lambda w: w.begins_at,
                sort=MaintenanceWindow.begins_at,
            ),
            Column("ends", _l("Ends"), kind="time", value=lambda w: w.ends_at),
            Column("by", _l("Entered by")),
        ],
        default_sort="begins",
        total=lambda n, shown: ngettext("%(shown)s window", "%(shown)s windows", n, shown=shown),
        filters=[Period("begins", _l("Begins"), MaintenanceWindow.begins_at)],
        menu=lambda w: _window_menu(w, now),
        row_name=lambda w: w.reason,
    )


def _window_state(window: MaintenanceWindow, now: datetime) -> object:
    if window.ends_at <= now:
        return _l("Over")
    return _l("Planned") if window.begins_at > now else _l("Lasts")


def _window_device(window: MaintenanceWindow) -> str:
    return window.device.name if window.device is not None else str(_l("All devices"))


def _window_menu(window: MaintenanceWindow, now: datetime) -> list[Any]:
    if window.ends_at <= now or not may(Permission.ALARMS_EDIT):
        return []
    here = current_organisation().public_id
    return [
        {
            "text": str(_l("Remove") if window.begins_at > now else _l("End now")),
            "action": url_for("alarms.maintenance_end", org=here, public_id=window.public_id),
            "icon": "close",
        }
    ]


ALARMS = _listing("alarms", portals=False)
PORTAL_ALARMS = _listing("portal-alarms", portals=True)
