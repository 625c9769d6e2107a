"""Factory deliveries (K-4): taken in, committed, undone by the import engine; who may not touch them meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.tenancy import unscoped
from webapp.imports import services
from webapp.imports.models import Import, ImportState
from webapp.imports.subjects import subject_of
from webapp.meters.imports.converting import convert
from webapp.meters.imports.subjects import Deliveries
from webapp.meters.many import among
from webapp.meters.models import Delivery, Meter, ProductType
from webapp.meters.reading.deliveries import NEEDS_PASSWORD, DeliveryFormat
from webapp.orgs.models import Organisation

MOVING = (ImportState.COMMITTING, ImportState.UNDOING)


@dataclass(frozen=True, kw_only=True, repr=False)
class Parcel:
    """A file for an organisation, as it was handed in. The password is used once and kept nowhere."""

    stream: IO[bytes]
    file_name: str
    format: DeliveryFormat
    receiver: Organisation
    product_type: ProductType | None = None
    encoding: str = ""
    password: str = ""


def take_in(parcel: Parcel, *, operator: Organisation, now: datetime) -> Import:
    """Keep the file, sealed, with its columns recognised. `Refusal` says what is wrong with it."""
    if parcel.receiver.closed_at is not None:
        raise Refusal(_("%(name)s is closed.", name=parcel.receiver.name), field="receiver")
    if parcel.format in NEEDS_PASSWORD and not parcel.password:
        raise Refusal(
            _("KEM files open with a password: the customer number, or what the supplier chose."),
            field="password",
        )
    row = services.keep_upload(
        parcel.stream,
        parcel.file_name,
        subject_of(Deliveries.name),
        organisation_id=operator.id,
        encoding=parcel.encoding,
        converted=convert(parcel.stream, parcel.format, password=parcel.password),
        parameters={
            "receiver": parcel.receiver.id,
            "format": parcel.format.value,
            "by": acting().label,
        },
        now=now,
    )
    if parcel.format is DeliveryFormat.TTS_CSV and "dev_eui" not in row.mapping:
        raise Refusal(_("The column “%(column)s” is missing.", column="dev_eui"), field="file")
    if parcel.product_type is not None:
        row.mapping = _with_type(row.mapping, parcel.product_type)
    return row


def _with_type(mapping: dict[str, Any], kind_of: ProductType) -> dict[str, Any]:
    name = f"{kind_of.maker.code} {kind_of.name}"
    return {**mapping, "product_type": {**mapping.get("product_type", {}), "default": name}}


def receiver_of(row: Import) -> Organisation:
    """Only in the operator's scope."""
    return db.session.scalars(
        select(Organisation).where(Organisation.id == row.parameters["receiver"])
    ).one()


def find(public_id: str, *, lock: bool = False) -> Import | None:
    """A delivery on its way or there. Only in the operator's scope."""
    statement = select(Import).where(
        Import.public_id == public_id, Import.subject == Deliveries.name
    )
    return db.session.scalar(statement.with_for_update() if lock else statement)


def hold(meter_ids: Sequence[int]) -> None:
    """Until the commit no delivery of these devices is taken back; `Refusal` while one is arriving or going.

    Asked before devices are claimed or batched: of them and an undoing at once, one sees the other.
    """
    of_these = select(Meter.delivery_id).where(among(Meter.id, meter_ids)).distinct()
    with unscoped("the deliveries by which devices came"):
        states = db.session.scalars(
            select(Import.state)
            .join(Delivery, Delivery.public_id == Import.public_id)
            .where(Delivery.id.in_(of_these))
            .order_by(Import.id)
            .with_for_update(read=True, of=Import)
        ).all()
    if any(state in MOVING for state in states):
        words = _(
            "Some of these devices are still arriving, or their delivery is being taken back. "
            "Try again in a few minutes."
        )
        raise Refusal(words, status=409)
