"""The lists of alarms: an organisation's, and the portal's own."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from webapp.alarms.kinds import all_kinds, kind_of
from webapp.alarms.models import Condition, ConditionState, Severity
from webapp.alarms.telling import SEVERITIES, subject_of, words_of
from webapp.core.listing import Choice, Column, Listing, Option, Period

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


ALARMS = _listing("alarms", portals=False)
PORTAL_ALARMS = _listing("portal-alarms", portals=True)
