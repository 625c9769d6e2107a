"""Every line's verdict: what is wrong with it, as a key with what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from webapp.core.db import db
from webapp.core.names import sort_name
from webapp.printers.facts import usable_serial
from webapp.printers.imports.columns import FIELDS
from webapp.printers.imports.reading import Line
from webapp.printers.models import PanicButton, Printer

Row = dict[str, Any]
"""`line`: its number, `values`: field → text, `faults`: [key, what it is about]."""

LONGEST: Final = {
    "name": 120,
    "serial": 64,
    "maker": 60,
    "model": 120,
    "location": 200,
    "button": 60,
}
NAMES: Final = {
    "name": _l("Name"),
    "serial": _l("Serial number"),
    "maker": _l("Maker"),
    "model": _l("Model"),
    "location": _l("Location"),
    "button": _l("Button"),
}


def rows_of(lines: Sequence[Line], places: Mapping[str, int]) -> list[Row]:
    """The lines below the heading, checked."""
    rows = [
        {"line": line.number, "values": _values(line.cells, places), "faults": []} for line in lines
    ]
    return checked(rows)


def checked(rows: list[Row]) -> list[Row]:
    """The rows with their faults as things stand now: serials may have become known meanwhile."""
    known = _known_serials(rows)
    buttons = button_ids()
    seen: dict[str, int] = {}
    return [{**row, "faults": list(_faults(row, known, buttons, seen))} for row in rows]


def fault_words(fault: Sequence[str]) -> str:
    """A verdict in the reader's language."""
    key, about = fault
    if key == "no_name":
        return str(_("The name is missing."))
    if key == "too_long":
        words = _("%(field)s has more than %(most)s characters.")
        return str(words % {"field": NAMES[about], "most": LONGEST[about]})
    sentences = {
        "no_serial_number": _("“%(about)s” is no serial number."),
        "known": _("The serial number is already that of %(about)s."),
        "twice": _("The serial number stands in line %(about)s already."),
        "no_button": _("There is no panic button “%(about)s”."),
    }
    return str(sentences[key] % {"about": about})


def button_ids() -> dict[str, int]:
    """Name without case and accents → id."""
    return {b.sort_name: b.id for b in db.session.scalars(select(PanicButton))}


def _values(cells: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
    return {
        field: _one_line(cells[places[field]]) if places.get(field, len(cells)) < len(cells) else ""
        for field in FIELDS
    }


def _one_line(cell: str) -> str:
    """A CSV of ours guards cells that look like formulas with an apostrophe."""
    text = " ".join("".join(c if c.isprintable() else " " for c in cell).split())
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@") else text


def _known_serials(rows: Iterable[Row]) -> dict[str, list[tuple[str, str]]]:
    """Serial → maker and name of the printers that have it."""
    serials = {usable_serial(row["values"]["serial"]) for row in rows} - {""}
    found: dict[str, list[tuple[str, str]]] = {}
    known = select(Printer.serial, Printer.maker, Printer.name).where(Printer.serial.in_(serials))
    for serial, maker, name in db.session.execute(known):
        found.setdefault(str(serial), []).append((maker, name))
    return found


def _faults(
    row: Row,
    known: Mapping[str, list[tuple[str, str]]],
    buttons: Mapping[str, int],
    seen: dict[str, int],
) -> Iterable[list[str]]:
    values = row["values"]
    if not values["name"]:
        yield ["no_name", ""]
    for field, most in LONGEST.items():
        if len(values[field]) > most:
            yield ["too_long", field]
    if values["button"] and sort_name(values["button"]) not in buttons:
        yield ["no_button", values["button"][:60]]
    if not values["serial"]:
        return
    serial = usable_serial(values["serial"])
    if not serial:
        yield ["no_serial_number", values["serial"][:64]]
        return
    for maker, name in known.get(serial, []):
        if maker == values["maker"] or "" in (maker, values["maker"]):
            yield ["known", name]
    if serial in seen:
        yield ["twice", str(seen[serial])]
    seen.setdefault(serial, row["line"])
