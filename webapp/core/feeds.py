"""Positions in a stream of changes that programs follow: one head row a stream, advanced with the change
(decision 9). Whoever reads everything beyond a position misses nothing: positions become visible in their order.
"""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, BigInt, Id, db
from webapp.core.tenancy import Owned


class FeedHead(Owned, Base):
    """The last position given in one stream of one organisation."""

    __tablename__ = "feed_heads"
    __table_args__ = (
        UniqueConstraint("organisation_id", "stream"),
        {"postgresql_with": {"fillfactor": "50"}},
    )

    id: Mapped[Id]
    stream: Mapped[str]
    seq: Mapped[BigInt] = mapped_column(default=0)


def advance(stream: str, *, organisation_id: int, by: int = 1) -> int:
    """Take the next `by` positions; the first of them. Holds the stream until the commit: advance late."""
    first = insert(FeedHead).values(organisation_id=organisation_id, stream=stream, seq=by)
    taken = first.on_conflict_do_update(
        index_elements=["organisation_id", "stream"], set_={"seq": FeedHead.seq + by}
    ).returning(FeedHead.seq)
    last: int = db.session.execute(taken).scalar_one()
    return last - by + 1
