"""Seeing as: an operator looks at the portal as somebody of an organisation would, and can change nothing (P-36).

It belongs to one signed-in browser and ends by hand, with the session, or after an hour. While it lasts every request
of that browser that is not a GET is refused, and GETs run in a read-only transaction: what a view might write,
PostgreSQL refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app, g, has_request_context, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy import ForeignKey, Index, or_, select, text
from sqlalchemy.exc import InternalError
from sqlalchemy.orm import Mapped, contains_eager, mapped_column, relationship
from werkzeug.exceptions import Forbidden

from webapp.accounts import sessions
from webapp.accounts.models import User, UserSession
from webapp.audit import log as audit
from webapp.core.access import PUBLIC, Access, guard, reveals_secret
from webapp.core.clock import utcnow
from webapp.core.db import Base, BigInt, Id, Instant, db, rollback
from webapp.core.errors import Refusal
from webapp.core.principal import CLOCK, Principal
from webapp.core.tenancy import Owned, unscoped
from webapp.orgs.events import OrgEvent
from webapp.orgs.models import Organisation, OrganisationKind
from webapp.orgs.permissions import Role

LASTS = timedelta(minutes=60)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
OPEN_WHILE_SEEING = frozenset({"operator.seeing_end", "accounts.sign_out"})
"""All that may be posted: the two ways out."""


class Seeing(Owned, Base):
    """One look of an operator into an organisation, in one role, in one browser."""

    __tablename__ = "seeings"
    __table_args__ = (
        Index(
            "uq_seeings_open", "session_id", unique=True, postgresql_where=text("ended_at IS NULL")
        ),
        Index(None, "organisation_id", "began_at"),
        Index(None, "user_id"),
        Index("ix_seeings_open", "ends_at", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[Id]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    session_id: Mapped[int | None] = mapped_column(
        ForeignKey("user_sessions.id", ondelete="SET NULL")
    )
    role: Mapped[str]
    reason: Mapped[str]
    began_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    ended_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()


@dataclass(frozen=True)
class Sight:
    """What a request needs to know of it, apart from the row, which no scope may have to load again."""

    organisation: Organisation
    user_id: int
    role: Role
    ends_at: datetime


def seeing_now() -> Sight | None:
    """What this request's browser is seeing as, asked once a request and for operators alone."""
    if not has_request_context() or not getattr(current_user, "is_operator", False):
        return None
    if "seeing" not in g:
        g.seeing = _find(sessions.current_session(), utcnow())
    found: Sight | None = g.seeing
    return found


def seeing_of(user: User) -> Sight | None:
    found = seeing_now()
    return found if found is not None and found.user_id == user.id else None


def _find(session: UserSession, now: datetime) -> Sight | None:
    with unscoped("whom does this operator see as"):
        row = db.session.scalar(
            select(Seeing)
            .join(Seeing.organisation)
            .where(
                Seeing.session_id == session.id,
                Seeing.ended_at.is_(None),
                Seeing.ends_at > now,
                Organisation.closed_at.is_(None),
            )
            .options(contains_eager(Seeing.organisation))
        )
        if row is None:
            return None
        return Sight(row.organisation, row.user_id, Role(row.role), row.ends_at)


def begin_seeing(
    organisation: Organisation,
    role: Role,
    reason: str,
    *,
    user: User,
    session: UserSession,
    by: Principal,
    now: datetime,
) -> Seeing:
    """Raises `Refusal` where there is nothing to see or the organisation asks for a second step."""
    if organisation.kind == OrganisationKind.PERSONAL:
        raise Refusal(_("A personal space is its owner's alone; nobody else looks into it."))
    if organisation.is_closed:
        raise Refusal(_("The organisation is closed; open it again first."))
    if organisation.require_two_factor and not user.has_second_step:
        raise Refusal(
            _(
                "This organisation asks for two-factor sign-in. Set it up for your own account first."
            )
        )
    end_all(session, by=by, now=now)
    row = Seeing(
        organisation_id=organisation.id,
        organisation=organisation,
        user_id=user.id,
        session_id=session.id,
        role=role.value,
        reason=reason,
        began_at=now,
        ends_at=now + LASTS,
    )
    db.session.add(row)
    db.session.flush()
    _record(OrgEvent.SEEING_BEGUN, row, by, {"roles": [role.value], "reason": reason})
    return row


def end_all(session: UserSession, *, by: Principal, now: datetime) -> Organisation | None:
    """End what this browser sees as; of which organisation, or None where there was nothing."""
    with unscoped("whom does this operator see as"):
        rows = _open_ones(Seeing.session_id == session.id)
        for row in rows:
            _end(row, by=by, now=now)
        return rows[0].organisation if rows else None


def end_overdue(*, now: datetime) -> int:
    """Those whose hour is over or whose browser was signed out; only in a sweep."""
    over = or_(
        Seeing.ends_at <= now,
        Seeing.session_id.is_(None),
        UserSession.ended_at.is_not(None),
        UserSession.last_seen_at < now - sessions.IDLE,
    )
    rows = _open_ones(over)
    for row in rows:
        _end(row, by=CLOCK, now=now)
    return len(rows)


def _open_ones(condition: object) -> list[Seeing]:
    statement = (
        select(Seeing)
        .outerjoin(UserSession, UserSession.id == Seeing.session_id)
        .where(Seeing.ended_at.is_(None), condition)  # type: ignore[arg-type]
        .order_by(Seeing.id)
        .with_for_update(of=Seeing, skip_locked=True)
    )
    return list(db.session.scalars(statement))


def _end(row: Seeing, *, by: Principal, now: datetime) -> None:
    row.ended_at = min(now, row.ends_at)
    minutes = int((row.ended_at - row.began_at).total_seconds() // 60)
    _record(OrgEvent.SEEING_ENDED, row, by, {"minutes": minutes})
    db.session.flush()


def _record(event: OrgEvent, row: Seeing, by: Principal, detail: dict[str, object]) -> None:
    organisation = row.organisation
    audit.record(
        event,
        organisation_id=organisation.id,
        kind="organisation",
        id=organisation.public_id,
        label=organisation.name,
        detail=detail,
        by=by,
    )


@guard
def look_but_not_touch(access: Access) -> None:
    """The one place that keeps an operator who sees as somebody from changing anything."""
    is_safe = request.method in SAFE_METHODS
    if is_safe and access is PUBLIC:
        return
    seeing = seeing_now()
    if seeing is None or request.endpoint in OPEN_WHILE_SEEING:
        return
    if not is_safe or reveals_secret_here():
        raise _refused(seeing)
    db.session.execute(text("SET TRANSACTION READ ONLY"))


def reveals_secret_here() -> bool:

    return request.endpoint is not None and reveals_secret(current_app, request.endpoint)


def _refused(seeing: Sight) -> Forbidden:
    words = _(
        "You see Outpost as somebody of %(org)s would, and can change nothing. End it first.",
        org=seeing.organisation.name,
    )
    return Forbidden(words)


def answer_read_only(error: InternalError) -> ResponseReturnValue:
    """A GET that would have written: refused by PostgreSQL, told like any other change."""
    seeing = g.get("seeing")
    if not isinstance(error.orig, ReadOnlySqlTransaction) or seeing is None:
        raise error
    rollback()
    return current_app.handle_user_exception(_refused(seeing))
