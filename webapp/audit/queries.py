"""Reading the log of the organisation in scope."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import Select, Text, cast, func, select

from webapp.audit.events import label_of
from webapp.audit.models import AuditRow
from webapp.audit.words import fact_label
from webapp.core.db import db
from webapp.core.principal import Actor

RECENT = 2_000
"""How far back the drop-downs look for people and kinds of objects."""


def rows() -> Select[AuditRow]:
    return select(AuditRow)


def row(seq: int) -> AuditRow:
    """404 where the log has no such row."""
    found = db.session.scalar(select(AuditRow).where(AuditRow.seq == seq))
    if found is None:
        abort(404)
    return found


def latest(number: int) -> list[AuditRow]:
    return list(
        db.session.scalars(
            select(AuditRow).order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(number)
        )
    )


@dataclass(frozen=True)
class Doer:
    """Somebody who stands in the log: a kind, the id within it, and the name last written."""

    kind: str
    id: int | None
    label: str

    @property
    def value(self) -> str:
        return self.kind if self.id is None else f"{self.kind}-{self.id}"


def doers() -> list[Doer]:
    """Who acted in the latest rows, by name."""
    recent = (
        select(
            AuditRow.actor_kind,
            AuditRow.actor_id,
            cast(AuditRow.payload["actor"].astext, Text).label("actor"),
        )
        .order_by(AuditRow.seq.desc())
        .limit(RECENT)
        .subquery()
    )
    found = db.session.execute(
        select(recent.c.actor_kind, recent.c.actor_id, func.max(recent.c.actor)).group_by(
            recent.c.actor_kind, recent.c.actor_id
        )
    )
    named = [Doer(kind, id_, _doer(kind, label)) for kind, id_, label in found]
    return sorted(named, key=lambda d: (d.kind != "user", d.label.casefold()))


def _doer(kind: str, label: str | None) -> str:
    return str(_("nobody")) if kind == Actor.NOBODY else label or kind


def object_kinds() -> list[str]:
    """What the latest rows are about."""
    recent = select(AuditRow.object_kind).order_by(AuditRow.seq.desc()).limit(RECENT).subquery()
    return sorted(db.session.scalars(select(recent.c.object_kind).distinct()))


# What a row says; an erased payload leaves only the bare facts.


def actor_of(found: AuditRow) -> str:
    return _doer(found.actor_kind, (found.payload or {}).get("actor"))


def object_of(found: AuditRow) -> str:
    return str((found.payload or {}).get("object") or found.object_id)


def object_with_id(found: AuditRow) -> str:
    """For the file: the name may change, the id does not."""
    name = object_of(found)
    return name if name == found.object_id else f"{name} [{found.object_id}]"


def via_of(found: AuditRow) -> str:
    return str((found.payload or {}).get("via") or "")


def event_of(found: AuditRow) -> str:
    return label_of(found.event)


def changes_of(found: AuditRow) -> list[tuple[str, str, str]]:
    """(what, before, after) of a row that notes changes."""
    changes = ((found.payload or {}).get("detail") or {}).get("changes") or {}
    return [
        (fact_label(str(name)), in_words(pair[0]), in_words(pair[1]))
        for name, pair in changes.items()
        if isinstance(pair, list) and len(pair) == 2
    ]


def details_of(found: AuditRow) -> list[tuple[str, str]]:
    """The rest of what was noted, flat: (name, value)."""
    detail = dict((found.payload or {}).get("detail") or {})
    detail.pop("changes", None)
    return list(_flat(detail))


def _flat(detail: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in detail.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{fact_label(name)} › ")
        else:
            yield f"{prefix}{fact_label(name)}", in_words(value)


def in_words(value: Any) -> str:
    match value:
        case None | "" | []:
            return ""
        case bool():
            return "✓" if value else "–"
        case list():
            return ", ".join(in_words(each) for each in value)
    return str(value)


def summary_of(found: AuditRow) -> str:
    """One line for the list and the file."""
    changed = [
        f"{name}: {before or '—'} → {after or '—'}" for name, before, after in changes_of(found)
    ]
    rest = [f"{name}: {value}" for name, value in details_of(found) if value]
    return "; ".join([*changed, *rest])
