"""How the mails are, for `/status`: by the age of the oldest that should have gone."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import format_timedelta, ngettext
from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.health import Part
from webapp.core.jobs import OPEN
from webapp.core.tenancy import unscoped
from webapp.mail.models import Mail

SLOW = timedelta(minutes=5)
STUCK = timedelta(hours=1)


def mail_part() -> Part:
    """Warning when a mail waits longer than 5 minutes, alarm after an hour."""
    with unscoped("the status page counts the mails of everybody"):
        count, oldest = db.session.execute(
            select(func.count(), func.min(Mail.created_at)).where(Mail.state.in_(OPEN))
        ).one()
    if not count:
        return Part("mail", _("Mail"), "online", _("No mail is waiting."))
    age = utcnow() - oldest
    state = "alarm" if age >= STUCK else "warning" if age >= SLOW else "online"
    words = ngettext(
        "One mail waits, since %(age)s.",
        "%(num)s mails wait, the oldest since %(age)s.",
        count,
        age=format_timedelta(age),
    )
    return Part("mail", _("Mail"), state, words)
