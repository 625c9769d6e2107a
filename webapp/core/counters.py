"""Numbers without gap or double: one head row a series, drawn in the transaction that uses the number (decision 9)."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, BigInt, Id, db
from webapp.core.tenancy import Owned


class Counter(Owned, Base):
    """The last number drawn of one series of one organisation."""

    __tablename__ = "counters"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[Id]
    name: Mapped[str]
    value: Mapped[BigInt] = mapped_column(default=0)


def draw(name: str, *, organisation_id: int) -> int:
    """The next number of the series, from 1. Holds the series until the commit: draw late."""
    first = insert(Counter).values(organisation_id=organisation_id, name=name, value=1)
    drawn = first.on_conflict_do_update(
        index_elements=["organisation_id", "name"], set_={"value": Counter.value + 1}
    ).returning(Counter.value)
    return db.session.execute(drawn).scalar_one()
