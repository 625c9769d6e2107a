"""Requests: opened at the printer. What becomes of them is in `work`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webapp.audit import log as audit
from webapp.core.counters import draw
from webapp.core.db import db
from webapp.core.principal import Principal, acting
from webapp.printers.events import PrinterEvent
from webapp.printers.facts import messages
from webapp.printers.mails import send_request_mails
from webapp.printers.models import (
    PanicButton,
    PanicLaunch,
    PanicReason,
    PanicRequest,
    PanicRequestEvent,
    Printer,
)
from webapp.printers.notices import tell_of_new
from webapp.printers.webhook_kinds import tell_of_request


def open_request(
    launch: PanicLaunch,
    button: PanicButton,
    printer: Printer,
    *,
    now: datetime,
    mails: bool = True,
) -> PanicRequest:
    """Page 3 was sent: the request, its first event, both mails, in one transaction.

    Whoever calls holds the launch's row, so that a double click finds the request made. Without `mails` nobody is
    told: for requests of the past, which a demonstration is filled with.
    """
    answers = launch.answers
    chosen = [r for r in button.reasons if r.public_id in answers["reasons"]]
    request = PanicRequest(
        organisation_id=launch.organisation_id,
        number=draw("request", organisation_id=launch.organisation_id),
        button=button,
        printer=printer,
        email=answers["email"],
        phone=answers.get("phone", ""),
        message=answers.get("message", ""),
        language=launch.language or button.language,
        reasons=[_as_it_was(reason) for reason in chosen],
        reason_ids=[reason.id for reason in chosen],
        facts={
            **launch.facts,
            "messages": messages(launch.facts, launch.raw, button.fault_sources),
        },
        created_at=now,
        printer_name=printer.name,
        printer_serial=printer.serial or launch.facts["serial"],
        location=printer.location or launch.facts["location"],
    )
    db.session.add(request)
    db.session.flush()
    launch.request_id = request.id
    note(request, "opened", by=acting(), now=now)
    if mails:
        send_request_mails(request)
        tell_of_new(request, now=now)
    audit.record(
        PrinterEvent.REQUEST_OPENED,
        organisation_id=request.organisation_id,
        kind="request",
        id=request.public_id,
        label=f"#{request.number}",
        detail={"printer": printer.name, "serial": request.printer_serial},
    )
    return request


def note(
    request: PanicRequest, kind: str, *, by: Principal, now: datetime, text: str = ""
) -> PanicRequestEvent:
    """Something happened to the request: one line of its history, and an event for webhooks."""
    event = PanicRequestEvent(
        organisation_id=request.organisation_id,
        request=request,
        at=now,
        kind=kind,
        text=text,
        by_kind=by.kind,
        by_id=by.id,
        by=by.label,
    )
    db.session.add(event)
    tell_of_request(request, kind, text=text, by=by.label, now=now)
    return event


def _as_it_was(reason: PanicReason) -> dict[str, Any]:
    return {"id": reason.public_id, "texts": dict(reason.texts)}
