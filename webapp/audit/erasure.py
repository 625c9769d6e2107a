"""Taking a person's data out of the log: payload and salt go, the commitment stays, and the chain holds."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Text, and_, cast, func, literal, or_, update

from webapp.audit.models import AuditRow
from webapp.core.db import db
from webapp.core.principal import Actor


def by_person(user_id: int) -> ColumnElement[bool]:
    return and_(
        AuditRow.actor_kind.in_([Actor.USER.value, Actor.SEEING_AS.value]),
        AuditRow.actor_id == user_id,
    )


def about(kind: str, ids: Collection[str]) -> ColumnElement[bool]:
    return and_(AuditRow.object_kind == kind, AuditRow.object_id.in_(list(ids)))


def naming(words: Collection[str]) -> ColumnElement[bool]:
    """Rows whose payload has one of the texts, such as an address, as a value or within one."""
    payload = func.lower(cast(AuditRow.payload, Text))
    found = [payload.contains(_in_json(w), autoescape=True) for w in words if w]
    return or_(*found) if found else literal(False)


def saying(values: Collection[str]) -> ColumnElement[bool]:
    """Rows whose payload has one of the texts as a whole value: a name is not looked for within other words."""
    payload = func.lower(cast(AuditRow.payload, Text))
    found = [payload.contains(f'"{_in_json(v)}"', autoescape=True) for v in values if v]
    return or_(*found) if found else literal(False)


def erase(condition: ColumnElement[bool], *, now: datetime) -> int:
    """How many rows lost their content. What was erased before stays as it is."""
    statement = (
        update(AuditRow)
        .where(condition, AuditRow.erased_at.is_(None))
        .values(payload=None, salt=None, erased_at=now)
    )
    options = {"synchronize_session": False}
    return int(db.session.execute(statement, execution_options=options).rowcount)  # type: ignore[attr-defined]


def _in_json(word: str) -> str:
    """As PostgreSQL writes it within a JSON text."""
    return word.lower().replace("\\", "\\\\").replace('"', '\\"')
