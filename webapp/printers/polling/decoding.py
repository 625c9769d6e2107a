"""Decodes stored readings again, after a profile or a rule was mended. No printer is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from webapp.core.db import commit, db
from webapp.printers.facts import decode_again
from webapp.printers.models import PrinterReading

BATCH = 200
COUNTERS = ("total", "black", "colour", "large")


def decode_all(*, printer_id: int | None = None, since: datetime | None = None) -> tuple[int, int]:
    """How many were looked at, and how many say something else now. Commits batch after batch."""
    looked = changed = 0
    for readings in _batches(printer_id, since):
        looked += len(readings)
        changed += sum(map(_decode, readings))
        commit()
        db.session.expunge_all()
    return looked, changed


def _decode(reading: PrinterReading) -> bool:
    known = decode_again(reading.decoded, reading.raw)
    if known is None or known == reading.decoded:
        return False
    fallen = [key for key in reading.doubtful if key.startswith("fell:")]
    reading.decoded = known
    reading.doubtful = [*known["doubtful"], *fallen]
    for name in COUNTERS:
        setattr(reading, f"pages_{name}", known["counters"][name])
    return True


def _batches(printer_id: int | None, since: datetime | None) -> Iterator[list[PrinterReading]]:
    last = 0
    while True:
        wanted = select(PrinterReading).where(PrinterReading.id > last)
        if printer_id is not None:
            wanted = wanted.where(PrinterReading.printer_id == printer_id)
        if since is not None:
            wanted = wanted.where(PrinterReading.at >= since)
        found = list(db.session.scalars(wanted.order_by(PrinterReading.id).limit(BATCH)))
        if not found:
            return
        last = found[-1].id
        yield found
