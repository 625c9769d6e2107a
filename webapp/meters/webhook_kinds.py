"""What webhooks tell of meters. Never a key: programs fetch keys with a token of their own (K-26)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.core.db import db
from webapp.core.tenancy import scope
from webapp.meters.models import Batch, Meter
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission
from webapp.webhooks.kinds import EventKind
from webapp.webhooks.outbox import emit

AT_ONCE = 500
"""Devices named in one event; a larger claim makes several."""


class MeterKind(EventKind):
    DEVICE_CLAIMED = "device.claimed", _("Meters claimed"), Permission.METERS_READ
    BATCH_RECEIVED = "batch.received", _("Batch of meters received"), Permission.BATCHES_READ


def tell_of_claims(meter_ids: Sequence[int], *, organisation_id: int, now: datetime) -> None:
    """These meters are the organisation's and claimed: their keys can be fetched from now on."""
    db.session.flush()
    with scope(organisation_id):
        for start in range(0, len(meter_ids), AT_ONCE):
            some = meter_ids[start : start + AT_ONCE]
            told = emit(
                MeterKind.DEVICE_CLAIMED,
                organisation_id=organisation_id,
                data=lambda some=some: {"devices": _devices(some)},  # type: ignore[misc]
                now=now,
            )
            if told is None:
                return
        db.session.flush()


def tell_of_batch(batch: Batch, issuer: Organisation, *, now: datetime) -> None:
    """A batch waits for its receiver."""
    data = {
        "id": batch.public_id,
        "reference": batch.reference,
        "devices": batch.devices,
        "needs_confirmation": batch.needs_confirmation,
        "issuer": {"id": issuer.public_id, "name": issuer.name},
    }
    db.session.flush()
    with scope(batch.to_organisation_id):
        emit(
            MeterKind.BATCH_RECEIVED,
            organisation_id=batch.to_organisation_id,
            data=lambda: {"batch": data},
            now=now,
        )
        db.session.flush()


def _devices(ids: Sequence[int]) -> list[dict[str, Any]]:
    meters = db.session.scalars(
        select(Meter)
        .where(Meter.id.in_(ids))
        .options(joinedload(Meter.product_type))
        .order_by(Meter.id)
        .execution_options(populate_existing=True)
    )
    return [
        {
            "id": meter.public_id,
            "serial": meter.serial,
            "product_type": meter.product_type.name,
            "batch_reference": meter.batch_reference,
        }
        for meter in meters
    ]
