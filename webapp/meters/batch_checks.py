"""Which serials can go into a batch: looked at set by set, nothing changed (K-12)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import ARRAY, Text, bindparam, column, exists, func, select

from webapp.core.db import db
from webapp.meters.models import BatchItem, ClaimState, Maker, Meter


class Fault(StrEnum):
    """Why a serial can't go into a batch; one named twice goes along once."""

    UNKNOWN = "unknown"
    DOUBLE = "double"
    HELD = "held"
    PENDING = "pending"
    SEVERAL = "several"


@dataclass(frozen=True)
class Refused:
    """A serial that can't go along; `makers` names them where several have one of that serial."""

    serial: str
    fault: Fault
    makers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What a check found, in the order of the serials. Nothing was changed."""

    meter_ids: list[int] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.refused


def check(serials: Sequence[str], *, chosen: dict[str, str] | None = None) -> Report:
    """Look at serials (normalised) of the organisation in scope, set by set.

    `chosen`: serial → maker's code, where several makers have one of that serial.
    """
    times, wanted = Counter(serials), list(dict.fromkeys(serials))
    found = _found(wanted)
    report = Report()
    for serial in wanted:
        candidates = found.get(serial, [])
        if chosen and serial in chosen:
            candidates = [c for c in candidates if c.maker == chosen[serial]]
        fault = _fault(candidates, times[serial])
        if fault in (None, Fault.DOUBLE):
            report.meter_ids.append(candidates[0].id)
        if fault is not None:
            makers = tuple(c.maker for c in candidates) if fault is Fault.SEVERAL else ()
            report.refused.append(Refused(serial, fault, makers))
    return report


@dataclass(frozen=True)
class _Candidate:
    id: int
    maker: str
    state: str
    is_held: bool


def _found(serials: Sequence[str]) -> dict[str, list[_Candidate]]:
    typed = (
        func.unnest(bindparam("serials", list(serials), ARRAY(Text)))
        .table_valued(column("serial", Text))
        .render_derived()
    )
    held = exists().where(BatchItem.meter_id == Meter.id, BatchItem.open.is_(True))
    rows = db.session.execute(
        select(Meter.serial, Meter.id, Maker.code, Meter.claim_state, held.label("is_held"))
        .join(typed, Meter.serial == typed.c.serial)
        .join(Maker, Maker.id == Meter.maker_id)
        .order_by(Meter.id)
    )
    found: dict[str, list[_Candidate]] = {}
    for serial, meter_id, maker, state, is_held in rows:
        found.setdefault(serial, []).append(_Candidate(meter_id, maker, state, is_held))
    return found


def _fault(candidates: Sequence[_Candidate], times: int) -> Fault | None:
    if not candidates:
        return Fault.UNKNOWN
    if len(candidates) > 1:
        return Fault.SEVERAL
    if candidates[0].is_held:
        return Fault.HELD
    if candidates[0].state == ClaimState.PENDING:
        return Fault.PENDING
    return Fault.DOUBLE if times > 1 else None
