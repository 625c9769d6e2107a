"""The demonstration's factory deliveries, by the import engine: one arrived, one has to be mended."""

from __future__ import annotations

import io
import os
from datetime import datetime

from sqlalchemy import select

from webapp.core.activities import Activity, run_activities
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.imports import services
from webapp.imports.models import Import
from webapp.imports.subjects import subject_of
from webapp.meters.deliveries import Parcel, take_in
from webapp.meters.imports.subjects import Deliveries
from webapp.meters.models import ProductType, Radio
from webapp.meters.reading.deliveries import DeliveryFormat
from webapp.orgs.models import Organisation, OrganisationKind

DEVICES = 12


def seed(receiver: Organisation, *, now: datetime) -> None:
    """Once; keys are random, but for one that is all zero."""
    with unscoped("the demonstration's deliveries"):
        is_there = select(Import.id).where(Import.subject == Deliveries.name).limit(1)
        kind_of = db.session.scalars(
            select(ProductType)
            .where(ProductType.radio == Radio.WMBUS, ProductType.active)
            .order_by(ProductType.id)
        ).first()
        operator = db.session.scalars(
            select(Organisation).where(Organisation.kind == OrganisationKind.OPERATOR)
        ).first()
        if kind_of is None or operator is None or db.session.scalar(is_there) is not None:
            return
        good = _checked("delivery-2026-11.csv", _lines(600), kind_of, receiver, operator, now)
        services.begin_commit(good, without_faulty=False, version=str(good.version))
        _work(good.id)
        broken = _lines(700)
        _checked("delivery-2026-12.csv", broken, kind_of, receiver, operator, now)


def _lines(first: int) -> str:
    numbers = range(27_200_00 + first, 27_200_00 + first + DEVICES)
    keys = [bytes(16), *(os.urandom(16) for _n in range(DEVICES - 1))]
    lines = [f"F{n};{n:08};1B;07;{key.hex()}" for n, key in zip(numbers, keys, strict=True)]
    lines[3] = lines[3][:-2] if first != 600 else lines[3]
    return "\n".join(["serial;mbus id;mbus version;mbus medium;oms key", *lines]) + "\n"


def _checked(
    name: str,
    content: str,
    kind_of: ProductType,
    receiver: Organisation,
    operator: Organisation,
    now: datetime,
) -> Import:
    parcel = Parcel(
        stream=io.BytesIO(content.encode()),
        file_name=name,
        format=DeliveryFormat.OWN_CSV,
        receiver=receiver,
        product_type=kind_of,
    )
    row = take_in(parcel, operator=operator, now=now)
    services.begin_check(row, subject_of(row.subject), row.mapping, version=str(row.version))
    return _work(row.id)


def _work(import_id: int) -> Import:
    """What is due is done here and now."""
    while True:
        commit()
        row = db.session.scalars(
            select(Import).where(Import.id == import_id),
            execution_options={"populate_existing": True},
        ).one()
        waits = select(Activity.id).where(
            Activity.id == row.activity_id, Activity.ended_at.is_(None)
        )
        if db.session.scalar(waits) is None:
            return row
        run_activities()
