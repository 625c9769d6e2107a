"""Batches: devices named together for another organisation. Checked whole before one is made (K-11, K-12, K-16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import (
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from webapp.audit import log as audit
from webapp.core.db import db, rollback
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.devices.labels import label_named
from webapp.meters import deliveries, letters, notes
from webapp.meters.batch_checks import Fault, Refused, Report, check
from webapp.meters.events import MeterEvent
from webapp.meters.many import among
from webapp.meters.models import Batch, BatchItem, BatchState, ClaimState, Meter
from webapp.orgs.models import Organisation

__all__ = ["Fault", "Refused", "Report", "check"]

MOST_SERIALS = 100_000
LONGEST_REFERENCE = 40


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A batch to be made."""

    reference: str
    receiver: Organisation
    needs_confirmation: bool
    label_name: str | None = None
    """Set on the devices at the issuer now, and under the same name at the receiver when it takes over."""


def fold(reference: str) -> str:
    """The form under which references are the same."""
    return " ".join(reference.upper().split())


def create(
    wanted: Wanted, meter_ids: Sequence[int], *, issuer: Organisation, now: datetime
) -> Batch:
    """The batch with its devices; `Refusal` if one of them was taken meanwhile or the reference is taken."""
    reference = checked_reference(wanted.reference, issuer)
    if not meter_ids:
        raise Refusal(_("A batch needs at least one device."), field="serials")
    if len(meter_ids) > MOST_SERIALS:
        raise Refusal(
            _("A batch holds at most %(most)s devices.", most=MOST_SERIALS), field="serials"
        )
    batch = Batch(
        from_organisation_id=issuer.id,
        to_organisation_id=wanted.receiver.id,
        reference=reference,
        reference_folded=fold(reference),
        needs_confirmation=wanted.needs_confirmation,
        devices=len(meter_ids),
        receiver_label_name=wanted.label_name,
        created_at=now,
        created_by=acting().label,
    )
    _add(batch)
    deliveries.hold(meter_ids)
    serials = _hold(batch, meter_ids)
    if wanted.label_name:
        _set_label(wanted.label_name, meter_ids, organisation_id=issuer.id)
    audit.record(
        MeterEvent.BATCH_CREATED,
        organisation_id=issuer.id,
        kind="batch",
        id=batch.public_id,
        label=batch.reference,
        detail={"receiver": wanted.receiver.name, **notes.of_many(serials)},
    )
    letters.tell_of_new(batch, issuer, wanted.receiver, now=now)
    return batch


def _add(batch: Batch) -> None:
    """Two who take the same reference at once: the second is told, like one who comes later."""
    db.session.add(batch)
    try:
        db.session.flush()
    except IntegrityError as error:
        rollback()
        raise _reference_taken() from error


def _set_label(name: str, meter_ids: Sequence[int], *, organisation_id: int) -> None:
    label = label_named(name, trade="meters", organisation_id=organisation_id)
    db.session.execute(
        update(Meter)
        .where(among(Meter.id, meter_ids), ~Meter.labels.contains([label.number]))
        .values(labels=func.array_append(Meter.labels, label.number), version=Meter.version + 1),
        execution_options={"synchronize_session": False},
    )


def _reference_taken() -> Refusal:
    return Refusal(
        _("There is a batch with this reference already."), field="reference", status=409
    )


def checked_reference(typed: str, issuer: Organisation) -> str:
    """Begins with the issuer's prefix, which is fixed; unique for the issuer."""
    reference, prefix = " ".join(typed.split()), issuer.prefix
    if not prefix:
        raise Refusal(
            _(
                "Your organisation needs a short prefix first: every batch reference begins with it."
            ),
            field="reference",
        )
    if not fold(reference).startswith(f"{prefix}-") or len(reference) <= len(prefix) + 1:
        raise Refusal(
            _("A batch reference begins with %(prefix)s-.", prefix=prefix), field="reference"
        )
    if len(reference) > LONGEST_REFERENCE:
        raise Refusal(
            _("A batch reference has at most %(most)s characters.", most=LONGEST_REFERENCE),
            field="reference",
        )
    taken = select(Batch.id).where(
        Batch.from_organisation_id == issuer.id, Batch.reference_folded == fold(reference)
    )
    if db.session.scalar(taken) is not None:
        raise _reference_taken()
    return reference


def suggested_reference(issuer: Organisation, *, year: int) -> str:
    """Prefix, year and the next number of the year's series: `ACME-2026-0007`; "" without a prefix.

    Nothing is drawn: a form that is never sent leaves no gap. Two who see the same suggestion are told.
    """
    if not issuer.prefix:
        return ""
    beginning = f"{issuer.prefix}-{year}-"
    numbers = select(func.substr(Batch.reference_folded, len(beginning) + 1)).where(
        Batch.from_organisation_id == issuer.id,
        Batch.reference_folded.like(f"{beginning}____%"),
        Batch.reference_folded.regexp_match(f"^{beginning}[0-9]{{4,9}}$"),
    )
    taken = [int(number) for number in db.session.scalars(numbers)]
    return f"{beginning}{max(taken, default=0) + 1:04}"


def _hold(batch: Batch, meter_ids: Sequence[int]) -> list[str]:
    """Lock the devices, then look whether another batch got them first; hold them. Their serials.

    Locking and looking are two statements: the second sees what was committed while the first waited.
    """
    rows = db.session.execute(
        select(Meter.id, Meter.serial)
        .where(among(Meter.id, meter_ids), Meter.organisation_id == batch.from_organisation_id)
        .where(Meter.claim_state != ClaimState.PENDING)
        .order_by(Meter.id)
        .with_for_update()
    ).all()
    held = select(BatchItem.id).where(
        among(BatchItem.meter_id, meter_ids), BatchItem.open.is_(True)
    )
    if len(rows) != len(set(meter_ids)) or db.session.scalar(held.limit(1)) is not None:
        raise Refusal(
            _("Some of these devices were put into a batch or left meanwhile. Check them again."),
            status=409,
            field="serials",
        )
    items = select(
        literal(batch.from_organisation_id, Batch.from_organisation_id.type),
        literal(batch.to_organisation_id, Batch.to_organisation_id.type),
        literal(batch.id, BatchItem.batch_id.type),
        Meter.id,
        Meter.claim_state,
        literal(True),
    ).where(among(Meter.id, meter_ids))
    names = [
        "from_organisation_id",
        "to_organisation_id",
        "batch_id",
        "meter_id",
        "was_state",
        "open",
    ]
    db.session.execute(insert(BatchItem).from_select(names, items))
    return [row.serial for row in rows]


def withdraw(batch: Batch, *, now: datetime) -> None:
    """While it is open; its devices are free again."""
    steps(batch, BatchState.OPEN, BatchState.WITHDRAWN, now=now)
    let_go(batch)
    audit.record(
        MeterEvent.BATCH_WITHDRAWN,
        organisation_id=batch.from_organisation_id,
        kind="batch",
        id=batch.public_id,
        label=batch.reference,
        detail={"devices": batch.devices},
    )


def steps(batch: Batch, was: BatchState, becomes: BatchState, *, now: datetime) -> None:
    """Compare and set: of two at once the second is told."""
    done = db.session.execute(
        update(Batch)
        .where(Batch.id == batch.id, Batch.state == was)
        .values(
            state=becomes,
            decided_at=None if becomes in (BatchState.OPEN, BatchState.PENDING) else now,
            decided_by=None if becomes in (BatchState.OPEN, BatchState.PENDING) else acting().label,
            version=Batch.version + 1,
        )
        .returning(Batch.id),
        execution_options={"synchronize_session": False},
    ).scalar_one_or_none()
    if done is None:
        raise Refusal(
            _("Somebody was faster: this batch is not in that state any more. Look at it again."),
            status=409,
        )
    db.session.refresh(batch)


def let_go(batch: Batch) -> None:
    """The batch holds its devices no longer."""
    db.session.execute(
        update(BatchItem).where(BatchItem.batch_id == batch.id).values(open=False),
        execution_options={"synchronize_session": False},
    )
