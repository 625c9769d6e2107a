"""Mails in trouble, of all organisations: what the server said, send again, give up. Their texts stay closed."""

from __future__ import annotations

from flask import abort, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import defer

from webapp.accounts.access import OPERATOR
from webapp.audit.log import record
from webapp.core.access import allow
from webapp.core.db import db
from webapp.core.web import render, see_other
from webapp.mail.events import MailEvent
from webapp.mail.models import Mail, MailState
from webapp.mail.services import can_send_again, give_up, send_again
from webapp.mail.types import label_of
from webapp.operator.lists import MAILS, mails_in_trouble
from webapp.operator.routes.blueprint import bp


@bp.get("/mails", endpoint="mails")
@allow(OPERATOR)
def mails() -> ResponseReturnValue:
    return MAILS.page(mails_in_trouble()).respond("operator/mails.html")


@bp.get("/mails/<public_id>", endpoint="mail")
@allow(OPERATOR)
def mail(public_id: str) -> ResponseReturnValue:
    found = _mail(public_id)
    return render(
        "operator/mail.html",
        mail=found,
        kind=label_of(found.type),
        again=can_send_again(found),
        can_give_up=found.word in (MailState.WAITING, MailState.FAILED),
    )


@bp.post("/mails/<public_id>/resendings")
@allow(OPERATOR)
def mail_again(public_id: str) -> ResponseReturnValue:
    found = _mail(public_id)
    fresh = send_again(found)
    _record(MailEvent.SENT_AGAIN, found)
    flash(_("The mail is on its way again."), "ok")
    return see_other(url_for("operator.mail", public_id=fresh.public_id))


@bp.get("/mails/<public_id>/cancellation")
@allow(OPERATOR)
def mail_cancellation(public_id: str) -> ResponseReturnValue:
    found = _mail(public_id)
    return render(
        "operator/confirm.html",
        title=_("Cancel this mail?"),
        words=_(
            "It is not tried any more and no longer counts as failed. It can't be sent again then."
        ),
        verb=_("Cancel the mail"),
        back=url_for("operator.mail", public_id=public_id),
        trail=[(_("Mails in trouble"), url_for("operator.mails"))],
        about=found.recipient,
    )


@bp.post("/mails/<public_id>/cancellation")
@allow(OPERATOR)
def mail_cancel(public_id: str) -> ResponseReturnValue:
    found = _mail(public_id)
    give_up(found)
    _record(MailEvent.GIVEN_UP, found)
    flash(_("The mail is cancelled."), "ok")
    return see_other(url_for("operator.mail", public_id=public_id))


def _mail(public_id: str) -> Mail:
    """Without its bodies: what stands in them is the organisation's."""
    statement = (
        select(Mail)
        .where(Mail.public_id == public_id)
        .options(defer(Mail.text), defer(Mail.bodies_sealed))
    )
    return db.session.scalar(statement) or abort(404)


def _record(event: MailEvent, mail: Mail) -> None:
    record(
        event,
        organisation_id=mail.organisation_id,
        kind="mail",
        id=mail.public_id,
        label=mail.subject,
        detail={"to": mail.recipient},
    )
