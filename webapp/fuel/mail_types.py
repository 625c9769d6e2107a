"""The kinds of mail of fuel sites: licences, trial and subscription, activation, alarms.

None is news: all concern a contract or a site, so none can be unsubscribed from. Subjects stand in the outbox as they
are, so no secret is written there.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from flask_babel import lazy_gettext as _

from webapp.core.money import Money
from webapp.mail.types import MailType, Placeholder, register

TRADE = "fuel"

_LINK = "https://outpost.example/x"
_PRODUCT = Placeholder("PRODUCT", _("Name of the product line"), "Fuel Manager")
_EDITION = Placeholder("EDITION", _("Edition of the licence"), "Professional")
_SITES = Placeholder("SITES", _("Number of sites"), 3)
_SITE = Placeholder("SITE", _("Name of the site"), "Depot Vicenza")
_ORDER = Placeholder("ORDER", _("Number of the order"), "2030-00417")
_BUNDLE = Placeholder("BUNDLE", _("Name of the bundle, or of the trial"), "Cloud 3 Professional")
_TOTAL = Placeholder("TOTAL", _("Amount with VAT"), Money(59780, "EUR"))
_LAST_DAY = date(2031, 3, 13)
_ENDS = Placeholder("ENDS", _("Last day of the service"), _LAST_DAY)

LICENCE = register(
    MailType(
        "licence",
        _("Licence with product key"),
        (
            Placeholder("PRODUCTKEY", _("Product key"), "W8A1 F073 D275 9E65", secret=True),
            _PRODUCT,
            _EDITION,
            Placeholder("LINK", _("Page that asks for the product key"), f"{_LINK}/register"),
        ),
        trade=TRADE,
    )
)
"""To the buyer of a licence, who may have no account yet."""

REGISTRATION_COMPLETED = register(
    MailType(
        "registration_completed",
        _("Registration completed"),
        (
            _PRODUCT,
            _EDITION,
            Placeholder("LINK", _("Address of the sign-in page"), f"{_LINK}/sign-in"),
        ),
        trade=TRADE,
    )
)

ACTIVATION_CODES = register(
    MailType(
        "activation_codes",
        _("Activation codes"),
        (
            _SITE,
            Placeholder("ACTIVATIONCODE", _("Activation code"), "A93F-7KQ2-XM4T-D8WP", secret=True),
            Placeholder("SITECODE", _("Site code"), "W4T7-QK2M"),
            Placeholder(
                "EXPIRES",
                _("Until when the activation code is valid"),
                datetime(2030, 4, 13, 9, 30, tzinfo=UTC),
            ),
            Placeholder("LINK", _("Page that explains the activation"), f"{_LINK}/help/activate"),
        ),
        trade=TRADE,
    )
)
"""To the representative of a site. The site code is no secret: people sign in with it as with a user name."""

TRIAL_STARTED = register(
    MailType(
        "trial_started",
        _("Trial started"),
        (
            _EDITION,
            _SITES,
            _ENDS,
            Placeholder("LINK", _("Page on which sites are chosen"), f"{_LINK}/fuel/configure"),
        ),
        trade=TRADE,
    )
)

PURCHASE_CONFIRMED = register(
    MailType(
        "purchase_confirmed",
        _("Purchase confirmed"),
        (
            _ORDER,
            _BUNDLE,
            _EDITION,
            _SITES,
            _TOTAL,
            Placeholder("STARTS", _("First day of the service"), date(2030, 3, 14)),
            _ENDS,
            Placeholder("LINK", _("Page on which sites are chosen"), f"{_LINK}/fuel/configure"),
        ),
        trade=TRADE,
    )
)

PAYMENT_FAILED = register(
    MailType(
        "payment_failed",
        _("Payment failed"),
        (
            _ORDER,
            _BUNDLE,
            _TOTAL,
            Placeholder("REASON", _("Why it failed"), "The card was declined."),
            Placeholder("LINK", _("Page on which to buy again"), f"{_LINK}/fuel/buy"),
        ),
        trade=TRADE,
    )
)

TRIAL_ENDING = register(
    MailType(
        "trial_ending",
        _("Trial ends soon"),
        (
            _EDITION,
            _SITES,
            _ENDS,
            Placeholder("LINK", _("Page on which to buy"), f"{_LINK}/fuel/buy"),
        ),
        trade=TRADE,
    )
)

SUBSCRIPTION_ENDING = register(
    MailType(
        "subscription_ending",
        _("Subscription ends soon"),
        (
            _BUNDLE,
            _EDITION,
            _SITES,
            _ENDS,
            Placeholder("LINK", _("Page on which to renew"), f"{_LINK}/fuel/renew"),
        ),
        trade=TRADE,
    )
)

SUBSCRIPTION_EXPIRED = register(
    MailType(
        "subscription_expired",
        _("Subscription expired"),
        (
            _BUNDLE,
            Placeholder("ENDED", _("Last day that was covered"), _LAST_DAY),
            Placeholder("LINK", _("Page on which to renew"), f"{_LINK}/fuel/renew"),
        ),
        trade=TRADE,
    )
)
"""Also at the end of a trial, whose name stands in place of the bundle's."""

INVOICE = register(
    MailType(
        "invoice",
        _("Invoice"),
        (
            Placeholder("NUMBER", _("Number of the invoice"), "2030/000123"),
            Placeholder("DATE", _("Date of the invoice"), date(2030, 3, 14)),
            _ORDER,
            _TOTAL,
            Placeholder("LINK", _("Page of the invoices"), f"{_LINK}/fuel/invoices"),
        ),
        trade=TRADE,
    )
)
"""To the invoice address, with the PDF attached."""

FUEL_ALARM = register(
    MailType(
        "fuel_alarm",
        _("Alarm at a fuel site"),
        (
            _SITE,
            Placeholder("ALARM", _("Kind of the alarm"), "Tank low"),
            Placeholder(
                "DETAIL",
                _("What is wrong, in full"),
                "Tank 2 (diesel) holds 640 l; its low mark is 800 l.",
            ),
            Placeholder("WHEN", _("Since when"), datetime(2030, 3, 14, 8, 40, tzinfo=UTC)),
            Placeholder("LINK", _("Page of the alarm"), f"{_LINK}/fuel/alarms/42"),
        ),
        trade=TRADE,
    )
)
