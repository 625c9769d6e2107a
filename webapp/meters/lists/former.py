"""Meters that were this organisation's (K-15): serial, type, from, until, and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Mapped, column_property

from webapp.core.db import Base
from webapp.core.listing import Column, Listing, Period
from webapp.core.listing.searches import Ends, Starts
from webapp.core.tenancy import Owned
from webapp.devices.models import Device, DeviceKind, Ownership
from webapp.meters.models import Meter, ProductType

_OWNERSHIPS: Any = Ownership.__table__
_DEVICES: Any = Device.__table__
_METERS: Any = Meter.__table__
_TYPES: Any = ProductType.__table__


class FormerMeter(Owned, Base):
    """A stretch of ownership, with what one may still know of a device that is another's now."""

    __table__ = _OWNERSHIPS
    organisation_id = _OWNERSHIPS.c.organisation_id
    if TYPE_CHECKING:
        id: Mapped[int]
        device_id: Mapped[int]
        began_at: Mapped[datetime]
        ended_at: Mapped[datetime | None]
    serial = column_property(
        select(_DEVICES.c.serial)
        .where(_DEVICES.c.id == _OWNERSHIPS.c.device_id)
        .correlate(_OWNERSHIPS)
        .scalar_subquery()
    )
    type_name = column_property(
        select(_TYPES.c.name)
        .join_from(_METERS, _TYPES, _TYPES.c.id == _METERS.c.product_type_id)
        .where(_METERS.c.id == _OWNERSHIPS.c.device_id)
        .correlate(_OWNERSHIPS)
        .scalar_subquery()
    )


def former_meters() -> Select[Any]:
    """Stretches that are over, of the organisation in scope."""
    is_meter = select(_DEVICES.c.id).where(
        _DEVICES.c.id == FormerMeter.device_id, _DEVICES.c.kind == DeviceKind.METER.value
    )
    return select(FormerMeter).where(FormerMeter.ended_at.is_not(None), is_meter.exists())


def _serial(typed: str) -> ColumnElement[bool]:
    """Beginning or end, by the indexes of all devices: the stretches are one's own."""
    conditions = (Starts(_DEVICES.c.serial)(typed), Ends(func.reverse(_DEVICES.c.serial))(typed))
    fitting = select(_DEVICES.c.id).where(or_(*(c for c in conditions if c is not None)))
    return FormerMeter.device_id.in_(fitting)


FORMER = Listing(
    name="former-meters",
    model=FormerMeter,
    columns=[
        Column("serial", _("Serial number"), kind="code"),
        Column("type_name", _("Product type")),
        Column(
            "began_at",
            _("Ours from"),
            kind="date",
            sort=FormerMeter.began_at,
            first_descending=True,
        ),
        Column("ended_at", _("until"), kind="date", main=True),
    ],
    default_sort="-began_at",
    total=lambda n, shown: ngettext("%(shown)s meter", "%(shown)s meters", n, shown=shown),
    search=[_serial],
    search_hint=_("Serial number"),
    filters=[Period("until", _("Until"), FormerMeter.ended_at)],
    row_name=lambda o: o.serial,
    ticked_by=FormerMeter.id,
)
