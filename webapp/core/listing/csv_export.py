"""CSV: all rows of a filter, streamed with bounded memory, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from flask import Flask, Response, current_app
from flask_babel import force_locale, get_locale, get_timezone
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from webapp.core import tenancy
from webapp.core.db import db
from webapp.core.listing.paging import Wanted, sorted_by

if TYPE_CHECKING:
    from webapp.core.listing.declaration import Column
    from webapp.core.listing.page import Page

BATCH = 500
BOM = "\ufeff"
DELIMITERS = (",", ";", "\t", "|")
_NUMERIC = re.compile(r"[+-]?\d+([.,]\d+)?")


class Reader(Protocol):
    """Whose taste the file follows."""

    @property
    def csv_delimiter(self) -> str: ...

    @property
    def csv_thousands(self) -> str: ...


@dataclass(frozen=True)
class Style:
    """How values are written: numbers with the reader's marks, times in the reader's zone."""

    delimiter: str
    thousands: str
    zone: str

    @classmethod
    def of(cls, user: Reader) -> Style:
        delimiter = user.csv_delimiter if user.csv_delimiter in DELIMITERS else ","
        return cls(delimiter, user.csv_thousands, str(get_timezone()))

    @property
    def decimal_mark(self) -> str:
        if self.thousands == ".":
            return ","
        return "," if self.delimiter == ";" and self.thousands != "," else "."

    def text(self, value: Any) -> str:
        match value:
            case None:
                return ""
            case bool():
                return str(_("yes") if value else _("no"))
            case int() | Decimal() | float():
                return self._number(value)
            case datetime():
                return value.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M:%S")
            case date():
                return value.isoformat()
            case list() | tuple() | set():
                return harmless(", ".join(str(v) for v in value))
        return harmless(str(value))

    def _number(self, value: int | float | Decimal) -> str:
        marks = str.maketrans({",": self.thousands, ".": self.decimal_mark})
        return f"{value:,}".translate(marks)


def harmless(text: str) -> str:
    """A spreadsheet would run a text that begins like a formula; an apostrophe keeps it a text."""
    begins = text.lstrip(" \n\u00a0")[:1]
    if begins and begins in "=+-@\t\r＝＋－＠" and not _NUMERIC.fullmatch(text):
        return "'" + text
    return text


def csv_response(page: Page, filename: str, user: Reader) -> Response:
    """The answer; its body is made while it is sent, on a connection of its own."""
    style = Style.of(user)
    columns = [column for column in page.listing.columns if column.csv is not False]
    header = [_heading(column, style) for column in columns]
    surroundings = _Surroundings.now(page)
    response = Response(_lines(page, columns, header, style, surroundings), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _heading(column: Column, style: Style) -> str:
    label = str(column.label)
    return f"{label} ({style.zone})" if column.kind == "time" else label


@dataclass(frozen=True)
class _Surroundings:
    """What the request knew, kept for the time after it: the body is sent when the request has ended."""

    app: Flask
    scope: tenancy.Scope | None
    locale: str

    @classmethod
    def now(cls, page: Page) -> _Surroundings:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        with page.scope():
            return cls(app, tenancy.current_scope(), str(get_locale()))

    @contextmanager
    def again(self) -> Iterator[None]:
        """Entered for each batch and left before it is sent: the server's thread keeps nothing of it."""
        before = tenancy.current_scope()
        with self.app.app_context(), force_locale(self.locale):
            tenancy.enter(self.scope)
            try:
                yield
            finally:
                tenancy.enter(before)


def _lines(
    page: Page,
    columns: Sequence[Column],
    header: list[str],
    style: Style,
    surroundings: _Surroundings,
) -> Iterator[str]:
    yield BOM + _joined([header], style)
    with surroundings.again():
        session = Session(db.engine)
    try:
        with surroundings.again():
            statement = sorted_by(page.statement, Wanted(page.order, 0))
            result = session.execute(statement, execution_options={"yield_per": BATCH})
            batches = result.partitions()
        while True:
            with surroundings.again():
                batch = next(batches, None)
                if batch is None:
                    return
                lines = _joined([_cells(columns, row, style) for row in batch], style)
            yield lines
    finally:
        session.close()


def _cells(columns: Sequence[Column], row: Any, style: Style) -> list[str]:
    thing = row[0] if len(row) == 1 else row
    return [
        style.text(column.csv(thing) if callable(column.csv) else column.value_of(thing))
        for column in columns
    ]


def _joined(rows: list[list[str]], style: Style) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=style.delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
