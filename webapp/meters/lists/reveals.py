"""Who has seen the keys of a meter (K-28)."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, select

from webapp.core.db import db
from webapp.core.listing import Choice, Column, Listing, Option, Period
from webapp.meters.models import KeyReveal
from webapp.meters.words import reveal_form

MOST_OPTIONS = 200


def listing_of(meter_id: int) -> Listing:
    """The list of one meter: its filters offer who and what there is."""
    return Listing(
        name="reveals",
        model=KeyReveal,
        columns=[
            Column("at", _("When"), kind="time", sort=KeyReveal.at, first_descending=True),
            Column("by", _("Who"), main=True),
            Column("form", _("Form"), value=lambda r: reveal_form(r.form)),
        ],
        default_sort="-at",
        total=lambda n, shown: ngettext("%(shown)s time", "%(shown)s times", n, shown=shown),
        filters=[
            Choice("by", _("Who"), KeyReveal.by, lambda: _options(meter_id, KeyReveal.by)),
            Choice("form", _("Form"), KeyReveal.form, lambda: _forms(meter_id)),
            Period("at", _("When"), KeyReveal.at),
        ],
        ticked_by=KeyReveal.id,
        row_name=lambda r: r.by,
    )


def _values(meter_id: int, column: object) -> list[str]:
    some: Select[str] = select(column).where(KeyReveal.meter_id == meter_id).distinct()  # type: ignore[call-overload]
    return sorted(db.session.scalars(some.limit(MOST_OPTIONS)))


def _options(meter_id: int, column: object) -> list[Option]:
    return [Option(value, value, value) for value in _values(meter_id, column)]


def _forms(meter_id: int) -> list[Option]:
    found = _values(meter_id, KeyReveal.form)
    return [Option(value, reveal_form(value), value) for value in found]
