"""What webhooks tell of printers."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from webapp.core.db import db
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission
from webapp.printers.api_views import as_json, view_of_request
from webapp.printers.models import PanicRequest
from webapp.webhooks.kinds import EventKind
from webapp.webhooks.outbox import emit


class PrinterKind(EventKind):
    REQUEST_OPENED = "request.opened", _("Request opened"), Permission.PRINTER_REQUESTS_READ
    REQUEST_CHANGED = "request.changed", _("Request changed"), Permission.PRINTER_REQUESTS_READ


def tell_of_request(request: PanicRequest, step: str, *, text: str, by: str, now: datetime) -> None:
    """One line of a request's history, and how the request stands after it."""

    def data() -> dict[str, object]:
        organisation = db.session.scalars(
            select(Organisation).where(Organisation.id == request.organisation_id)
        ).one()
        change = {"step": step, "text": text, "by": by}
        return {"request": as_json(view_of_request(request, organisation)), "change": change}

    opened = step in ("opened", "opened_by_fault")
    kind = PrinterKind.REQUEST_OPENED if opened else PrinterKind.REQUEST_CHANGED
    emit(kind, organisation_id=request.organisation_id, data=data, now=now)
