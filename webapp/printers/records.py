"""Printers: what leaves with the export, what is personal, how long it is kept."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, any_, func, literal, or_, select

from webapp.core import retention
from webapp.core.exports import export, keep_back
from webapp.core.personal import DELETE, Subject, not_personal, personal
from webapp.orgs.records import by_them
from webapp.printers import keeping
from webapp.printers.agents.models import PrinterAgent, PrinterSighting
from webapp.printers.history.models import PrinterFault, PrinterStatement
from webapp.printers.models import (
    PanicButton,
    PanicImage,
    PanicLaunch,
    PanicMail,
    PanicReason,
    PanicRequest,
    PanicRequestEvent,
    Printer,
    PrinterReading,
    SenderDomain,
)
from webapp.printers.polling.models import (
    PollRules,
    PrinterDiscovery,
    PrinterPoll,
    SnmpProfile,
)

export(
    PanicButton,
    "id public_id name language languages texts ask_phone message_required phone technician_emails "
    "from_email from_name colours fault_sources opens_on_fault active created_at",
    about="Panic buttons: the support forms.",
)
export(
    PanicReason, "id public_id button_id texts position hidden icon", about="What can be ticked."
)
export(PanicMail, "id button_id receiver language subject html", about="The buttons' mails.")
export(
    Printer,
    "id public_id name serial maker model location address button_id bound_at state problem "
    "pages_total pages_black pages_colour pages_large counters_doubtful labels poll_profile_id "
    "polled_by agent_id customer large_counts_double created_at",
    about="Printers.",
    withheld="the printer codes of the labels",
)
export(
    PrinterReading,
    "id printer_id at measured_at reading_id source decoded pages_total pages_black pages_colour "
    "pages_large doubtful complete daily",
    about="What printers said of themselves.",
    withheld="raw: the same before decoding",
)
export(
    PanicRequest,
    "id public_id number button_id printer_id state email phone message language reasons facts "
    "source fault "
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

export(
    PanicImage,
    "id button_id page language file_id width height",
    about="Which picture stands on which page.",
)
export(
    SenderDomain,
    "id public_id domain state problem created_at checked_at verified_at",
    about="Domains that mails may come from.",
    withheld="token: what proves the domain",
)
export(
    SnmpProfile,
    "id public_id name snmp_version port user_name auth_protocol privacy_protocol key_extension "
    "time_out_ms retries quick_minutes full_hours created_at",
    about="With what printers are read.",
    withheld="community, authentication and privacy phrases",
)
export(PollRules, "id never", about="Models that are never polled.")
export(
    PrinterStatement,
    "id month customer printer_id printer_name printer_serial first_total last_total last_black "
    "last_colour last_large pages black colour large billed_pages doubtful created_at",
    about="Pages of closed months.",
)
export(
    PrinterAgent,
    "id public_id name install_id enrolled_at active quick_minutes full_hours search_hours program "
    "host networks queued dropped clock_off_seconds created_at",
    about="Site agents.",
)
keep_back(PrinterPoll, why="when a printer is asked next; follows from its profile")
keep_back(PrinterDiscovery, why="a search for printers; what was added stands in printers")
keep_back(PrinterFault, why="faults that last at this moment; readings and requests hold them")
keep_back(PrinterSighting, why="printers that nobody has added yet")

not_personal(
    PanicButton,
    "name sort_name phone from_email from_name ask_phone",
    why="the service's, not a person's",
)
not_personal(Printer, "name sort_name address polled_by", why="the printer's")
not_personal(PrinterStatement, "printer_name", why="the printer's")
not_personal(PrinterAgent, "name sort_name", why="the agent's")
not_personal(PrinterSighting, "name address", why="the printer's")
not_personal(SnmpProfile, "name sort_name user_name", why="names of settings, not of persons")
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

personal(
    PrinterDiscovery,
    "created_by",
    gives="network created_at created_by",
    of=lambda who: by_them(PrinterDiscovery.created_by, who, PrinterDiscovery.organisation_id),
    erase={"created_by": lambda who: who.pseudonym},
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
        "printer_statements",
        _("Month statements of printers"),
        keeping.remove_old_statements,
        days=3 * 365,
    ),
    retention.Retention(
        "printer_sightings",
        _("Printers that a site agent saw and nobody added"),
        keeping.remove_old_sightings,
        days=30,
    ),
    retention.Retention(
        "printer_readings_daily",
        _("Readings of printers"),
        keeping.remove_old_readings,
        days=3 * 365,
    ),
)
