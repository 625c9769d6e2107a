"""What the audit log says of printers."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent, name_objects
from webapp.audit.words import name_facts


class PrinterEvent(AuditEvent):
    BUTTON_CREATED = "printers:button:created", _("Panic button created")
    BUTTON_CHANGED = "printers:button:changed", _("Panic button changed")
    PRINTER_ADDED = "printers:printer:added", _("Printer added")
    PRINTER_CHANGED = "printers:printer:changed", _("Printer changed")
    PRINTER_REMOVED = "printers:printer:removed", _("Printer removed")
    PRINTER_BOUND = "printers:printer:bound", _("Printer bound to a serial number")
    PRINTER_UNBOUND = "printers:printer:unbound", _("Printer's serial number released")
    CODE_RENEWED = "printers:code:renewed", _("New printer code made")
    CODE_REFUSED = "printers:code:refused", _("Wrong printer code entered")
    PRINTERS_IMPORTED = "printers:printers:imported", _("Printers imported")
    REQUEST_OPENED = "printers:request:opened", _("Request opened")
    REQUEST_CHANGED = "printers:request:changed", _("Request changed")
    REQUEST_ANSWERED = "printers:request:answered", _("Request answered by mail")
    REQUEST_ERASED = "printers:request:erased", _("Personal data of a request erased")


name_objects(
    {
        "panic_button": _("Panic button"),
        "printer": _("Printer"),
        "printer_import": _("Printer import"),
        "request": _("Request"),
    }
)

name_facts(
    {
        "ask_phone": _("Ask for the person's phone on page 1"),
        "assignee": _("Assignee"),
        "button": _("Panic button"),
        "languages": _("Languages offered on page 1"),
        "left_out": _("Left out"),
        "location": _("Location"),
        "maker": _("Maker"),
        "message_required": _("A message is required on page 3"),
        "fault_sources": _("Readings in the mails"),
        "model": _("Model"),
        "printer": _("Printer"),
        "printers": _("Printers"),
        "problem": _("Problem"),
        "reasons": _("Reasons"),
        "requests": _("Requests"),
        "serial": _("Serial number"),
        "state": _("State"),
        "technician_emails": _("Technicians' e-mail addresses"),
    }
)
