"""Counters and supplies of a printer over time, as curves and as a table (B-13)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import event, select

from tests.cast import Person, sign_in
from tests.printers.conftest import Field, acme
from tests.printers.desk import base, text_of
from webapp.core.db import commit, db
from webapp.core.tenancy import scope
from webapp.printers.history.curves import PERIODS, Curves, curves_of
from webapp.printers.models import Printer, PrinterReading

__all__ = ["acme"]
pytestmark = pytest.mark.feature("B-13")

NOW = datetime(2030, 6, 30, 12, tzinfo=UTC)


def read(acme: Field, *rows: tuple[timedelta, int | None, Any]) -> None:
    """Readings so long ago: the total, and `doubtful` or a supply's level."""
    with acme.world.portal.app_context(), scope(acme.world.acme_id):
        printer = db.session.scalars(select(Printer).where(Printer.public_id == acme.printer)).one()
        for ago, total, more in rows:
            level = more if isinstance(more, int) else None
            supplies = [{"name": "Black toner", "level_percent": level, "state": "ok"}]
            db.session.add(
                PrinterReading(
                    organisation_id=printer.organisation_id,
                    printer_id=printer.id,
                    at=NOW - ago,
                    source="poll",
                    raw=b"",
                    decoded={"faults": [], "supplies": supplies, "missing": [], "counters": {}},
                    pages_total=total,
                    doubtful=["fell:total"] if more == "doubtful" else [],
                )
            )
        commit()


def drawn(acme: Field, period: str) -> Curves:
    with acme.world.portal.app_context(), scope(acme.world.acme_id):
        printer = db.session.scalars(select(Printer).where(Printer.public_id == acme.printer)).one()
        return curves_of(printer, PERIODS[period], now=NOW)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def test_one_reading_a_slot_the_last_one(acme: Field) -> None:
    read(acme, (hours(2.9), 100, 40), (hours(1), 110, 39), (hours(0.5), 120, 38))
    found = drawn(acme, "7d")
    assert [(p.slot, p.counters["total"], p.supplies) for p in found.points] == [
        (55, 120, {"Black toner": 38})
    ]
    assert len(found.counters[0].values) == 56


def test_a_reading_that_tells_no_total_does_not_hide_one_that_does(acme: Field) -> None:
    read(acme, (hours(2), 100, 40), (hours(1), None, 39))
    assert drawn(acme, "7d").points[0].counters["total"] == 100


def test_readings_near_enough_are_joined_and_a_longer_silence_is_a_gap(acme: Field) -> None:
    read(acme, (hours(100), 1000, 90), (hours(88), 1040, 80), (hours(4), 2000, 10))
    (total,) = drawn(acme, "7d").counters
    known = [slot for slot, value in enumerate(total.values) if value is not None]
    assert known == [22, 23, 24, 25, 26, 54]
    assert [total.values[slot] for slot in known[:5]] == [1000, 1010, 1020, 1030, 1040]
    assert (total.first, total.last, total.growth) == (1000, 2000, 1000)


def test_doubtful_readings_are_marked(acme: Field) -> None:
    read(acme, (hours(30), 1000, 90), (hours(20), 900, "doubtful"), (hours(10), 950, 80))
    found = drawn(acme, "7d")
    assert found.doubtful == 1
    assert found.counters[0].marks == [49]


@pytest.mark.parametrize("period", list(PERIODS))
def test_a_year_of_readings_is_one_statement_and_few_points(acme: Field, period: str) -> None:
    read(acme, *((hours(6 * n + 1), 100_000 - n, n % 100) for n in range(365 * 4)))
    statements: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "printer_readings" in statement:
            statements.append(statement)

    with acme.world.portal.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        found = drawn(acme, period)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(statements) == 1
    assert 28 <= len(found.points) <= 74
    assert None not in found.counters[0].values[1:]


def test_nothing_read_nothing_drawn(acme: Field) -> None:
    found = drawn(acme, "30d")
    assert (found.points, found.counters, found.supplies) == ([], [], [])


def test_the_printers_page_draws_them_with_a_table(acme: Field) -> None:
    read(acme, (hours(50), 1000, 90), (hours(40), 900, "doubtful"), (hours(10), 1200, 70))
    with time_machine.travel(NOW, tick=False):
        admin = sign_in(acme.world, "admin@acme.test")
        page = admin.get(f"{base(acme.world)}/{acme.printer}?period=7d").text
    words = text_of(page)
    assert "Counters and supplies over time" in words
    assert "1,000 to 1,200: 200 pages" in words
    assert page.count("curve-mark") == 1
    assert "Pages in total from 1000 to 1200; the figures are in the table below" in page
    card = page[page.index('id="curves"') :]
    rows = re.findall(r"<tr>(.*?)</tr>", card[: card.index("</details>")], re.DOTALL)
    assert len(rows) == 4
    assert re.search(r'aria-current="true">7 days', page)


@pytest.mark.parametrize("period", ["", "x", "30d'", "9999y"])
def test_an_unknown_period_is_the_usual_one(acme: Field, admin: Person, period: str) -> None:
    page = admin.get(f"{base(acme.world)}/{acme.printer}", query_string={"period": period})
    assert page.status_code == 200
    assert re.search(r'aria-current="true">30 days', page.text)
