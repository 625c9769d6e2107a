"""What the pages of batches show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.meters.models import (
    Batch,
    BatchItem,
    BatchState,
    Meter,
    OwnershipRequest,
    ProductType,
    RequestState,
)

PAGE = 100
MOST_WAITING = 100


def batches() -> Select[Any]:
    """Sent and received, with both organisations."""
    return select(Batch).options(joinedload(Batch.issuer), joinedload(Batch.receiver))


def get_batch(public_id: str) -> Batch:
    """404 for everybody but its two organisations."""
    found: Batch | None = db.session.scalar(
        batches().where(Batch.public_id == public_id),
        execution_options={"populate_existing": True},
    )
    if found is None:
        abort(404)
    return found


def get_waiting(public_id: str, *, organisation_id: int) -> Batch:
    """For its receiver, whatever its state."""
    found = get_batch(public_id)
    if found.to_organisation_id != organisation_id:
        abort(404)
    return found


def waiting(organisation_id: int) -> list[Batch]:
    """Open batches for this receiver, the newest first."""
    return list(
        db.session.scalars(
            batches()
            .where(Batch.to_organisation_id == organisation_id, Batch.state == BatchState.OPEN)
            .order_by(Batch.created_at.desc(), Batch.id.desc())
            .limit(MOST_WAITING)
        )
    )


def shows_devices(batch: Batch, organisation_id: int) -> bool:
    """What was withdrawn is the receiver's business no longer."""
    return batch.from_organisation_id == organisation_id or batch.state != BatchState.WITHDRAWN


def type_counts(batch: Batch) -> list[tuple[str, int]]:
    """Product type → how many. Of meters that may be the other side's: the batch is one's own."""
    statement = (
        select(ProductType.name, func.count())
        .select_from(BatchItem)
        .join(Meter, Meter.id == BatchItem.meter_id)
        .join(ProductType, ProductType.id == Meter.product_type_id)
        .where(BatchItem.batch_id == batch.id)
        .group_by(ProductType.id)
        .order_by(ProductType.sort_name)
    )
    with unscoped("the meters of a batch that the caller may see"):
        return [(name, number) for name, number in db.session.execute(statement)]


@dataclass(frozen=True)
class Device:
    """One line of a batch's serials."""

    item_id: int
    serial: str
    product_type: str
    public_id: str
    is_ours: bool


@dataclass(frozen=True)
class Devices:
    rows: list[Device]
    next_after: str | None


def devices(batch: Batch, *, organisation_id: int, after: str = "") -> Devices:
    """A page of the batch's serials, in their order."""
    statement = (
        select(BatchItem.id, Meter.serial, ProductType.name, Meter.public_id, Meter.organisation_id)
        .select_from(BatchItem)
        .join(Meter, Meter.id == BatchItem.meter_id)
        .join(ProductType, ProductType.id == Meter.product_type_id)
        .where(BatchItem.batch_id == batch.id, BatchItem.id > _number(after))
        .order_by(BatchItem.id)
        .limit(PAGE + 1)
    )
    with unscoped("the meters of a batch that the caller may see"):
        found = [
            Device(item_id, serial, product_type, public_id, owner == organisation_id)
            for item_id, serial, product_type, public_id, owner in db.session.execute(statement)
        ]
    more = len(found) > PAGE
    return Devices(found[:PAGE], str(found[PAGE - 1].item_id) if more else None)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


@dataclass(frozen=True)
class Step:
    """One line of a batch's history; `word` is a key of `words.STEPS`."""

    at: datetime
    word: str
    by: str
    reason: str | None = None


def history(batch: Batch) -> list[Step]:
    """From its making on."""
    steps = [Step(batch.created_at, "created", batch.created_by)]
    requests = db.session.scalars(
        select(OwnershipRequest)
        .where(OwnershipRequest.batch_id == batch.id)
        .order_by(OwnershipRequest.id)
    ).all()
    for request in requests:
        steps.append(Step(request.asked_at, "asked", request.asked_by))
        if request.decided_at is not None:
            by = request.decided_by or ""
            steps.append(Step(request.decided_at, request.state, by, request.reason))
    ends = {BatchState.TAKEN: "taken", BatchState.WITHDRAWN: "batch_withdrawn"}
    confirmed = any(request.state == RequestState.CONFIRMED for request in requests)
    word = ends.get(BatchState(batch.state))
    if word is not None and batch.decided_at is not None and not confirmed:
        steps.append(Step(batch.decided_at, word, batch.decided_by or ""))
    return steps


def open_request(batch: Batch) -> OwnershipRequest | None:
    return db.session.scalar(
        select(OwnershipRequest).where(
            OwnershipRequest.batch_id == batch.id, OwnershipRequest.state == RequestState.PENDING
        )
    )
