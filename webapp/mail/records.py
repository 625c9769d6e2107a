"""Mails and templates: what leaves, what is personal, how long the head lines stay."""

from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, case, delete, func, or_, select

from webapp.core import retention
from webapp.core.db import db
from webapp.core.exports import export
from webapp.core.jobs import JobState
from webapp.core.personal import Subject, not_personal, personal
from webapp.mail.models import EmailTemplate, Mail, MailAttachment

OPEN = (JobState.WAITING.value, JobState.CLAIMED.value)

export(
    EmailTemplate,
    "id public_id type language name subject html active copied_from_id created_at updated_at",
    about="Mail templates of your own.",
)
export(
    Mail,
    "id public_id message_id type language recipient recipient_name sender_name sender_address "
    "reply_to subject html text has_secret cause_kind cause_id state created_at sent_at server_words",
    about="Mails written in your name. Their texts are kept for 30 days; secrets in them are blotted out.",
    withheld="bodies_sealed: with the secrets",
)
export(MailAttachment, "id mail_id file_id name", about="Which file went with which mail.")

GONE = {
    "subject": "",
    "html": None,
    "text": None,
    "bodies_sealed": None,
    "server_words": None,
    "wipe_at": None,
    "claimed_until": None,
    "state": case((Mail.state.in_(OPEN), JobState.CANCELLED.value), else_=Mail.state),
}
"""A mail without its words; what has not left does not leave."""


def _says(who: Subject) -> ColumnElement[bool]:
    """Mails to others that answer to the person, or say their address."""
    address = who.email.lower()
    return or_(
        func.lower(Mail.reply_to) == address,
        func.lower(Mail.subject).contains(address, autoescape=True),
        func.lower(Mail.html).contains(address, autoescape=True),
        func.lower(Mail.text).contains(address, autoescape=True),
    )


not_personal(EmailTemplate, "name", why="the template's name")
not_personal(MailAttachment, "name", why="the file's name")
personal(
    Mail,
    "recipient recipient_name subject html text bodies_sealed server_words sender_name sender_address reply_to",
    gives="type recipient subject text created_at sent_at",
    of=lambda who: func.lower(Mail.recipient) == who.email.lower(),
    erase={
        "recipient": lambda who: who.pseudonym_address,
        "recipient_name": lambda who: who.pseudonym,
        **GONE,
    },
)
personal(
    Mail,
    "html text reply_to",
    gives="type subject created_at sent_at",
    of=_says,
    erase={**GONE, "reply_to": None},
)


def remove_old_mails(before: datetime) -> int:
    """Head lines go with the log of their time; what is not settled stays."""
    old = (
        select(Mail.id)
        .where(Mail.created_at < before, Mail.state.not_in(OPEN))
        .order_by(Mail.created_at)
        .limit(retention.BATCH)
    )
    gone = db.session.execute(
        delete(Mail).where(Mail.id.in_(old)).returning(Mail.id),
        execution_options={"synchronize_session": False},
    )
    return len(gone.all())


retention.register(
    retention.Retention(
        "mail_outbox", _("Mails sent"), remove_old_mails, days_setting="audit_retention_days"
    )
)
