"""Printers: what leaves with the export, what is personal, how long it is kept."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, any_, func, literal, or_, select

from webapp.core import retention
from webapp.core.exports import export, keep_back
from webapp.core.personal import DELETE, Subject, not_personal, personal
from webapp.printers import keeping
from webapp.printers.models import (
    PanicButton,
    PanicLaunch,
    PanicMail,
    PanicReason,
    PanicRequest,
    PanicRequestEvent,
    Printer,
    PrinterReading,
)

export(
    PanicButton,
    "id public_id name language languages texts ask_phone message_required phone technician_emails "
    "from_email from_name fault_sources active created_at",
    about="Panic buttons: the support forms.",
)
export(PanicReason, "id public_id button_id texts position hidden", about="What can be ticked.")
export(PanicMail, "id button_id receiver language subject html", about="The buttons' mails.")
export(
    Printer,
    "id public_id name serial maker model location address button_id bound_at state problem "
    "pages_total pages_black pages_colour pages_large counters_doubtful labels created_at",
    about="Printers.",
    withheld="the printer codes of the labels",
)
export(
    PrinterReading,
    "id printer_id at source decoded pages_total pages_black pages_colour pages_large doubtful",
    about="What printers said of themselves.",
    withheld="raw: the same before decoding",
)
export(
    PanicRequest,
    "id public_id number button_id printer_id state email phone message language reasons facts "
    "assignee_id created_at taken_at done_at erased_at printer_name printer_serial location",
    about="Calls for help.",
    withheld="reason_ids: the same as in reasons",
)
export(
    PanicRequestEvent,
    "id request_id at kind text by_kind by_id by",
    about="What became of the calls for help.",
)
keep_back(
    PanicLaunch, why="half-filled forms of at most 30 days; what was sent is in panic_requests"
)

not_personal(
    PanicButton,
    "name sort_name phone from_email from_name ask_phone",
    why="the service's, not a person's",
)
not_personal(Printer, "name sort_name address", why="the printer's")
not_personal(PanicRequest, "printer_name", why="the printer's")


def _of_request(column: Any) -> Any:
    """Whose request it is, by the address that was typed."""
    return lambda who: column.in_(
        select(PanicRequest.id).where(func.lower(PanicRequest.email) == who.email.lower())
    )


def _without(who: Subject) -> ColumnElement[list[str]]:
    return func.array_remove(PanicButton.technician_emails, who.email)


personal(
    PanicButton,
    "technician_emails",
    gives="name",
    of=lambda who: literal(who.email) == any_(PanicButton.technician_emails),
    erase={"technician_emails": _without, "version": PanicButton.version + 1},
)
personal(
    PanicLaunch,
    "answers facts address raw",
    gives="created_at answers facts",
    of=lambda who: or_(
        _of_request(PanicLaunch.request_id)(who),
        func.lower(PanicLaunch.answers["email"].astext) == who.email.lower(),
    ),
    erase=DELETE,
)
personal(
    PanicRequestEvent,
    "text by_kind",
    gives="at kind text",
    of=lambda who: _of_request(PanicRequestEvent.request_id)(who),
    erase=keeping.ERASED_EVENT,
)
personal(
    PanicRequestEvent,
    "by",
    gives="at kind text by",
    of=lambda who: (PanicRequestEvent.by_kind == "user") & (PanicRequestEvent.by_id == who.id),
    erase={"by": lambda who: who.pseudonym},
)
personal(
    PanicRequest,
    "email phone message",
    gives="number created_at email phone message printer_name location",
    of=lambda who: func.lower(PanicRequest.email) == who.email.lower(),
    erase=keeping.ERASED_REQUEST,
)

retention.register(
    retention.Retention(
        "panic_requests",
        _("Requests of printers"),
        keeping.remove_old_requests,
        days_setting="request_retention_days",
    ),
    retention.Retention(
        "panic_launches", _("Forms opened at printers"), keeping.remove_old_launches, days=30
    ),
    retention.Retention(
        "printer_readings",
        _("Readings of printers beyond one a day"),
        keeping.thin_out_readings,
        days=90,
    ),
    retention.Retention(
        "printer_readings_daily",
        _("Readings of printers"),
        keeping.remove_old_readings,
        days=3 * 365,
    ),
)
