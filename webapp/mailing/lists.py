"""The list of an organisation's mails."""

from __future__ import annotations

from flask import url_for
from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from webapp.core.listing import Choice, Column, Listing, Option, Period, Starts
from webapp.mail.models import STATE_WORDS, Mail, MailState
from webapp.mail.types import all_names, label_of

STATE_LABELS = {
    MailState.WAITING: _("Waiting"),
    MailState.SENDING: _("Sending"),
    MailState.SENT: _("Sent"),
    MailState.FAILED: _("Failed"),
    MailState.CANCELLED: _("Cancelled"),
}


def _link(mail: Mail) -> str:
    return url_for("mailing.mail", mail_id=mail.public_id)


def _types() -> list[tuple[str, str]]:
    return sorted(((name, label_of(name)) for name in all_names()), key=lambda pair: pair[1])


def _subject(mail: Mail) -> Markup:
    return Markup("<span>{}</span>").format(mail.subject)


MAILS = Listing(
    name="mails",
    model=Mail,
    default_sort="-created_at",
    total=lambda n, shown: ngettext("%(shown)s mail", "%(shown)s mails", n, shown=shown),
    columns=[
        Column("subject", _("Subject"), cell=_subject, link=_link),
        Column("recipient", _("To"), sort=Mail.recipient),
        Column("type", _("Kind"), value=lambda mail: label_of(mail.type)),
        Column(
            "state",
            _("State"),
            cell="mailing/cells.html#state",
            value=lambda mail: str(STATE_LABELS[mail.word]),
            sort=Mail.state,
            main=True,
        ),
        Column("created_at", _("Written"), "time", sort=Mail.created_at, first_descending=True),
        Column("sent_at", _("Sent"), "time"),
        Column("attempts", _("Attempts"), "number"),
    ],
    search=[Starts(Mail.recipient, fold=str)],
    search_hint=_("Recipient begins with"),
    filters=[
        Choice(
            "state",
            _("State"),
            Mail.state,
            [
                Option(word.value, STATE_LABELS[word], state.value)
                for state, word in STATE_WORDS.items()
            ],
        ),
        Choice("type", _("Kind"), Mail.type, _types),
        Period("written", _("Written"), Mail.created_at),
    ],
    row_name=lambda mail: mail.subject,
)
