"""What happened to a meter: its keys, owners, batches, reveals, entries of the log (K-2, K-28)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, func, or_, select

from webapp.audit.models import AuditRow
from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.devices.models import Ownership
from webapp.meters.kinds import ALGORITHMS, KEY_BYTES, LABELS, SLOT_LABELS, KeyKind, Slot
from webapp.meters.models import Batch, BatchItem, KeyReveal, Meter, MeterKey
from webapp.orgs.models import Organisation, Partner

MOST = 20


@dataclass(frozen=True)
class KeyFacts:
    """A stored key, without its value."""

    row: MeterKey
    name: str
    algorithm: str
    bits: int
    slot: str

    @property
    def in_use(self) -> bool:
        return self.row.valid_to is None


def keys_of(meter: Meter) -> list[KeyFacts]:
    """The valid ones by kind, then those of the past, latest first."""
    rows = db.session.scalars(
        select(MeterKey)
        .where(MeterKey.meter_id == meter.id)
        .order_by(MeterKey.kind, MeterKey.slot, MeterKey.id.desc())
    )
    facts = [_facts(row) for row in rows]
    past = sorted((f for f in facts if not f.in_use), key=lambda f: f.row.id, reverse=True)
    return [*(f for f in facts if f.in_use), *past]


def _facts(row: MeterKey) -> KeyFacts:
    kind = KeyKind(row.kind)
    bits = 8 * KEY_BYTES[kind]
    return KeyFacts(
        row, str(LABELS[kind]), ALGORITHMS[kind], bits, str(SLOT_LABELS[Slot(row.slot)])
    )


@dataclass(frozen=True)
class Stretch:
    """Somebody owned the meter from then to then."""

    owner: str
    began_at: datetime
    ended_at: datetime | None


def owners_of(meter: Meter) -> list[Stretch]:
    """Latest first. Organisations that this one doesn't know stay without a name."""
    known = _known_organisations(meter)
    with unscoped("the owners of a meter in scope, named where they are known"):
        rows = db.session.execute(
            select(Ownership.organisation_id, Ownership.began_at, Ownership.ended_at)
            .where(Ownership.device_id == meter.id)
            .order_by(Ownership.began_at.desc(), Ownership.id.desc())
            .limit(MOST)
        ).all()
    return [Stretch(known.get(r[0]) or str(_("Another organisation")), r[1], r[2]) for r in rows]


def _known_organisations(meter: Meter) -> dict[int, str]:
    """Itself, those below and above, partners, and whoever gave or took the meter in a batch."""
    own = meter.organisation_id
    partners = select(Partner.partner_id).where(Partner.organisation_id == own)
    dealt = select(Batch.from_organisation_id, Batch.to_organisation_id).where(
        Batch.id.in_(select(BatchItem.batch_id).where(BatchItem.meter_id == meter.id))
    )
    ids = {own, *db.session.scalars(partners)}
    for sides in db.session.execute(dealt):
        ids.update(sides)
    with unscoped("names of organisations that are known"):
        path = db.session.scalar(select(Organisation.path).where(Organisation.id == own)) or ""
        above = [int(part) for part in path.split("/") if part.isdigit()]
        rows = db.session.execute(
            select(Organisation.id, Organisation.name).where(
                or_(Organisation.id.in_([*ids, *above]), Organisation.path.startswith(path))
            )
        )
        return {row.id: row.name for row in rows}


def batches_of(meter: Meter) -> list[Batch]:
    """Those of this organisation's that it went through, latest first."""
    items = select(BatchItem.batch_id).where(BatchItem.meter_id == meter.id)
    rows = select(Batch).where(Batch.id.in_(items)).order_by(Batch.created_at.desc()).limit(MOST)
    return list(db.session.scalars(rows))


def reveals_of(meter: Meter) -> Select[Any]:
    """Who has seen its keys while it was this organisation's."""
    return select(KeyReveal).where(KeyReveal.meter_id == meter.id)


def latest_reveals(meter: Meter, number: int = 5) -> list[KeyReveal]:
    latest = reveals_of(meter).order_by(KeyReveal.at.desc(), KeyReveal.id.desc()).limit(number)
    return list(db.session.scalars(latest))


@dataclass(frozen=True)
class Earlier:
    """Reveals by former owners: that there were some is the present one's business, who it was is not."""

    number: int
    last_at: datetime | None


def earlier_reveals(meter: Meter) -> Earlier:
    with unscoped("how often former owners saw the keys, without saying who"):
        row = db.session.execute(
            select(func.count(), func.max(KeyReveal.at)).where(
                KeyReveal.meter_id == meter.id,
                KeyReveal.organisation_id != meter.organisation_id,
            )
        ).one()
    return Earlier(row[0], row[1])


def log_of(meter: Meter, number: int = MOST) -> Sequence[AuditRow]:
    """Entries of this organisation's log about the meter alone, latest first."""
    return db.session.scalars(
        select(AuditRow)
        .where(AuditRow.object_id == meter.public_id, AuditRow.object_kind == "meter")
        .order_by(AuditRow.id.desc())
        .limit(number)
    ).all()
