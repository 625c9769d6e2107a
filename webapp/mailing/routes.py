"""The organisation's mails: list, one mail, its preview, send again."""

from __future__ import annotations

from flask import Response, abort, url_for
from sqlalchemy import select
from sqlalchemy.orm import defer
from werkzeug.wrappers import Response as BaseResponse

from webapp.audit.log import record
from webapp.core.access import allow
from webapp.core.db import db
from webapp.core.web import render, see_other
from webapp.mail.events import MailEvent
from webapp.mail.models import Mail
from webapp.mail.services import can_send_again, send_again
from webapp.mail.types import label_of
from webapp.mailing.blueprint import bp, previewed
from webapp.mailing.lists import MAILS, STATE_LABELS
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission


@bp.get("/", endpoint="mails")
@allow(Permission.MAIL_READ)
def mails(org: str) -> Response:
    statement = select(Mail).options(defer(Mail.html), defer(Mail.text), defer(Mail.bodies_sealed))
    return MAILS.page(statement).respond("mailing/mails.html")


@bp.get("/<mail_id>", endpoint="mail")
@allow(Permission.MAIL_READ)
def show(org: str, mail_id: str) -> Response:
    found = _mail_or_404(mail_id)
    return render(
        "mailing/mail.html",
        mail=found,
        kind=label_of(found.type),
        state_label=STATE_LABELS[found.word],
        original=_other(found.resent_of_id),
        again=can_send_again(found),
    )


@bp.get("/<mail_id>/preview")
@allow(Permission.MAIL_READ)
def preview(org: str, mail_id: str) -> Response:
    """The HTML as it was written, alone and without any right of its own; secrets are blotted out in it."""
    found = _mail_or_404(mail_id)
    if found.html is None:
        abort(410)
    return previewed(found.html)


@bp.post("/<mail_id>/resendings", endpoint="resendings")
@allow(Permission.MAIL_SEND)
def resend(org: str, mail_id: str) -> BaseResponse:
    found = _mail_or_404(mail_id)
    fresh = send_again(found)
    record(
        MailEvent.SENT_AGAIN,
        organisation_id=current_organisation().id,
        kind="mail",
        id=found.public_id,
        label=found.subject,
        detail={"to": found.recipient},
    )
    return see_other(url_for("mailing.mail", mail_id=fresh.public_id))


def _mail_or_404(public_id: str) -> Mail:
    found = db.session.scalar(select(Mail).where(Mail.public_id == public_id))
    if found is None:
        abort(404)
    return found


def _other(mail_id: int | None) -> Mail | None:
    if mail_id is None:
        return None
    return db.session.scalar(select(Mail).where(Mail.id == mail_id))
