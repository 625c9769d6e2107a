"""The kinds of mail of accounts and organisations. Each trade registers its own in its own package."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_babel import lazy_gettext as _

from webapp.mail.types import MailType, Placeholder, register

_LINK = "https://outpost.example/x"

FIRST_PASSWORD = register(
    MailType(
        "first_password",
        _("First password"),
        (
            Placeholder("PASSWORD", _("First password, valid once"), "kR7!mPq2-xLw9", secret=True),
            Placeholder(
                "EXPIRES",
                _("Until when the password is valid"),
                datetime(2030, 3, 14, 9, 30, tzinfo=UTC),
            ),
            Placeholder("LINK", _("Address of the sign-in page"), f"{_LINK}/sign-in"),
        ),
    )
)

INVITATION = register(
    MailType(
        "invitation",
        _("Invitation"),
        (
            Placeholder("INVITER", _("Who invites"), "Marco Bianchi"),
            Placeholder("ROLES", _("Roles and permissions that it gives"), "Printer administrator"),
            Placeholder(
                "EXPIRES",
                _("Until when the link is valid"),
                datetime(2030, 3, 14, 9, 30, tzinfo=UTC),
            ),
            Placeholder(
                "LINK", _("Link that accepts the invitation"), f"{_LINK}/invitation", secret=True
            ),
        ),
    )
)

PASSWORD_RESET = register(
    MailType(
        "password_reset",
        _("Password reset"),
        (
            Placeholder("MINUTES", _("Minutes for which the link is valid"), 60),
            Placeholder(
                "LINK", _("Link that sets a new password"), f"{_LINK}/reset/q7Yt", secret=True
            ),
        ),
    )
)

PASSWORD_CHANGED = register(
    MailType(
        "password_changed",
        _("Password changed"),
        (
            Placeholder(
                "WHEN",
                _("When the password was changed"),
                datetime(2030, 3, 7, 16, 5, tzinfo=UTC),
            ),
            Placeholder("ADDRESS", _("Internet address it was changed from"), "203.0.113.7"),
            Placeholder("LINK", _("Page on which to set a new password"), f"{_LINK}/forgotten"),
        ),
    )
)

CONFIRM_EMAIL = register(
    MailType(
        "confirm_email",
        _("Confirm e-mail address"),
        (
            Placeholder("HOURS", _("Hours for which the link is valid"), 24),
            Placeholder(
                "LINK",
                _("Link that confirms the address"),
                f"{_LINK}/confirm-email/q7Yt",
                secret=True,
            ),
        ),
    )
)

ADDRESS_CHANGED = register(
    MailType(
        "address_changed",
        _("E-mail address changed"),
        (
            Placeholder(
                "WHEN", _("When the address was changed"), datetime(2030, 3, 7, 16, 5, tzinfo=UTC)
            ),
            Placeholder("NEWADDRESS", _("The new mail address"), "anna@example.com"),
        ),
    )
)

RIGHT_ASKED = register(
    MailType(
        "right_asked",
        _("Right asked for"),
        (
            Placeholder("PERSON", _("Who asks"), "Marco Bianchi"),
            Placeholder("PERSONEMAIL", _("Mail address of who asks"), "marco@example.com"),
            Placeholder("RIGHT", _("The right asked for"), "Edit printers and panic buttons"),
            Placeholder("MESSAGE", _("What the person wrote"), "I set up the new printers.\nMarco"),
            Placeholder("LINK", _("Page on which to give the right"), f"{_LINK}/users/marco"),
        ),
    )
)

NOTIFICATION = register(
    MailType(
        "notification",
        _("Notification"),
        (
            Placeholder("TITLE", _("What happened, in one line"), "Printer 3rd floor: paper jam"),
            Placeholder("MESSAGE", _("What happened, in full"), "Tray 2 is jammed since 9:40."),
            Placeholder("LINK", _("Page that shows more"), f"{_LINK}/requests/42"),
        ),
        is_news=True,
    )
)
