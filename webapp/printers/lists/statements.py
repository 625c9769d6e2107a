"""The list of month statements (B-13), and one customer's month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from babel.dates import format_date
from flask import url_for
from flask_babel import get_locale, ngettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from webapp.core.db import db
from webapp.core.listing import Choice, Column, Listing, Option, Words
from webapp.orgs.access import current_organisation
from webapp.printers.history.models import PrinterStatement

MOST_OPTIONS = 200
NO_CUSTOMER = "none"


def statements() -> Select[Any]:
    return select(PrinterStatement).options(selectinload(PrinterStatement.printer))


def month_name(month: date) -> str:
    return format_date(month, "LLLL yyyy", locale=get_locale())


def month_key(month: date) -> str:
    return month.strftime("%Y-%m")


def month_url(row: PrinterStatement) -> str:
    return sheet_url(row.month, row.customer)


def sheet_url(month: date, customer: str) -> str:
    return url_for(
        "printers.statement",
        org=current_organisation().public_id,
        month=month_key(month),
        customer=customer,
    )


def _months() -> list[Option]:
    months = db.session.scalars(
        select(PrinterStatement.month)
        .distinct()
        .order_by(PrinterStatement.month.desc())
        .limit(MOST_OPTIONS)
    )
    return [Option(month_key(month), month_name(month), month) for month in months]


def _customers() -> list[Option]:
    names = db.session.scalars(
        select(PrinterStatement.customer)
        .distinct()
        .order_by(PrinterStatement.customer)
        .limit(MOST_OPTIONS)
    )
    return [Option(name or NO_CUSTOMER, name or _l("No customer"), name) for name in names]


STATEMENTS = Listing(
    name="statements",
    model=PrinterStatement,
    columns=[
        Column(
            "printer",
            _l("Printer"),
            value=lambda s: s.printer_name,
            sort=PrinterStatement.printer_name,
            link=month_url,
        ),
        Column(
            "month",
            _l("Month"),
            value=lambda s: month_key(s.month),
            cell=lambda s: month_name(s.month),
            sort=PrinterStatement.month,
            first_descending=True,
            main=True,
        ),
        Column("customer", _l("Customer"), sort=PrinterStatement.customer),
        Column("printer_serial", _l("Serial number"), kind="code"),
        Column("first_total", _l("Counter at first"), kind="number"),
        Column("last_total", _l("Counter at last"), kind="number"),
        Column("pages", _l("Pages"), kind="number"),
        Column("black", _l("Black"), kind="number"),
        Column("colour", _l("Colour"), kind="number"),
        Column("large", _l("A3"), kind="number"),
        Column("billed_pages", _l("Billed pages"), kind="number"),
        Column("doubtful", _l("Doubtful"), kind="yes_no"),
    ],
    default_sort="-month",
    total=lambda n, shown: ngettext("%(shown)s statement", "%(shown)s statements", n, shown=shown),
    search=[Words(PrinterStatement.printer_name)],
    search_hint=_l("Printer"),
    filters=[
        Choice("month", _l("Month"), PrinterStatement.month, _months),
        Choice("customer", _l("Customer"), PrinterStatement.customer, _customers),
    ],
    row_name=lambda s: s.printer_name,
)


@dataclass(frozen=True)
class CustomerMonth:
    """All printers of a customer in one month, and their sums."""

    month: date
    customer: str
    rows: Sequence[PrinterStatement]
    sums: dict[str, int] = field(default_factory=dict)

    @property
    def is_doubtful(self) -> bool:
        return any(row.doubtful for row in self.rows)


def customer_month(month: date, customer: str) -> CustomerMonth | None:
    rows = db.session.scalars(
        select(PrinterStatement)
        .where(PrinterStatement.month == month, PrinterStatement.customer == customer)
        .options(selectinload(PrinterStatement.printer))
        .order_by(PrinterStatement.printer_name, PrinterStatement.id)
    ).all()
    names = ("pages", "black", "colour", "large", "billed_pages")
    sums = {name: sum(getattr(row, name) or 0 for row in rows) for name in names}
    return CustomerMonth(month, customer, rows, sums) if rows else None


@dataclass(frozen=True)
class CustomerSum:
    month: date
    customer: str
    printers: int
    billed_pages: int


def latest_by_customer() -> list[CustomerSum]:
    """The sums of the last closed month, customer by customer."""
    month = db.session.scalar(select(func.max(PrinterStatement.month)))
    rows = db.session.execute(
        select(
            PrinterStatement.customer,
            func.count().label("printers"),
            func.sum(PrinterStatement.billed_pages).label("billed"),
        )
        .where(PrinterStatement.month == month)
        .group_by(PrinterStatement.customer)
        .order_by(PrinterStatement.customer)
        .limit(MOST_OPTIONS)
    )
    return (
        [CustomerSum(month, r.customer, r.printers, int(r.billed)) for r in rows] if month else []
    )
