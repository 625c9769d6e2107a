"""Printers and requests for programs: `/api/v1/printers`, `/api/v1/printer-requests`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint
from flask_babel import gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from webapp.accounts.models import User
from webapp.api.access import ApiToken
from webapp.api.paging import next_url, page_of
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.endpoints import Description, endpoint
from webapp.core.errors import Refusal
from webapp.core.listing.paging import Order
from webapp.core.principal import Principal, acting
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission
from webapp.printers import queries, work
from webapp.printers.api_views import (
    Assignment,
    Note,
    PrinterPage,
    PrintersAsked,
    PrinterView,
    RequestDetail,
    RequestPage,
    RequestsAsked,
    detail_of_request,
    view_of_printer,
    view_of_request,
)
from webapp.printers.lists.printers import printers as all_printers
from webapp.printers.models import PanicButton, PanicRequest, Printer

bp = Blueprint("printers_api", __name__, url_prefix="/api/v1")

BY_NAME = Order("name", Printer.sort_name, Printer.id, descending=False)
BY_TIME = Order("created_at", PanicRequest.created_at, PanicRequest.id, descending=False)

READ = ApiToken(Permission.PRINTERS_READ)
READ_REQUESTS = ApiToken(Permission.PRINTER_REQUESTS_READ)
WORK = ApiToken(Permission.PRINTER_REQUESTS_EDIT)


@bp.get("/printers")
@allow(READ)
@endpoint(
    Description(
        summary="The organisation's printers.",
        answers={200: PrinterPage},
        query=PrintersAsked,
        conditional=True,
    )
)
def printers(query: PrintersAsked) -> PrinterPage:
    found = page_of(_printers(query), BY_NAME, query)
    return PrinterPage([view_of_printer(row) for row in found.rows], next_url(found))


@bp.get("/printers/<public_id>")
@allow(READ)
@endpoint(Description(summary="One printer.", answers={200: PrinterView}, conditional=True))
def printer(public_id: str) -> PrinterView:
    return view_of_printer(queries.get_printer(public_id))


@bp.get("/printer-requests")
@allow(READ_REQUESTS)
@endpoint(
    Description(
        summary="Calls for help, the oldest first.",
        answers={200: RequestPage},
        query=RequestsAsked,
        conditional=True,
    )
)
def requests(query: RequestsAsked) -> RequestPage:
    here = current_organisation()
    found = page_of(_requests(query), BY_TIME, query)
    return RequestPage([view_of_request(row, here) for row in found.rows], next_url(found))


@bp.get("/printer-requests/<public_id>")
@allow(READ_REQUESTS)
@endpoint(
    Description(
        summary="One call for help, with its history.",
        answers={200: RequestDetail},
        conditional=True,
    )
)
def request(public_id: str) -> RequestDetail:
    return detail_of_request(queries.get_request(public_id), current_organisation())


@bp.post("/printer-requests/<public_id>/notes")
@allow(WORK)
@endpoint(
    Description(
        summary="Note something for colleagues; the person at the printer never sees it.",
        body=Note,
        answers={201: RequestDetail},
    )
)
def note(public_id: str, message: Note) -> tuple[RequestDetail, int]:
    return _step(
        public_id, lambda row, by, now: work.add_note(row, message.text.strip(), by=by, now=now)
    )


@bp.post("/printer-requests/<public_id>/answers")
@allow(WORK)
@endpoint(
    Description(summary="Answer the person by mail.", body=Note, answers={201: RequestDetail})
)
def answer(public_id: str, message: Note) -> tuple[RequestDetail, int]:
    return _step(
        public_id, lambda row, by, now: work.answer(row, message.text.strip(), by=by, now=now)
    )


@bp.post("/printer-requests/<public_id>/assignments")
@allow(WORK)
@endpoint(
    Description(
        summary="Give it to somebody: it is in progress from now on.",
        body=Assignment,
        answers={201: RequestDetail},
        problems={409: "conflict"},
    )
)
def assign(public_id: str, message: Assignment) -> tuple[RequestDetail, int]:
    return _step(
        public_id,
        lambda row, by, now: work.assign(row, _worker(message.email), by=by, now=now),
    )


@bp.post("/printer-requests/<public_id>/returns")
@allow(WORK)
@endpoint(
    Description(
        summary="Give it back: it is new again and nobody's.",
        answers={201: RequestDetail},
        problems={409: "conflict"},
    )
)
def give_back(public_id: str) -> tuple[RequestDetail, int]:
    return _step(public_id, lambda row, by, now: work.give_back(row, by=by, now=now))


@bp.post("/printer-requests/<public_id>/completions")
@allow(WORK)
@endpoint(
    Description(
        summary="It is done. Once more changes nothing.",
        answers={201: RequestDetail},
        problems={409: "conflict"},
    )
)
def complete(public_id: str) -> tuple[RequestDetail, int]:
    return _step(public_id, lambda row, by, now: work.complete(row, by=by, now=now))


@bp.post("/printer-requests/<public_id>/reopenings")
@allow(WORK)
@endpoint(
    Description(
        summary="It isn't done after all: in progress again, with this person.",
        body=Assignment,
        answers={201: RequestDetail},
        problems={409: "conflict"},
    )
)
def reopen(public_id: str, message: Assignment) -> tuple[RequestDetail, int]:
    def step(row: PanicRequest, by: Principal, now: datetime) -> None:
        user = _worker(message.email)
        work.reopen(row, user, by=by, now=now)
        work.assign(row, user, by=by, now=now)

    return _step(public_id, step)


def _step(
    public_id: str, step: Callable[[PanicRequest, Principal, datetime], None]
) -> tuple[RequestDetail, int]:
    """Hold the request, do one step of work, answer how it stands now."""
    row = queries.held_request(public_id)
    step(row, acting(), utcnow())
    db.session.flush()
    return detail_of_request(row, current_organisation()), 201


def _worker(email: str) -> User:
    """Somebody who may work on requests here."""
    wanted = email.strip().casefold()
    for user in queries.people_who_work_here(current_organisation()):
        if user.email.casefold() == wanted:
            return user
    raise Refusal(_("Nobody with this address works on requests here."), field="email")


def _printers(query: PrintersAsked) -> Select[tuple[Printer]]:
    found = all_printers()
    if query.state:
        found = found.where(Printer.state.in_(query.state))
    if isinstance(query.serial, str):
        found = found.where(Printer.serial == query.serial.strip().upper())
    if isinstance(query.button, str):
        button = select(PanicButton.id).where(PanicButton.public_id == query.button)
        found = found.where(Printer.button_id.in_(button))
    return found


def _requests(query: RequestsAsked) -> Select[PanicRequest]:
    found = select(PanicRequest).options(
        selectinload(PanicRequest.button),
        selectinload(PanicRequest.printer),
        selectinload(PanicRequest.assignee),
    )
    if query.state:
        found = found.where(PanicRequest.state.in_(query.state))
    if isinstance(query.printer, str):
        printer_id = select(Printer.id).where(Printer.public_id == query.printer)
        found = found.where(PanicRequest.printer_id.in_(printer_id))
    if isinstance(query.since, datetime):
        found = found.where(PanicRequest.created_at >= query.since)
    return found
