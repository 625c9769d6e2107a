"""The demonstration's months before its story: readings for the curves, and the statements of closed months."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from webapp.core.db import db
from webapp.orgs.models import Organisation
from webapp.printers.facts import pack
from webapp.printers.history.statements import close_month, last_month
from webapp.printers.models import Printer, PrinterReading

DAYS = 100
STORY_DAYS = 21
"""What `demo` itself tells."""


def read(printer: Printer, known: Callable[[datetime], dict[str, Any]], now: datetime) -> None:
    """One reading a day. They alarm nobody, so they are stored as they are."""
    for day in range(STORY_DAYS, DAYS):
        at = now - timedelta(days=day, minutes=30)
        facts = known(at)
        db.session.add(
            PrinterReading(
                organisation_id=printer.organisation_id,
                printer_id=printer.id,
                at=at,
                source="poll",
                raw=pack({}),
                decoded=facts,
                **{f"pages_{name}": count for name, count in facts["counters"].items()},
            )
        )


def close_months(organisation: Organisation, now: datetime) -> None:
    """The two that were over last."""
    last = last_month(organisation, now)
    for month in ((last - timedelta(days=1)).replace(day=1), last):
        close_month(organisation, month, now=now)
