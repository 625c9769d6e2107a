"""Labels: free text with a colour, per organisation and trade (K-5).

Rows of a trade hold label numbers in a `smallint[]`; the number comes from the organisation's own series.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _
from sqlalchemy import Index, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped

from webapp.core import counters
from webapp.core.db import Base, Id, PublicId, SmallInt, Versioned, db
from webapp.core.errors import Refusal
from webapp.core.listing import Option
from webapp.core.names import sort_name
from webapp.core.tenancy import Owned

LONGEST_NAME = 40
COLOURS = 12
MOST_LABELS = 200


class Label(Owned, Versioned, Base):
    """`number` is what the rows' arrays hold; `colour` is a class of the palette, 1 to 12."""

    __tablename__ = "labels"
    __table_args__ = (
        UniqueConstraint("organisation_id", "number"),
        Index("uq_labels_name", "organisation_id", "trade", text("lower(name)"), unique=True),
        Index(None, "organisation_id", "sort_name", "id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    number: Mapped[SmallInt]
    name: Mapped[str]
    sort_name: Mapped[str]
    colour: Mapped[SmallInt]
    trade: Mapped[str]


def all_labels(trade: str) -> list[Label]:
    """Those of the organisation in scope, in order of their names."""
    statement = select(Label).where(Label.trade == trade).order_by(Label.sort_name)
    return list(db.session.scalars(statement))


def options(trade: str) -> list[Option]:
    """For the filter of a list."""
    return [Option(str(x.number), x.name, x.number, colour=x.colour) for x in all_labels(trade)]


def chips(numbers: Iterable[int], known: dict[int, Label]) -> list[tuple[str, int]]:
    """Name and colour of each that still exists, by name."""
    found = [known[n] for n in numbers if n in known]
    return [(x.name, x.colour) for x in sorted(found, key=lambda x: x.sort_name)]


def label_named(name: str, *, trade: str, organisation_id: int, colour: int | None = None) -> Label:
    """The organisation's label of that name, made if there is none yet."""
    wanted = " ".join(name.split())
    if not wanted or len(wanted) > LONGEST_NAME:
        raise Refusal(_("A label has 1 to %(most)s characters.", most=LONGEST_NAME), field="label")
    known = all_labels(trade)
    for label in known:
        if label.name.lower() == wanted.lower():
            return label
    if len(known) >= MOST_LABELS:
        raise Refusal(_("There are %(most)s labels already.", most=MOST_LABELS), field="label")
    number = counters.draw("label", organisation_id=organisation_id)
    label = Label(
        organisation_id=organisation_id,
        number=number,
        name=wanted,
        sort_name=sort_name(wanted),
        colour=colour or (number - 1) % COLOURS + 1,
        trade=trade,
    )
    db.session.add(label)
    db.session.flush()
    return label
