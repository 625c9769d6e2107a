"""What the import engine is told about printers: columns, faults, what makes them used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.names import sort_name
from webapp.imports.references import referring
from webapp.imports.subjects import Context, Fault, Field, MadeRow, Row, Subject
from webapp.orgs.permissions import Permission
from webapp.printers.events import PrinterEvent
from webapp.printers.facts import usable_serial
from webapp.printers.imports.making import make_printers, remove_printers
from webapp.printers.models import PanicButton, Printer

MADE_WITH: Final = frozenset({"printers", "ownerships"})


def _serial(text: str) -> str:
    if not usable_serial(text):
        raise Refusal(_("“%(text)s” is no serial number.", text=text))
    return text


class Printers(Subject):
    name = "printers"
    label = _l("Printers")
    permission = Permission.PRINTERS_EDIT
    fields = (
        Field(
            "name",
            _l("Name"),
            required=True,
            example="Reception",
            longest=120,
            words="printer, printer name, nom, imprimante, nom de l'imprimante, drucker, druckername, "
            "bezeichnung, nome, stampante, nombre, impresora, nazwa, drukarka, namn, skrivare",
        ),
        Field(
            "serial",
            _l("Serial number"),
            description=_l(
                "Empty: the first press of the button with the printer's code binds it."
            ),
            example="XRX9C934E1",
            longest=64,
            parse=_serial,
            same=usable_serial,
            may_default=False,
            words="serial, serial no, s/n, sn, numéro de série, n° de série, n° série, seriennummer, "
            "seriennr, serien-nr, matricola, numero di serie, n. di serie, número de serie, n.º de serie, "
            "numer seryjny, nr seryjny, serienummer, serienr",
        ),
        Field(
            "maker",
            _l("Maker"),
            example="Xerox",
            longest=60,
            words="manufacturer, brand, make, fabricant, marque, hersteller, marke, produttore, marca, "
            "fabricante, producent, marka, tillverkare, märke",
        ),
        Field(
            "model",
            _l("Model"),
            example="AltaLink C8045",
            longest=120,
            words="type, modèle, type d'imprimante, modell, typ, modello, modelo",
        ),
        Field(
            "location",
            _l("Location"),
            example="Ground floor",
            longest=200,
            words="place, site, room, emplacement, lieu, localisation, standort, ort, raum, posizione, "
            "luogo, ubicazione, ubicación, lugar, lokalizacja, miejsce, plats, placering",
        ),
        Field(
            "button",
            _l("Button"),
            description=_l("The name of a panic button."),
            example="",
            longest=60,
            words="panic button, bouton, bouton panique, knopf, panikknopf, pulsante, pulsante di aiuto, "
            "botón, botón de ayuda, przycisk, przycisk pomocy, knapp, panikknapp",
        ),
    )

    def check(self, rows: Sequence[Row], context: Context) -> Iterable[Fault]:
        buttons, known = button_ids(), _known_serials(rows)
        for row in rows:
            yield from _faults(row, buttons, known)

    def make(self, rows: Sequence[Row], context: Context) -> Sequence[int]:
        return make_printers(
            [row.values for row in rows],
            button_ids(),
            organisation_id=context.organisation_id,
            now=context.now,
        )

    def finish(self, rows: Sequence[MadeRow], context: Context) -> None:
        """One entry in the log a batch, with its printers."""
        ids = [row.made_id for row in rows]
        made = db.session.scalars(select(Printer.public_id).where(Printer.id.in_(ids))).all()
        audit.record(
            PrinterEvent.PRINTERS_IMPORTED,
            organisation_id=context.organisation_id,
            kind="import",
            id=context.import_id,
            label=context.file_name,
            detail={"printers": list(made)},
        )

    def used(self, ids: Sequence[int], context: Context) -> Mapping[int, str]:
        found = {
            i: _("was heard of, or is named elsewhere, since")
            for table in ("printers", "devices")
            for i in referring(table, ids, but=MADE_WITH)
        }
        changed = select(Printer.id).where(Printer.id.in_(ids), Printer.version > 1)
        for printer_id in db.session.scalars(changed):
            found.setdefault(printer_id, _("was changed since"))
        return found

    def unmake(self, ids: Sequence[int], context: Context) -> None:
        remove_printers(ids)

    def place(self) -> tuple[str, dict[str, Any]]:
        return "printers.printers", {}


def button_ids() -> dict[str, int]:
    """Name without case and accents → id."""
    return {b.sort_name: b.id for b in db.session.scalars(select(PanicButton))}


def _known_serials(rows: Iterable[Row]) -> dict[str, list[tuple[str, str]]]:
    """Serial → maker and name of the printers that have it."""
    serials = {usable_serial(row.values["serial"] or "") for row in rows} - {""}
    found: dict[str, list[tuple[str, str]]] = {}
    known = select(Printer.serial, Printer.maker, Printer.name).where(Printer.serial.in_(serials))
    for serial, maker, name in db.session.execute(known):
        found.setdefault(str(serial), []).append((maker, name))
    return found


def _faults(
    row: Row, buttons: Mapping[str, int], known: Mapping[str, list[tuple[str, str]]]
) -> Iterator[Fault]:
    values = row.values
    if values["button"] and sort_name(values["button"]) not in buttons:
        words = _("There is no panic button “%(about)s”.", about=values["button"])
        yield Fault(row.line, words, "button")
    for maker, name in known.get(usable_serial(values["serial"] or ""), []):
        if maker == (values["maker"] or "") or not maker or not values["maker"]:
            words = _("The serial number is already that of %(about)s.", about=name)
            yield Fault(row.line, words, "serial")
            return
