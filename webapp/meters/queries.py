"""Meters in scope."""

from __future__ import annotations

from typing import Any

from flask import abort
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from webapp.core.db import db
from webapp.meters.models import Maker, Meter, ProductType


def meters() -> Select[Any]:
    """All meters of the organisation in scope, with their types."""
    return select(Meter).options(joinedload(Meter.product_type))


def get_meter(public_id: str) -> Meter:
    """404 for everybody who does not own it."""
    found: Meter | None = db.session.scalar(meters().where(Meter.public_id == public_id))
    if found is None:
        abort(404)
    return found


def product_types() -> list[ProductType]:
    """All, by name."""
    return list(db.session.scalars(select(ProductType).order_by(ProductType.sort_name)))


def makers() -> list[Maker]:
    """All, by name."""
    return list(db.session.scalars(select(Maker).order_by(Maker.sort_name)))
