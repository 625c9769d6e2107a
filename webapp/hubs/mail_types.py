"""The kinds of mail of alarm hubs: employees, requests between sellers and resellers, services that end.

None is news: nobody can do this work and be spared them.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask_babel import lazy_gettext as _

from webapp.mail.types import MailType, Placeholder, register

TRADE = "hubs"

_LINK = "https://outpost.example/x"
_EXPIRES = Placeholder(
    "EXPIRES", _("Until when the link is valid"), datetime(2030, 3, 14, 9, 30, tzinfo=UTC)
)
_SELLER = Placeholder("SELLER", _("Name of the seller"), "Sicura S.r.l.")
_COUNTRY = Placeholder("COUNTRY", _("Country of the seller"), "Italia")
_PERSON = Placeholder("PERSON", _("Who asks"), "Marco Bianchi")
_PERSON_EMAIL = Placeholder("PERSONEMAIL", _("Mail address of who asks"), "marco@example.com")

EMPLOYEE_INVITATION = register(
    MailType(
        "employee_invitation",
        _("Employee invitation"),
        (
            Placeholder("INVITER", _("Who invites"), "Marco Bianchi"),
            Placeholder("ROLE", _("Role in the company"), "Service manager"),
            _EXPIRES,
            Placeholder(
                "LINK",
                _("Link that accepts the invitation"),
                f"{_LINK}/invitation/q7Yt",
                secret=True,
            ),
        ),
        trade=TRADE,
    )
)
"""To an address of which nothing else is known, so nobody is greeted by name."""

CONNECTION_REQUEST = register(
    MailType(
        "connection_request",
        _("Connection request"),
        (
            _SELLER,
            _COUNTRY,
            _PERSON,
            _PERSON_EMAIL,
            Placeholder("LINK", _("Page on which to decide"), f"{_LINK}/hubs/requests/42"),
        ),
        trade=TRADE,
    )
)
"""To the reseller."""

REQUEST_DECIDED = register(
    MailType(
        "request_decided",
        _("Request decided"),
        (
            Placeholder("RESELLER", _("Name of the reseller"), "Globex Monitoring AG"),
            Placeholder("DECISION", _("Approved or refused"), "refused"),
            Placeholder("REASON", _("Why it was refused"), "We don't work in your country yet."),
            Placeholder("LINK", _("Page of the request"), f"{_LINK}/hubs/resellers"),
        ),
        trade=TRADE,
    )
)
"""To the seller. Whoever sends it writes the decision in the recipient's language."""

RESELLER_INVITATION = register(
    MailType(
        "reseller_invitation",
        _("Reseller invitation"),
        (
            _SELLER,
            _COUNTRY,
            _PERSON,
            _PERSON_EMAIL,
            _EXPIRES,
            Placeholder(
                "LINK", _("Link on which to apply"), f"{_LINK}/resellers/apply/q7Yt", secret=True
            ),
        ),
        trade=TRADE,
    )
)
"""To a company that is not on the list yet, of which only an address is known."""

SERVICE_ENDING = register(
    MailType(
        "service_ending",
        _("Service ends soon"),
        (
            Placeholder("HUB", _("Serial number of the hub"), "00-1234-5678"),
            Placeholder("SPACE", _("Name of the space"), "Villa Rossi"),
            Placeholder("PACKAGE", _("Name of the service package"), "Connect with SIM"),
            Placeholder(
                "ENDS", _("When the service ends"), datetime(2030, 3, 31, 22, 0, tzinfo=UTC)
            ),
            Placeholder("LINK", _("Page on which to resume it"), f"{_LINK}/hubs/services/42"),
        ),
        trade=TRADE,
    )
)
