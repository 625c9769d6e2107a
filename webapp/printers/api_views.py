"""How programs see printers and requests: in the JSON API, and in what webhooks carry."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from webapp.accounts.models import User
from webapp.api.paging import Paged
from webapp.core.web import address_of
from webapp.devices.models import DeviceState
from webapp.orgs.models import Organisation
from webapp.printers.models import (
    PanicButton,
    PanicRequest,
    PanicRequestEvent,
    Printer,
    RequestSource,
    RequestState,
)

PublicId = Annotated[str, Meta(pattern="^[a-z0-9]{12}$")]
Words = Annotated[str, Meta(min_length=1, max_length=4000, pattern=r"\S")]


class ButtonName(Struct):
    """A panic button, as other things name it."""

    id: str
    name: str


class Counters(Struct):
    """Pages as the printer counted them; null where it did not say."""

    total: int | None
    black: int | None
    colour: int | None
    large: int | None


class PrinterView(Struct):
    """A printer. `doubtful`: its counters contradict each other or fell."""

    id: str
    name: str
    state: DeviceState
    problem: str | None
    serial: str | None
    maker: str
    model: str
    location: str
    address: str | None
    button: ButtonName | None
    counters: Counters
    doubtful: bool
    last_seen_at: datetime | None
    created_at: datetime


class PrinterPage(Struct):
    """Printers in the order of their names; `next` is the address of the next page."""

    printers: list[PrinterView]
    next: str | None


class PrintersAsked(Paged, kw_only=True):
    """Which printers: those that fit all parameters, and one of each repeated one."""

    state: Annotated[list[DeviceState], Meta(description="In one of these states.")] = []
    serial: (
        Annotated[str, Meta(min_length=1, max_length=64, description="With this serial number.")]
        | UnsetType
    ) = UNSET
    button: (
        Annotated[
            str,
            Meta(pattern="^[a-z0-9]{12}$", description="On the panic button with this id."),
        ]
        | UnsetType
    ) = UNSET


class PrinterThen(Struct):
    """The printer as it was called when somebody pressed its button."""

    id: str
    name: str
    serial: str
    location: str


class Person(Struct):
    """Somebody who works on requests."""

    name: str
    email: str


class RequestView(Struct):
    """A call for help, by a person or (`source`) by a fault, which has no e-mail address.

    `reasons` are the ticked ones, by language; `url` is its page in the portal.
    """

    id: str
    number: int
    state: RequestState
    printer: PrinterThen
    button: ButtonName
    reasons: list[dict[str, str]]
    message: str
    email: str
    phone: str
    language: str
    source: RequestSource
    assignee: Person | None
    created_at: datetime
    taken_at: datetime | None
    done_at: datetime | None
    url: str


class Happening(Struct):
    """One line of a request's history."""

    at: datetime
    kind: str
    text: str
    by: str


class Machine(Struct):
    """What the printer said of itself when the button was pressed."""

    model: str
    address: str
    counters: Counters
    faults: list[str]


class RequestDetail(RequestView):
    """A request with its history and the printer's own words."""

    machine: Machine
    history: list[Happening]


class RequestPage(Struct):
    """Requests, the oldest first; `next` is the address of the next page."""

    requests: list[RequestView]
    next: str | None


class RequestsAsked(Paged, kw_only=True):
    """Which requests: those that fit all parameters, and one of each repeated one."""

    state: Annotated[list[RequestState], Meta(description="In one of these states.")] = []
    printer: (
        Annotated[str, Meta(pattern="^[a-z0-9]{12}$", description="Of the printer with this id.")]
        | UnsetType
    ) = UNSET
    since: (
        Annotated[
            datetime,
            Meta(tz=True, description="Opened at this time or later; RFC 3339 with an offset."),
        ]
        | UnsetType
    ) = UNSET


class Note(Struct, forbid_unknown_fields=True):
    """A note for colleagues, or an answer to the person."""

    text: Words


class Assignment(Struct, forbid_unknown_fields=True):
    """Who shall work on it: the e-mail address of somebody who may."""

    email: Annotated[str, Meta(min_length=3, max_length=254)]


def view_of_printer(printer: Printer) -> PrinterView:
    liveness = printer.liveness
    return PrinterView(
        id=printer.public_id,
        name=printer.name,
        state=DeviceState(printer.state),
        problem=printer.problem,
        serial=printer.serial,
        maker=printer.maker,
        model=printer.model,
        location=printer.location,
        address=str(printer.address) if printer.address is not None else None,
        button=_button(printer.button) if printer.button is not None else None,
        counters=Counters(
            printer.pages_total, printer.pages_black, printer.pages_colour, printer.pages_large
        ),
        doubtful=printer.counters_doubtful,
        last_seen_at=liveness.last_seen_at if liveness is not None else None,
        created_at=printer.created_at,
    )


def view_of_request(request: PanicRequest, organisation: Organisation) -> RequestView:
    return RequestView(**_facts(request, organisation))


def detail_of_request(request: PanicRequest, organisation: Organisation) -> RequestDetail:
    """With the history; a line of this transaction stands last."""
    known = request.facts
    history = sorted(request.events, key=lambda event: (event.at, event.id or 0))
    return RequestDetail(
        **_facts(request, organisation),
        machine=Machine(
            model=known["model"],
            address=known["ip"],
            counters=Counters(**known["counters"]),
            faults=known["faults"],
        ),
        history=[_happening(event) for event in history],
    )


def as_json(view: Struct) -> dict[str, Any]:
    """For a webhook's payload."""
    built: dict[str, Any] = msgspec.to_builtins(view)
    return built


def _facts(request: PanicRequest, organisation: Organisation) -> dict[str, Any]:
    page = address_of("printers.request", org=organisation.public_id, public_id=request.public_id)
    return {
        "id": request.public_id,
        "number": request.number,
        "state": RequestState(request.state),
        "printer": PrinterThen(
            request.printer.public_id,
            request.printer_name,
            request.printer_serial,
            request.location,
        ),
        "button": _button(request.button),
        "reasons": [dict(reason["texts"]) for reason in request.reasons],
        "message": request.message,
        "email": request.email,
        "phone": request.phone,
        "language": request.language,
        "source": RequestSource(request.source),
        "assignee": _person(request.assignee),
        "created_at": request.created_at,
        "taken_at": request.taken_at,
        "done_at": request.done_at,
        "url": page,
    }


def _button(button: PanicButton) -> ButtonName:
    return ButtonName(button.public_id, button.name)


def _person(user: User | None) -> Person | None:
    return Person(user.name, user.email) if user is not None else None


def _happening(event: PanicRequestEvent) -> Happening:
    return Happening(event.at, event.kind, event.text, event.by)
