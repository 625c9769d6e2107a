"""How long a page of a list takes, at ten thousand rows and at a million.

`python -m benchmarks.lists` makes a throwaway database, loads requests of printers by COPY, and prints
`name value unit`. `measure` takes any listing and any loader.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import render_template_string
from flask_babel import ngettext
from sqlalchemy import Select, select, text
from werkzeug.datastructures import MultiDict

from benchmarks.portals import bench
from webapp.core.db import Base, db
from webapp.core.listing import Choice, Column, Labels, Listing, Number, Option, Period, Starts
from webapp.core.tenancy import scope
from webapp.core.web import Portal
from webapp.printers.models import PanicRequest

ROUNDS = 12
ORGANISATION = 1
Loader = Callable[[Any, int], None]
"""Writes that many rows of `ORGANISATION` with a psycopg cursor."""


@dataclass(frozen=True)
class Figures:
    """Milliseconds of all pages of a kind."""

    pages: Sequence[float]

    @property
    def best(self) -> float:
        """What it costs when nobody else uses the machine."""
        return min(self.pages)

    @property
    def p50(self) -> float:
        return median(self.pages)

    @property
    def p95(self) -> float:
        return sorted(self.pages)[int(len(self.pages) * 0.95)]


def measure(
    portal: Portal, listing: Listing, statement: Select[Any], views: Sequence[str]
) -> dict[str, Figures]:
    """View → figures. A page is asked for, loaded and rendered; the first of each view warms up."""
    return {view: _measured(portal, listing, statement, view) for view in views}


def _measured(portal: Portal, listing: Listing, statement: Select[Any], view: str) -> Figures:
    times = []
    for _round in range(ROUNDS + 1):
        with portal.test_request_context("/list"), scope(ORGANISATION):
            begun = time.perf_counter()
            page = listing.page(statement, MultiDict(parse_qsl(urlsplit(view).query)))
            render_template_string("{{ ui.listing(page) }}", page=page)
            times.append((time.perf_counter() - begun) * 1000)
            if page.has_failed:
                raise RuntimeError(f"{view} took too long")
    return Figures(times[1:])


def deep_view(portal: Portal, listing: Listing, row: Any) -> str:
    """The page that follows this row in the default sort."""
    from webapp.core.listing.cursors import Cursor

    with portal.app_context(), scope(ORGANISATION):
        order = listing.order(listing.default_sort)
        value = getattr(row, order.column.key)
        return f"?after={Cursor(value, row.id).encode(order.name)}"


REQUESTS = Listing(
    name="requests",
    model=PanicRequest,
    columns=[
        Column("number", "Number", kind="number", sort=PanicRequest.number, link=lambda r: "#"),
        Column("state", "State", kind="state", sort=PanicRequest.state),
        Column(
            "printer", "Printer", value=lambda r: r.printer_name, sort=PanicRequest.printer_name
        ),
        Column("serial", "Serial", kind="code", value=lambda r: r.printer_serial),
        Column("location", "Location"),
        Column("email", "E-mail"),
        Column("opened", "Opened", "time", lambda r: r.created_at, sort=PanicRequest.created_at),
    ],
    default_sort="-opened",
    total=lambda n, shown: str(ngettext("%(shown)s request", "%(shown)s requests", n, shown=shown)),
    search=[Number(PanicRequest.number), Starts(PanicRequest.printer_name, fold=str.lower)],
    filters=[
        Choice(
            "state", "State", PanicRequest.state, [(s, s) for s in ("new", "in_progress", "done")]
        ),
        Choice(
            "button", "Button", PanicRequest.button_id, [(n, f"Button {n}") for n in range(1, 9)]
        ),
        Labels(
            "reason", "Reason", PanicRequest.reason_ids, [Option(str(n), n, n) for n in range(20)]
        ),
        Period("opened", "Opened", PanicRequest.created_at),
    ],
    menu=lambda r: [{"text": "Open", "href": "#"}],
)
SINGLE = (
    "",
    "?sort=number",
    "?sort=printer",
    "?state=new",
    "?state=done",
    "?button=3",
    "?reason=7",
    "?opened-from=2026-01-05&opened-to=2026-01-05",
    "?q=4711",
    "?q=printer-123",
)
COMBINED = (
    "?state=new&button=3&sort=printer",
    "?state=done&reason=7&opened-from=2026-01-02",
    "?state=new&button=1&reason=2&q=printer-1",
    "?state=in_progress&button=8&reason=19&sort=-number",
)


def load_requests(cursor: Any, rows: int) -> None:
    """Requests of one organisation over 2,000 printers: one in fifty new, one in twenty in progress."""
    columns = (
        "organisation_id, public_id, number, button_id, printer_id, state, email, phone, message, language,"
        " reasons, reason_ids, facts, created_at, printer_name, printer_serial, location, version"
    )
    with cursor.copy(f"COPY panic_requests ({columns}) FROM STDIN") as copy:
        for n in range(1, rows + 1):
            copy.write_row(_request(n))


def _request(n: int) -> tuple[Any, ...]:
    state = "new" if n % 50 == 0 else "in_progress" if n % 20 == 0 else "done"
    printer = n * 7919 % 2000
    at = datetime.fromtimestamp(1767225600 + n * 37, UTC)
    return (
        *(ORGANISATION, f"r{n}", n, n % 8 + 1, printer, state, f"person{n % 500}@acme.test"),
        *("", "The tray is stuck", "en", "[]", [n % 20, n % 7], '{"model": "M 400"}', at),
        *(f"printer-{printer:04}", f"SN{printer:06}", f"Floor {printer % 9}", 1),
    )


def load(portal: Portal, model: type[Base], loader: Loader, rows: int) -> None:
    """Fill the table anew; foreign keys rest meanwhile, since only this table is measured."""
    table = model.__table__.name  # type: ignore[attr-defined]
    with portal.app_context():
        raw = db.engine.raw_connection()
        try:
            cursor: Any = raw.cursor()
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(f"TRUNCATE {table} CASCADE")
            loader(cursor, rows)
            cursor.execute("SET session_replication_role = DEFAULT")
            cursor.close()
            raw.commit()
        finally:
            raw.close()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"VACUUM ANALYZE {table}"))


def figures(portal: Portal, *, verbose: bool = False) -> Iterator[str]:
    """Lines `name value unit` for the collection of all benchmarks."""
    for name, rows in (("10k", 10_000), ("1m", 1_000_000)):
        load(portal, PanicRequest, load_requests, rows)
        with portal.app_context(), scope(ORGANISATION):
            middle = db.session.scalars(
                select(PanicRequest).where(PanicRequest.number == rows // 2)
            ).one()
        single = (*SINGLE, deep_view(portal, REQUESTS, middle))
        found = measure(portal, REQUESTS, select(PanicRequest), single)
        together = measure(portal, REQUESTS, select(PanicRequest), COMBINED)
        if verbose:
            for view, figure in {**found, **together}.items():
                name_ = view[:60] or "(plain)"
                yield f"# {rows} {name_} best {figure.best:.1f} p50 {figure.p50:.1f} p95 {figure.p95:.1f} ms"
        yield f"list_p50_ms_{name} {found[''].p50:.1f} ms"
        yield f"list_p95_ms_{name} {_all(found).p95:.1f} ms"
        yield f"list_combined_p95_ms_{name} {_all(together).p95:.1f} ms"


def _all(found: dict[str, Figures]) -> Figures:
    return Figures([t for figure in found.values() for t in figure.pages])


def main() -> None:
    with bench() as found:
        for line in figures(found.portal, verbose=True):
            print(line, flush=True)


if __name__ == "__main__":
    main()
