"""The kind of mail of tills. It is a word of warning as well, so it can't be unsubscribed from."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_babel import lazy_gettext as _

from webapp.mail.types import MailType, Placeholder, register

TRADE = "tills"

TILL_LINKED = register(
    MailType(
        "till_linked",
        _("Till linked"),
        (
            Placeholder("PERSON", _("Who linked it"), "Marco Bianchi"),
            Placeholder("TILL", _("Name of the till"), "Bakery, main till"),
            Placeholder("MODEL", _("Model of the till"), "POSSUM16"),
            Placeholder("WHEN", _("When it was linked"), datetime(2030, 3, 14, 9, 30, tzinfo=UTC)),
            Placeholder("LINK", _("Page of the tills"), "https://outpost.example/x/tills"),
        ),
        trade=TRADE,
    )
)
"""To whoever linked it and to all who had access before."""
