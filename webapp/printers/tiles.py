"""What the organisation's first page says of printers."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.core.db import db
from webapp.core.tiles import Number, Tile
from webapp.devices.models import DeviceState
from webapp.orgs.access import may
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission
from webapp.printers.models import PanicRequest, Printer, RequestState

MOST = 1000
"""Beyond, the number itself helps nobody: counting stops."""


def printer_tile(organisation: Organisation) -> Tile | None:
    """Requests that wait, and printers in trouble."""
    numbers = [*_requests(organisation), *_printers(organisation)]
    if not numbers:
        return None
    first = "printers.requests" if may(Permission.PRINTER_REQUESTS_READ) else "printers.printers"
    return Tile(_("Printers"), "printer", _url(first, organisation), numbers)


def _requests(organisation: Organisation) -> list[Number]:
    if not may(Permission.PRINTER_REQUESTS_READ):
        return []
    new, begun = RequestState.NEW, RequestState.IN_PROGRESS
    return [
        Number(
            _("new requests"),
            value := _count(PanicRequest.state, new),
            _url("printers.requests", organisation, state=new.value),
            "warning" if value else None,
        ),
        Number(
            _("in progress"),
            _count(PanicRequest.state, begun),
            _url("printers.requests", organisation, state=begun.value),
        ),
    ]


def _printers(organisation: Organisation) -> list[Number]:
    if not may(Permission.PRINTERS_READ):
        return []
    found = []
    for state, label in ((DeviceState.ALARM, _("alarm")), (DeviceState.WARNING, _("warning"))):
        value = _count(Printer.state, state)
        url = _url("printers.printers", organisation, state=state.value)
        found.append(Number(label, value, url, state.value if value else None))
    return found


def _count(column: object, value: str) -> int:
    some = select(column).where(column == value).limit(MOST).subquery()  # type: ignore[call-overload]
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def _url(endpoint: str, organisation: Organisation, state: str | None = None) -> str:
    return url_for(endpoint, org=organisation.public_id, state=state)
