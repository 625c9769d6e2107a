"""Which column is which: the words people put above them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from flask_babel import gettext as _

from webapp.core.errors import Refusal
from webapp.core.names import sort_name

FIELDS: Final = ("name", "serial", "maker", "model", "location", "button")

# English first, then French, German, Italian, Spanish, Polish, Swedish.
WORDS: Final[dict[str, str]] = {
    "name": "name, printer, printer name, nom, imprimante, nom de l'imprimante, drucker, druckername, "
    "bezeichnung, nome, stampante, nombre, impresora, nazwa, drukarka, namn, skrivare",
    "serial": "serial, serial number, serial no, s/n, sn, numéro de série, n° de série, n° série, "
    "seriennummer, seriennr, serien-nr, matricola, numero di serie, n. di serie, número de serie, "
    "n.º de serie, numer seryjny, nr seryjny, serienummer, serienr",
    "maker": "maker, manufacturer, brand, make, fabricant, marque, hersteller, marke, produttore, marca, "
    "fabricante, producent, marka, tillverkare, märke",
    "model": "model, type, modèle, type d'imprimante, modell, typ, modello, modelo",
    "location": "location, place, site, room, emplacement, lieu, localisation, standort, ort, raum, "
    "posizione, luogo, ubicazione, ubicación, lugar, lokalizacja, miejsce, plats, placering",
    "button": "button, panic button, bouton, bouton panique, knopf, panikknopf, pulsante, "
    "pulsante di aiuto, botón, botón de ayuda, przycisk, przycisk pomocy, knapp, panikknapp",
}


def mapped(header: Sequence[str]) -> dict[str, int]:
    """Field → place of its column. Unknown columns are passed over; `Refusal` without a name or with a double."""
    places: dict[str, int] = {}
    for place, heading in enumerate(header):
        field = _BY_WORD.get(_plain(heading))
        if field is None:
            continue
        if field in places:
            words = _("Two columns are “%(field)s”: “%(first)s” and “%(second)s”. Keep one.")
            first = header[places[field]].strip()
            values = {"field": field, "first": first, "second": heading.strip()}
            raise Refusal(words % values, field="file")
        places[field] = place
    if "name" not in places:
        found = ", ".join(h.strip() for h in header if h.strip())[:120]
        words = _("The first line must name the columns, one of them “name”. It says: %(found)s")
        raise Refusal(words % {"found": found or "–"}, field="file")
    return places


def _plain(heading: str) -> str:
    """Case, accents, points and blanks don't matter."""
    return re.sub(r"[\W_]+", "", sort_name(heading))


_BY_WORD = {_plain(word): field for field, words in WORDS.items() for word in words.split(", ")}
