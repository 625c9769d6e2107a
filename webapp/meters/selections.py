"""What somebody ticked in the catalogue, kept for the page that follows: too many ids for an address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import abort
from sqlalchemy import BigInteger, ForeignKey, Index, delete, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.clock import utcnow
from webapp.core.db import Base, BigInt, Id, Instant, PublicId, commit, db
from webapp.core.drains import sweep
from webapp.core.principal import Actor, acting
from webapp.core.tenancy import Owned, unscoped

MOST = 100_000
"""As many as a batch may hold."""
KEPT = timedelta(hours=6)


class MeterSelection(Owned, Base):
    """Meters on their way from the catalogue to a page: its maker's alone, for some hours."""

    __tablename__ = "meter_selections"
    __table_args__ = (Index(None, "expires_at"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    meter_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    expires_at: Mapped[Instant]


def keep(ids: Sequence[int], *, organisation_id: int, now: datetime) -> str:
    """The public id under which whoever acts finds these meters again."""
    row = MeterSelection(
        organisation_id=organisation_id,
        user_id=_user_id(),
        meter_ids=list(ids),
        expires_at=now + KEPT,
    )
    db.session.add(row)
    db.session.flush()
    return row.public_id


def ids_of(public_id: str) -> list[int]:
    """404 for anybody else's, and for one that is over. The meters may have left meanwhile: ask for them in scope."""
    found = db.session.scalar(
        select(MeterSelection.meter_ids).where(
            MeterSelection.public_id == public_id,
            MeterSelection.user_id == _user_id(),
            MeterSelection.expires_at > utcnow(),
        )
    )
    return abort(404) if found is None else list(found)


def _user_id() -> int:
    """Programs have no pages, so they select nothing."""
    by = acting()
    if by.kind is not Actor.USER or by.id is None:
        abort(404)
    return by.id


@sweep("meter_selections", every_seconds=3600)
def remove_expired() -> None:
    """Nobody comes back to these."""
    with unscoped("sweep of old selections"):
        db.session.execute(delete(MeterSelection).where(MeterSelection.expires_at < utcnow()))
        commit()
