"""Which reading each of [[[OID1]]] to [[[OID4]]] stands for (B-7), chosen from what a printer really said."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp.core.access import allow
from webapp.core.web import render
from webapp.orgs.permissions import Permission
from webapp.printers import facts, queries, services
from webapp.printers.letters.readings import ReadingsForm
from webapp.printers.models import PanicButton, PrinterReading
from webapp.printers.routes.blueprint import answer_form, bp, url_for

MOST_PRINTERS = 200


@bp.get("/buttons/<public_id>/readings", endpoint="button_readings")
@allow(Permission.PRINTERS_EDIT)
def readings(org: str, public_id: str) -> ResponseReturnValue:
    button = queries.get_button(public_id)
    form = ReadingsForm.of(button)
    return render("printers/readings.html", form=form, **_context(button, form))


@bp.post("/buttons/<public_id>/readings", endpoint="button_readings_save")
@allow(Permission.PRINTERS_EDIT)
def save(org: str, public_id: str) -> ResponseReturnValue:
    button, form = queries.get_button(public_id), ReadingsForm()

    def act() -> str:
        services.check_version(button, form.version.data)
        services.map_readings(button, form.sources())
        flash(_("The readings of %(name)s are saved.", name=button.name), "ok")
        chosen = request.args.get("printer")
        return url_for("button_readings", public_id=public_id, printer=chosen)

    return answer_form(form, "printers/readings.html", act, **_context(button, form))


@bp.post("/buttons/<public_id>/readings/shown", endpoint="button_readings_shown")
@allow(Permission.PRINTERS_EDIT)
def shown(org: str, public_id: str) -> Response:
    """What the four would be of that printer, with what stands in the form."""
    button, form = queries.get_button(public_id), ReadingsForm()
    form.validate()
    context = _context(button, form)
    return render("printers/readings.html", block="shown", form=form, **context)


def _context(button: PanicButton, form: ReadingsForm) -> dict[str, Any]:
    """With the last reading of the printer asked for, else of the one of this button that was read last."""
    asked = request.args.get("printer", "")
    printers = queries.printers_on(button, MOST_PRINTERS)
    found = queries.last_reading(button, asked)
    printer = next((p for p in printers if found and p.id == found.printer_id), None)
    return {
        "button": button,
        "printers": printers,
        "printer": printer,
        "reading": found,
        "values": facts.readable(found.raw) if found is not None else [],
        "would_be": _would_be(found, form) if found is not None and printer else [],
        "asked": asked,
    }


def _would_be(reading: PrinterReading, form: ReadingsForm) -> list[tuple[str, str]]:
    said = facts.messages(reading.decoded, reading.raw, form.sources())
    return list(zip(facts.MESSAGE_NAMES, said, strict=True))
