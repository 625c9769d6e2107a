"""A list of gauges: a table of the tests' own, in a registry of its own, so that the application never sees it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask_babel import ngettext
from sqlalchemy import BigInteger, Index, Text, insert
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from webapp.core.db import Id, Instant, SmallInts, db, new_public_id
from webapp.core.listing import (
    Below,
    Bulk,
    Choice,
    Column,
    Ends,
    Flag,
    Labels,
    Listing,
    Number,
    Option,
    Period,
    Starts,
    Words,
    word_index,
)
from webapp.core.tenancy import Owned

FIRST = datetime(2026, 3, 1, 12, tzinfo=UTC)


class GaugeBase(DeclarativeBase):
    """Its own metadata."""

    type_annotation_map = {
        str: Text,
        datetime: Instant.__metadata__[0].column.type,
        list[str]: ARRAY(Text),
    }


class Gauge(Owned, GaugeBase):
    """A thing with all that a list can show."""

    __tablename__ = "test_gauges"
    __table_args__ = (
        Index(None, "organisation_id", "number", "id"),
        word_index("test_gauges_words", "name"),
    )

    id: Mapped[Id]
    organisation_id: Mapped[int] = mapped_column(BigInteger)
    public_id: Mapped[str] = mapped_column(default=new_public_id)
    number: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(default="")
    serial: Mapped[str] = mapped_column(default="")
    serial_end: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="online")
    site_id: Mapped[int | None] = mapped_column(BigInteger)
    labels: Mapped[SmallInts] = mapped_column(default=list)
    opened_at: Mapped[Instant]
    note: Mapped[str | None]


def sites() -> list[Option]:
    return [
        Option("north", "North", 1),
        Option("south", "South", 2),
        Option("none", "No site", None),
    ]


GAUGES = Listing(
    name="gauges",
    model=Gauge,
    columns=[
        Column("name", "Name", link=lambda g: f"/gauges/{g.public_id}"),
        Column("number", "Number", kind="number", sort=Gauge.number),
        Column("serial", "Serial", kind="code", sort=Gauge.serial),
        Column("state", "State", kind="state", sort=Gauge.state),
        Column(
            "opened",
            "Opened",
            kind="time",
            value=lambda g: g.opened_at,
            sort=Gauge.opened_at,
            first_descending=True,
        ),
        Column(
            "labels",
            "Labels",
            kind="labels",
            value=lambda g: [(f"L{n}", n) for n in g.labels],
            csv=lambda g: g.labels,
        ),
        Column("note", "Note", csv=True),
    ],
    default_sort="number",
    total=lambda n, shown: ngettext("%(shown)s gauge", "%(shown)s gauges", n, shown=shown),
    search=[Number(Gauge.number), Starts(Gauge.serial), Ends(Gauge.serial_end), Words(Gauge.name)],
    filters=[
        Choice("state", "State", Gauge.state, [("online", "Online"), ("alarm", "Alarm")]),
        Choice("site", "Site", Gauge.site_id, sites),
        Labels(
            "label", "Label", Gauge.labels, [Option("1", "Red", 1, 1), Option("2", "Blue", 2, 2)]
        ),
        Period("opened", "Opened", Gauge.opened_at),
        Flag("noted", "With a note", Gauge.note.is_not(None)),
        Below("below", "And below"),
    ],
    bulk=[Bulk("claim", "Claim"), Bulk("drop", "Drop", danger=True, confirm="Drop them?")],
    menu=lambda g: [{"text": "Open", "href": f"/gauges/{g.public_id}"}, None],
    sizes=(5, 10, 50),
    size=5,
)


def gauge(organisation_id: int, number: int, **more: Any) -> dict[str, Any]:
    serial = more.pop("serial", f"SN{number:04}")
    return {
        "organisation_id": organisation_id,
        "public_id": new_public_id(),
        "number": number,
        "name": f"Gauge {number}",
        "serial": serial,
        "serial_end": serial[::-1],
        "state": "online",
        "site_id": None,
        "labels": [],
        "opened_at": FIRST + timedelta(hours=number),
        "note": None,
        **more,
    }


def put(*rows: dict[str, Any]) -> None:
    db.session.execute(insert(Gauge.__table__), list(rows))
    db.session.commit()


def day(text: str) -> date:
    return date.fromisoformat(text)
