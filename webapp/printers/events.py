"""What the audit log says of printers."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent, name_objects
from webapp.audit.words import name_facts


class PrinterEvent(AuditEvent):
    BUTTON_CREATED = "printers:button:created", _("Panic button created")
    BUTTON_CHANGED = "printers:button:changed", _("Panic button changed")
    MAIL_WORDED = "printers:mail:worded", _("Mail of a panic button worded")
    MAIL_TESTED = "printers:mail:tested", _("Test mail of a panic button sent")
    DOMAIN_ADDED = "printers:domain:added", _("Sender domain added")
    DOMAIN_CHECKED = "printers:domain:checked", _("Sender domain checked")
    DOMAIN_REMOVED = "printers:domain:removed", _("Sender domain removed")
    PRINTER_ADDED = "printers:printer:added", _("Printer added")
    PRINTER_CHANGED = "printers:printer:changed", _("Printer changed")
    PRINTER_REMOVED = "printers:printer:removed", _("Printer removed")
    PRINTER_BOUND = "printers:printer:bound", _("Printer bound to a serial number")
    PRINTER_UNBOUND = "printers:printer:unbound", _("Printer's serial number released")
    CODE_RENEWED = "printers:code:renewed", _("New printer code made")
    CODE_REFUSED = "printers:code:refused", _("Wrong printer code entered")
    PRINTERS_IMPORTED = "printers:printers:imported", _("Printers imported")
    PROFILE_CREATED = "printers:profile:created", _("Reading profile created")
    PROFILE_CHANGED = "printers:profile:changed", _("Reading profile changed")
    PROFILE_REMOVED = "printers:profile:removed", _("Reading profile removed")
    NETWORK_SEARCHED = "printers:network:searched", _("Network searched for printers")
    MONTH_CLOSED = "printers:month:closed", _("Month statements made")
    AGENT_ADDED = "printers:agent:added", _("Site agent added")
    AGENT_CHANGED = "printers:agent:changed", _("Site agent changed")
    AGENT_ENROLLED = "printers:agent:enrolled", _("Site agent set up")
    AGENT_REVOKED = "printers:agent:revoked", _("Site agent's credential revoked")
    REQUEST_OPENED = "printers:request:opened", _("Request opened")
    REQUEST_CHANGED = "printers:request:changed", _("Request changed")
    REQUEST_ANSWERED = "printers:request:answered", _("Request answered by mail")
    REQUEST_ERASED = "printers:request:erased", _("Personal data of a request erased")


name_objects(
    {
        "panic_button": _("Panic button"),
        "printer": _("Printer"),
        "printer_import": _("Printer import"),
        "printer_discovery": _("Search for printers"),
        "snmp_profile": _("Reading profile"),
        "request": _("Request"),
        "sender_domain": _("Sender domain"),
        "printer_statement": _("Month statement"),
        "printer_agent": _("Site agent"),
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
        "colours": _("Colours"),
        "customer": _("Customer"),
        "large_counts_double": _("A3 pages count double"),
        "opens_on_fault": _("A fault opens a request by itself"),
        "from_email": _("From e-mail"),
        "from_name": _("From name"),
        "page": _("Page"),
        "receiver": _("Receiver"),
        "fault_sources": _("Readings in the mails"),
        "model": _("Model"),
        "polled_by": _("Read by"),
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
