"""What of printers goes when its time is over, and how a request's person is forgotten.

In the scope of one organisation.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, Text, and_, case, cast, delete, func, or_, select, update
from sqlalchemy.orm import aliased

from webapp.audit import erasure
from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.jobs import JobState
from webapp.core.principal import Actor, Principal
from webapp.core.retention import BATCH
from webapp.mail.models import Mail
from webapp.printers.agents.models import PrinterSighting
from webapp.printers.events import PrinterEvent
from webapp.printers.history.models import PrinterStatement
from webapp.printers.models import (
    PanicLaunch,
    PanicRequest,
    PanicRequestEvent,
    PrinterReading,
    RequestState,
)
from webapp.webhooks.models import Delivery

QUIET = {"synchronize_session": False}

ERASED_REQUEST: dict[str, Any] = {
    "email": "",
    "phone": "",
    "message": "",
    "erased_at": func.now(),
    "version": PanicRequest.version + 1,
}


ERASED_EVENT: dict[str, Any] = {
    "text": "",
    "by": case(
        (PanicRequestEvent.by_kind == Actor.PERSON_AT_PRINTER.value, ""),
        else_=PanicRequestEvent.by,
    ),
}
"""Notes and answers go whole, since they may say anything; names of colleagues stay."""


def remove_old_requests(before: datetime) -> int:
    """Done before that moment; what is still worked on stays. Their launches and histories go with them."""
    ids = list(
        db.session.scalars(
            select(PanicRequest.id)
            .where(PanicRequest.state == RequestState.DONE, PanicRequest.done_at < before)
            .order_by(PanicRequest.id)
            .limit(BATCH)
        )
    )
    for model, column in (
        (PanicLaunch, PanicLaunch.request_id),
        (PanicRequestEvent, PanicRequestEvent.request_id),
        (PanicRequest, PanicRequest.id),
    ):
        db.session.execute(delete(model).where(column.in_(ids)), execution_options=QUIET)
    return len(ids)


def remove_old_launches(before: datetime) -> int:
    return _remove(PanicLaunch, select(PanicLaunch.id).where(PanicLaunch.created_at < before))


def thin_out_readings(before: datetime) -> int:
    """Of each printer and day (UTC) the last whole reading stays, else the last: it is marked, the others go."""
    old = (
        select(PrinterReading.id)
        .where(~PrinterReading.daily, PrinterReading.at < before)
        .order_by(PrinterReading.at)
        .limit(BATCH)
    )
    ids = list(db.session.scalars(old))
    other = aliased(PrinterReading)
    is_later = and_(other.complete == PrinterReading.complete, other.at > PrinterReading.at)
    has_better = (
        select(other.id)
        .where(
            other.printer_id == PrinterReading.printer_id,
            or_(is_later, and_(other.complete, ~PrinterReading.complete)),
            func.date_trunc("day", other.at) == func.date_trunc("day", PrinterReading.at),
        )
        .exists()
    )
    these = PrinterReading.id.in_(ids)
    last = update(PrinterReading).where(these, ~has_better).values(daily=True)
    db.session.execute(last, execution_options=QUIET)
    rest = delete(PrinterReading).where(these, ~PrinterReading.daily)
    db.session.execute(rest, execution_options=QUIET)
    return len(ids)


def remove_old_readings(before: datetime) -> int:
    return _remove(PrinterReading, select(PrinterReading.id).where(PrinterReading.at < before))


def remove_old_statements(before: datetime) -> int:
    return _remove(
        PrinterStatement, select(PrinterStatement.id).where(PrinterStatement.created_at < before)
    )


def remove_old_sightings(before: datetime) -> int:
    return _remove(
        PrinterSighting, select(PrinterSighting.id).where(PrinterSighting.last_seen_at < before)
    )


def _remove(model: type[Any], wanted: Select[Any]) -> int:
    some = wanted.order_by(model.id).limit(BATCH)
    gone = delete(model).where(model.id.in_(some)).returning(model.id)
    return len(db.session.execute(gone, execution_options=QUIET).all())


def erase_person(request: PanicRequest, *, by: Principal, now: datetime) -> None:
    """Address, phone and message of whoever called for help, wherever they stand; the request itself stays."""
    if request.erased_at is not None:
        raise Refusal(_("The personal data of this request are erased already."), status=409)
    address = request.email
    request.email = request.phone = request.message = ""
    request.erased_at = now
    for statement in (
        delete(PanicLaunch).where(PanicLaunch.request_id == request.id),
        update(PanicRequestEvent)
        .where(PanicRequestEvent.request_id == request.id)
        .values(**ERASED_EVENT),
        delete(Delivery).where(cast(Delivery.body, Text).contains(request.public_id)),
    ):
        db.session.execute(statement, execution_options=QUIET)
    _forget_mails(request, address)
    erasure.erase(erasure.about("request", [request.public_id]), now=now)
    audit.record(
        PrinterEvent.REQUEST_ERASED,
        organisation_id=request.organisation_id,
        kind="request",
        id=request.public_id,
        label=f"#{request.number}",
        by=by,
    )


def _forget_mails(request: PanicRequest, address: str) -> None:
    """Those about it: what has not left does not leave. The technicians' addresses stay, the texts go."""
    mine = and_(Mail.cause_kind == "request", Mail.cause_id == request.public_id)
    db.session.execute(
        update(Mail)
        .where(mine)
        .values(subject="", html=None, text=None, bodies_sealed=None, wipe_at=None),
        execution_options=QUIET,
    )
    db.session.execute(
        update(Mail)
        .where(mine, Mail.state.in_([JobState.WAITING, JobState.CLAIMED]))
        .values(state=JobState.CANCELLED.value, claimed_until=None),
        execution_options=QUIET,
    )
    db.session.execute(
        update(Mail)
        .where(mine, func.lower(Mail.recipient) == address.lower())
        .values(recipient="erased@erased.invalid", recipient_name="", server_words=None),
        execution_options=QUIET,
    )
