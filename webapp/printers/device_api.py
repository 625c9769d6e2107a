"""What printers' apps speak to: docs/protocols/printers.md."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint

from webapp.core.access import PUBLIC, allow
from webapp.core.clock import utcnow
from webapp.core.endpoints import Description, endpoint
from webapp.core.throttle import Limit, take
from webapp.core.web import address_of
from webapp.devices.access import ENROLMENT, Bearer, current_credential
from webapp.devices.messages import speaks_by, speaks_for
from webapp.printers.launches import Opened, button_of, launch_printer
from webapp.printers.messages import KnownPrinter, Launch, Launched, Ping
from webapp.printers.replacing import OWN_CREDENTIAL
from webapp.printers.snmp.profiles import gather_subtrees

bp = Blueprint("printers_device", __name__, url_prefix="/device/v1")

LAUNCHES = Limit("printer-launch", tries=120, window_seconds=60)

PING = Description(
    summary="Is the portal reachable, and what shall be read from a printer?",
    answers={200: Ping},
)
LAUNCH = Description(
    summary="The panic button was pressed: everything the app knows goes to the portal.",
    body=Launch,
    answers={201: Launched},
    problems={409: "device_replaced", 429: "too_many"},
    security="enrolment",
    max_bytes=512 * 1024,
)


@bp.get("/ping")
@allow(PUBLIC)
@endpoint(PING)
def ping() -> Ping:
    return Ping("outpost", _rfc3339(utcnow()), "v1", gather_subtrees())


@bp.post("/printers/launch")
@allow(Bearer(ENROLMENT, or_kind=OWN_CREDENTIAL))
@endpoint(LAUNCH)
def launch(message: Launch) -> tuple[Launched, int]:
    credential = current_credential()
    if message.app is not None:
        speaks_by(message.app.name, message.app.version)
    take(LAUNCHES, credential.id)
    opened = launch_printer(message, credential, now=utcnow())
    if opened.launch.printer_id is not None:
        speaks_for(opened.launch.printer_id)
    return _answer(opened), 201


def _answer(opened: Opened) -> Launched:
    row = opened.launch
    button = button_of(row)
    printer = row.printer
    return Launched(
        outcome="code_needed" if printer is None else "open",
        url=address_of("panic.open_link", token=opened.token),
        expires_at=_rfc3339(row.expires_at),
        support_phone=button.phone if button is not None else None,
        printer=None
        if printer is None
        else KnownPrinter(printer.name or None, printer.location or None),
    )


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
