"""Who is told of what at the printers: a new request those who work on them, one given to somebody this person."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.web import path_of
from webapp.notices.kinds import Kind, register
from webapp.notices.services import Words, notify
from webapp.orgs.models import Organisation
from webapp.printers.models import PanicRequest
from webapp.printers.queries import people_who_work_here

REQUEST_OPENED = register(Kind("printer_request", _l("Somebody calls for help at a printer")))
REQUEST_GIVEN = register(Kind("printer_request_given", _l("A printer request is given to me")))


def tell_of_new(request: PanicRequest, *, now: datetime) -> None:
    """Everybody who may work on it. The technicians' mail has gone out already."""
    organisation = _owner(request)
    notify(
        people_who_work_here(organisation),
        REQUEST_OPENED,
        organisation=organisation,
        url=_url(request, organisation),
        words=_words(request),
        now=now,
    )


def tell_of_gift(request: PanicRequest, user: User, *, now: datetime) -> None:
    """The one it was given to, unless they took it themselves."""
    organisation = _owner(request)
    notify(
        [user],
        REQUEST_GIVEN,
        organisation=organisation,
        url=_url(request, organisation),
        words=_given_words(request),
        now=now,
    )


def _words(request: PanicRequest) -> Words:
    def say() -> tuple[str, str]:
        values = {"number": request.number, "printer": request.printer_name}
        title = _("Request #%(number)s: %(printer)s", **values)
        return title, ", ".join(p for p in (request.location, request.printer_serial) if p)

    return say


def _given_words(request: PanicRequest) -> Words:
    def say() -> tuple[str, str]:
        values = {"number": request.number, "printer": request.printer_name}
        title = _("Request #%(number)s is yours: %(printer)s", **values)
        return title, ", ".join(p for p in (request.location, request.printer_serial) if p)

    return say


def _owner(request: PanicRequest) -> Organisation:
    return db.session.scalars(
        select(Organisation).where(Organisation.id == request.organisation_id)
    ).one()


def _url(request: PanicRequest, organisation: Organisation) -> str:
    return path_of("printers.request", org=organisation.public_id, public_id=request.public_id)
