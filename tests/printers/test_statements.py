"""Pages of each printer in each month that is over, by customer; what is closed never changes (B-13)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select

from tests.cast import Person
from tests.printers.conftest import Field, acme
from tests.printers.desk import base, change, rows, text_of
from webapp.audit.models import AuditRow
from webapp.core.db import commit, db
from webapp.core.tenancy import scope, unscoped
from webapp.orgs.models import Organisation
from webapp.printers.history.models import PrinterStatement
from webapp.printers.history.statements import bounds, close_months, last_month
from webapp.printers.models import Printer, PrinterReading

__all__ = ["acme"]
pytestmark = pytest.mark.feature("B-13")

ROME = ZoneInfo("Europe/Rome")


def count(acme: Field, at: datetime, total: int | None, **more: object) -> None:
    with acme.world.portal.app_context(), scope(acme.world.acme_id):
        printer = db.session.scalars(select(Printer).where(Printer.public_id == acme.printer)).one()
        db.session.add(
            PrinterReading(
                organisation_id=printer.organisation_id,
                printer_id=printer.id,
                at=at,
                source="agent",
                raw=b"",
                decoded={},
                pages_total=total,
                doubtful=more.pop("doubtful", []),
                **{f"pages_{name}": value for name, value in more.items()},
            )
        )
        commit()


def sweep(acme: Field, at: datetime) -> None:
    with (
        time_machine.travel(at, tick=False),
        acme.world.portal.app_context(),
        unscoped("the clock"),
    ):
        close_months()


def made(acme: Field) -> list[PrinterStatement]:
    return rows(acme.world, select(PrinterStatement).order_by(PrinterStatement.month))


def here(year: int, month: int, day: int, hour: int = 12) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ROME)


def of_customer(acme: Field, customer: str, *, double: bool = False) -> None:
    wanted = select(Printer).where(Printer.public_id == acme.printer)
    change(acme.world, wanted, customer=customer, large_counts_double=double)


def test_a_month_counts_from_the_last_reading_before_it(acme: Field) -> None:
    of_customer(acme, "Rossi & Figli")
    count(acme, here(2030, 4, 30, 18), 1000, black=700, colour=300, large=10)
    count(acme, here(2030, 5, 15), 1400, black=1000, colour=400, large=30)
    count(acme, here(2030, 5, 31, 23), 1600, black=1150, colour=450, large=40)
    count(acme, here(2030, 6, 1, 1), 1650, black=1200, colour=450, large=40)
    sweep(acme, here(2030, 6, 1, 9))
    (row,) = made(acme)
    assert (row.month, row.customer, row.printer_name) == (
        date(2030, 5, 1), "Rossi & Figli", "Colour 2nd floor",
    )  # fmt: skip
    assert (row.first_total, row.last_total) == (1000, 1600)
    assert (row.pages, row.black, row.colour, row.large) == (600, 450, 150, 30)
    assert (row.billed_pages, row.doubtful) == (600, False)


def test_a3_weighs_double_where_the_customer_pays_so(acme: Field) -> None:
    of_customer(acme, "Rossi", double=True)
    count(acme, here(2030, 5, 2), 1000, large=10)
    count(acme, here(2030, 5, 30), 1100, large=35)
    sweep(acme, here(2030, 6, 2))
    assert made(acme)[0].billed_pages == 125


def test_the_month_turns_where_the_organisation_is(acme: Field) -> None:
    """Half past midnight on the first of June in Rome is still May in UTC."""
    count(acme, here(2030, 5, 1, 0), 100)
    count(acme, datetime(2030, 5, 31, 21, 59, tzinfo=UTC), 200)
    count(acme, datetime(2030, 5, 31, 22, 1, tzinfo=UTC), 300)
    sweep(acme, datetime(2030, 5, 31, 23, tzinfo=UTC))
    assert made(acme) == []
    sweep(acme, datetime(2030, 6, 1, 5, tzinfo=UTC))
    (row,) = made(acme)
    assert (row.month, row.last_total) == (date(2030, 5, 1), 200)


@pytest.mark.parametrize(
    ("month", "hours"),
    [
        (date(2031, 3, 1), 31 * 24 - 1),
        (date(2031, 10, 1), 31 * 24 + 1),
        (date(2032, 2, 1), 29 * 24),
    ],
)
def test_months_last_as_long_as_the_clock_says(month: date, hours: int) -> None:
    """Daylight saving begins and ends, and leap years."""
    begins, ends = bounds(month, "Europe/Rome")
    assert ends.astimezone(UTC) - begins.astimezone(UTC) == timedelta(hours=hours)


def test_december_is_followed_by_january(acme: Field) -> None:
    with acme.world.portal.app_context(), unscoped("reading"):
        organisation = db.session.scalars(
            select(Organisation).where(Organisation.id == acme.world.acme_id)
        ).one()
        assert last_month(organisation, here(2031, 1, 1)) == date(2030, 12, 1)
    assert bounds(date(2030, 12, 1), "Europe/Rome")[1] == datetime(2031, 1, 1, tzinfo=ROME)


def test_a_closed_month_never_changes_and_what_comes_late_counts_in_the_next(acme: Field) -> None:
    of_customer(acme, "Rossi")
    count(acme, here(2030, 5, 1), 1000)
    count(acme, here(2030, 5, 20), 1100)
    sweep(acme, here(2030, 6, 1, 9))
    count(acme, here(2030, 5, 31), 1180)
    of_customer(acme, "Bianchi", double=True)
    sweep(acme, here(2030, 6, 1, 10))
    count(acme, here(2030, 6, 30), 1500)
    sweep(acme, here(2030, 7, 1, 9))
    may, june = made(acme)
    assert (may.customer, may.last_total, may.billed_pages) == ("Rossi", 1100, 100)
    assert (june.customer, june.first_total, june.billed_pages) == ("Bianchi", 1100, 400)


def test_a_silent_month_is_paid_with_the_next_reading(acme: Field) -> None:
    count(acme, here(2030, 4, 2), 1000)
    count(acme, here(2030, 4, 20), 1100)
    sweep(acme, here(2030, 5, 1, 9))
    sweep(acme, here(2030, 6, 1, 9))
    count(acme, here(2030, 6, 20), 1900)
    sweep(acme, here(2030, 7, 1, 9))
    assert [(r.month.month, r.billed_pages) for r in made(acme)] == [(4, 100), (6, 800)]


def test_a_counter_that_falls_counts_anew_and_is_doubtful(acme: Field) -> None:
    count(acme, here(2030, 5, 1), 90_000)
    count(acme, here(2030, 5, 10), 90_200)
    count(acme, here(2030, 5, 11), 12)
    count(acme, here(2030, 5, 30), 112)
    sweep(acme, here(2030, 6, 1, 9))
    (row,) = made(acme)
    assert (row.billed_pages, row.doubtful) == (300, True)


def test_a_printer_that_tells_no_total_is_counted_by_its_parts(acme: Field) -> None:
    count(acme, here(2030, 5, 1), None, black=100, colour=10)
    count(acme, here(2030, 5, 30), None, black=150, colour=30)
    sweep(acme, here(2030, 6, 1, 9))
    (row,) = made(acme)
    assert (row.pages, row.billed_pages) == (None, 70)


def test_doubtful_readings_make_a_doubtful_statement(acme: Field) -> None:
    count(acme, here(2030, 5, 1), 100)
    count(acme, here(2030, 5, 30), 150, doubtful=["sum_differs_from_total"])
    sweep(acme, here(2030, 6, 1, 9))
    assert made(acme)[0].doubtful


def test_closing_is_one_line_of_the_log_however_often_the_clock_looks(acme: Field) -> None:
    count(acme, here(2030, 5, 5), 100)
    for hour in (9, 10, 11):
        sweep(acme, here(2030, 6, 1, hour))
    wanted = select(AuditRow).where(AuditRow.event == "printers:month:closed")
    (entry,) = rows(acme.world, wanted)
    assert entry.object_id == "2030-05"
    assert len(made(acme)) == 1


def test_list_file_and_sheet(acme: Field, admin: Person, reader: Person, stranger: Person) -> None:
    of_customer(acme, "Rossi, Figli / Padova", double=True)
    count(acme, here(2030, 5, 1), 1000, large=0)
    count(acme, here(2030, 5, 30), 3500, large=100)
    sweep(acme, here(2030, 6, 1, 9))
    url = f"{base(acme.world)}/statements"
    words = text_of(admin.get(url).text)
    assert "May 2030 by customer" in words
    assert "2,600" in words
    file = admin.get(f"{url}?format=csv&month=2030-05").text
    assert '"Rossi, Figli / Padova"' in file
    assert "2600" in file
    sheet = admin.get(f"{url}/2030-05", query_string={"customer": "Rossi, Figli / Padova"})
    assert "2,600 billed pages" in text_of(sheet.text)
    assert admin.get(f"{url}/2030-05?customer=Bianchi").status_code == 404
    for wrong in ("2030-13", "may", "0000-00", "2030-05-01"):
        assert admin.get(f"{url}/{wrong}").status_code == 404
    assert reader.get(url).status_code in (200, 403)
    assert stranger.get(url).status_code == 404


def test_a_printer_in_a_closed_month_is_not_removed(acme: Field, admin: Person) -> None:
    count(acme, here(2030, 5, 5), 100)
    sweep(acme, here(2030, 6, 1, 9))
    answer = admin.post(f"{base(acme.world)}/{acme.printer}/removals")
    assert answer.status_code == 409
    assert "closed month statements" in text_of(answer.text)


def test_customer_and_weight_stand_in_the_printers_form(acme: Field, admin: Person) -> None:
    url = f"{base(acme.world)}/{acme.printer}"
    page = admin.get(f"{url}/edit").text
    assert "A3 pages count double" in page
    sent = admin.post(
        f"{url}/edit",
        data={"name": "Colour", "button": acme.button, "customer": " Rossi ", "large_counts_double": "y",
              "serial": "XRX9C934E1", "version": "1"},
    )  # fmt: skip
    assert sent.status_code == 303, text_of(sent.text)
    printer = rows(acme.world, select(Printer).where(Printer.public_id == acme.printer))[0]
    assert (printer.customer, printer.large_counts_double) == ("Rossi", True)
