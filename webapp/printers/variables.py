"""The variables of the button's mails (B-7): what each is called, and its value for one request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask_babel import lazy_gettext as _

from webapp.core.localized import LocalizedText
from webapp.printers.models import PanicRequest
from webapp.printers.texts import DEFAULT_REASONS

DESCRIPTIONS: Final[dict[str, object]] = {
    "ENDUSEREMAIL": _("User's e-mail address"),
    "TEL": _("User's phone"),
    "REASONS": _("Reasons ticked"),
    "ENDUSERMESSAGE": _("User's message"),
    "SERIAL": _("Serial number"),
    "MODEL": _("Model"),
    "IP": _("Network address"),
    "COUNTERTOTAL": _("Pages in total"),
    "COUNTERBLACK": _("Pages black"),
    "COUNTERCOLOR": _("Pages colour"),
    "COUNTERLARGE": _("Pages A3"),
    "OID1": _("First fault message"),
    "OID2": _("Second fault message"),
    "OID3": _("Third fault message"),
    "OID4": _("Fourth fault message"),
    "PRINTERNAME": _("Printer's name"),
    "PRINTERLOCALISATION": _("Printer's location"),
}


Values = Mapping[str, str]


def sample_values(language: str) -> dict[str, str]:
    """For previews and test mails, while no request is chosen. The printer is none that exists."""
    jam, quality = DEFAULT_REASONS[0], DEFAULT_REASONS[2]
    return {
        "ENDUSEREMAIL": "anna.rossi@example.com",
        "TEL": "+39 0444 123456",
        "REASONS": f"{jam.in_language(language)}, {quality.in_language(language)}",
        "ENDUSERMESSAGE": "…",
        "SERIAL": "XRX9C934E1",
        "MODEL": "Xerox AltaLink C8045",
        "IP": "192.0.2.31",
        "COUNTERTOTAL": "580249",
        "COUNTERBLACK": "400000",
        "COUNTERCOLOR": "180249",
        "COUNTERLARGE": "1204",
        "OID1": "Paper jam in tray 2",
        "OID2": "Toner low: cyan",
        "OID3": "",
        "OID4": "",
        "PRINTERNAME": "Colour 2nd floor",
        "PRINTERLOCALISATION": "Alliance, 2nd floor",
    }


def values_of(request: PanicRequest, *, language: str) -> dict[str, str]:
    """The values of all variables; reasons in `language`. What is not known is an empty text."""
    facts, counters = request.facts, request.facts["counters"]
    said = facts["messages"]
    return {
        "ENDUSEREMAIL": request.email,
        "TEL": request.phone,
        "REASONS": reasons_in(request, language),
        "ENDUSERMESSAGE": request.message,
        "SERIAL": request.printer_serial,
        "MODEL": request.printer.model or facts["model"],
        "IP": facts["ip"],
        "COUNTERTOTAL": _number(counters["total"]),
        "COUNTERBLACK": _number(counters["black"]),
        "COUNTERCOLOR": _number(counters["colour"]),
        "COUNTERLARGE": _number(counters["large"]),
        "OID1": said[0],
        "OID2": said[1],
        "OID3": said[2],
        "OID4": said[3],
        "PRINTERNAME": request.printer_name,
        "PRINTERLOCALISATION": request.location,
    }


def reasons_in(request: PanicRequest, language: str) -> str:
    """The ticked reasons as they were worded then, translated, in one line."""
    default = request.button.language
    return ", ".join(
        LocalizedText(r["texts"]).in_language(language, default) for r in request.reasons
    )


def _number(count: int | None) -> str:
    return "" if count is None else str(count)
