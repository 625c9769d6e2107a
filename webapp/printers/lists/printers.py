"""The list of printers (B-8), and the same with more columns as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, func, literal_column, select
from sqlalchemy.orm import selectinload

from webapp.core.db import db
from webapp.core.listing import (
    Bulk,
    Choice,
    Column,
    Ends,
    Exactly,
    Listing,
    Option,
    Starts,
    Words,
)
from webapp.core.names import sort_name
from webapp.orgs.access import current_organisation, may
from webapp.orgs.permissions import Permission
from webapp.printers import codes
from webapp.printers.models import PanicButton, Printer
from webapp.printers.queries import all_buttons
from webapp.printers.words import DEVICE_STATES

MOST_OPTIONS = 500
_NO_SERIAL_FIRST = func.coalesce(Printer.serial, literal_column("''"))


def printers() -> Select[Any]:
    """All printers in scope with what the list shows beside them."""
    return select(Printer).options(selectinload(Printer.button), selectinload(Printer.liveness))


def printer_url(printer: Printer) -> str:
    return url_for("printers.printer", org=_org(), public_id=printer.public_id)


def button_url(button: PanicButton) -> str:
    return url_for("printers.button", org=_org(), public_id=button.public_id)


def last_seen(printer: Printer) -> datetime | None:
    return printer.liveness.last_seen_at if printer.liveness is not None else None


def button_options() -> list[Option]:
    """Also for the list of requests, where there is none without."""
    return [Option(b.public_id, b.name, b.id) for b in all_buttons()]


def _button_options() -> list[Option]:
    return [*button_options(), Option("none", _l("No button"), None)]


def _maker_options() -> list[Option]:
    return [Option(maker or "none", maker or _l("Unknown"), maker) for maker in _values("maker")]


def _model_options() -> list[Option]:
    return [Option(model or "none", model or _l("Unknown"), model) for model in _values("model")]


def _values(name: str) -> list[str]:
    column = getattr(Printer, name)
    return list(db.session.scalars(select(column).distinct().order_by(column).limit(MOST_OPTIONS)))


def _typed_code(typed: str) -> bytes | None:
    """A code is searched whole: no part of it tells anything."""
    plain = "".join(c for c in typed if c.isalnum())
    return codes.digest_of(typed) if len(plain) == codes.LENGTH else None


def _menu(printer: Printer) -> list[Mapping[str, Any] | None]:
    url: dict[str, Any] = {"org": _org(), "public_id": printer.public_id}
    edits = may(Permission.PRINTERS_EDIT)
    requests = url_for("printers.requests", org=_org(), printer=printer.public_id)
    return [
        {"text": _l("Edit"), "href": url_for("printers.printer_edit", **url), "icon": "edit"}
        if edits
        else None,
        {
            "text": _l("Print label"),
            "href": url_for("printers.printer_labels", org=_org(), printer=printer.public_id),
            "icon": "qr",
        }
        if edits
        else None,
        {"text": _l("Requests"), "href": requests, "icon": "bell"}
        if may(Permission.PRINTER_REQUESTS_READ)
        else None,
    ]


def _org() -> str:
    return current_organisation().public_id


PRINTERS = Listing(
    name="printers",
    model=Printer,
    columns=[
        Column("name", _l("Name"), sort=Printer.sort_name, link=printer_url),
        Column(
            "state",
            _l("State"),
            sort=Printer.state,
            cell="printers/cells.html#printer_state",
            csv=lambda p: str(DEVICE_STATES[p.state]),
            main=True,
        ),
        Column("serial", _l("Serial number"), kind="code", sort=_NO_SERIAL_FIRST),
        Column("model", _l("Model"), sort=Printer.model, cell="printers/cells.html#model"),
        Column(
            "location", _l("Location"), sort=Printer.location, cell="printers/cells.html#location"
        ),
        Column(
            "button",
            _l("Button"),
            value=lambda p: p.button.name if p.button else None,
            cell="printers/cells.html#button",
        ),
        Column("code", _l("Printer code"), kind="code", value=codes.code_of),
        Column("seen", _l("Last seen"), kind="time", value=last_seen),
        Column("pages_total", _l("Pages"), kind="number", cell="printers/cells.html#pages"),
        Column("shares", _l("Black · colour · A3"), cell="printers/cells.html#shares", csv=False),
    ],
    default_sort="name",
    total=lambda n, shown: ngettext("%(shown)s printer", "%(shown)s printers", n, shown=shown),
    search=[
        Words(Printer.sort_name, fold=sort_name),
        Starts(Printer.serial),
        Ends(Printer.serial_end),
        Exactly(Printer.code_digest, _typed_code),
    ],
    search_hint=_l("Name, serial number, code"),
    filters=[
        Choice("button", _l("Button"), Printer.button_id, _button_options),
        Choice("maker", _l("Maker"), Printer.maker, _maker_options),
        Choice("model", _l("Model"), Printer.model, _model_options),
        Choice("state", _l("State"), Printer.state, list(DEVICE_STATES.items())),
    ],
    bulk=[
        Bulk("labels", _l("Print labels"), icon="qr"),
        Bulk("button", _l("Put on a button"), icon="swap"),
    ],
    menu=_menu,
    row_name=lambda p: p.name,
)

_MORE = [
    Column("maker", _l("Maker")),
    Column("pages_black", _l("Pages black"), kind="number"),
    Column("pages_colour", _l("Pages colour"), kind="number"),
    Column("pages_large", _l("Pages A3"), kind="number"),
    Column("counters_doubtful", _l("Counters doubtful"), kind="yes_no"),
    Column("problem", _l("Problem")),
]


def listing_for(*, may_edit: bool, as_file: bool = False) -> Listing:
    """Codes bind printers, so only those who may bind see them and find by them."""
    columns = [*PRINTERS.columns, *(_MORE if as_file else [])]
    searches = list(PRINTERS.search)
    if not may_edit:
        columns = [column for column in columns if column.name != "code"]
        searches = [s for s in searches if not isinstance(s, Exactly)]
    return replace(PRINTERS, columns=columns, search=searches)
