"""What people do with mails: send again; and the operator's giving one up."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.jobs import JobState
from webapp.mail.models import Mail, MailState
from webapp.mail.outbox import copy_of, insert
from webapp.mail.types import renewal_of


def send_again(mail: Mail) -> Mail:
    """A new mail with the same text; where the text held a secret, a fresh one by whoever makes it.

    Asked twice, the first new mail is answered while it is still on its way. Raises `Refusal` while the mail
    itself is, and where nothing is left that could be sent.
    """
    db.session.refresh(mail, with_for_update=True)
    underway = _underway(mail)
    if underway is not None:
        return underway
    reason = _why_not(mail)
    if reason is not None:
        raise Refusal(reason)
    if not mail.has_secret:
        return insert(copy_of(mail))
    fresh = (renewal_of(mail.type) or _nobody)(mail)
    fresh.resent_of_id = mail.id
    return fresh


def give_up(mail: Mail) -> None:
    """Nothing more is tried, and it no longer counts as failed. Raises `Refusal` while it is being sent."""
    db.session.refresh(mail, with_for_update=True)
    if mail.word is MailState.SENDING:
        raise Refusal(_("The mail is just being sent. Try again in some minutes."))
    if mail.word not in (MailState.WAITING, MailState.FAILED):
        raise Refusal(_("The mail is sent or cancelled already."))
    mail.state = JobState.CANCELLED
    mail.bodies_sealed = None
    db.session.flush()


def can_send_again(mail: Mail) -> bool:
    """Whether the button stands on the mail's page."""
    return _why_not(mail) is None


def _why_not(mail: Mail) -> str | None:
    """What the person is told, or None where nothing is against it."""
    if mail.is_open:
        return str(_("This mail is still on its way; it need not be sent again."))
    if mail.word is MailState.CANCELLED:
        return str(_("This mail was cancelled because what it was about is gone."))
    if mail.has_secret and renewal_of(mail.type) is None:
        return str(
            _(
                "This mail held a password or a link that is not kept. Start again where it came "
                "from: there a new mail with a new one is made."
            )
        )
    if mail.is_wiped and not mail.has_secret:
        return str(_("The text of this mail was deleted after 30 days; it can't be sent again."))
    return None


def _nobody(mail: Mail) -> Mail:
    raise AssertionError(f"nobody renews {mail.type}")


def _underway(mail: Mail) -> Mail | None:
    return db.session.scalar(
        select(Mail).where(
            Mail.resent_of_id == mail.id,
            Mail.state.in_([JobState.WAITING, JobState.CLAIMED]),
        )
    )
