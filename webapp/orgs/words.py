"""How this package's templates say things."""

from __future__ import annotations

from babel import Locale
from flask import Flask
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.accounts.models import User
from webapp.audit.queries import summary_of

TRADES = (
    ("fuel", _l("Fuel sites"), "fuel"),
    ("meters", _l("Meter keys"), "key"),
    ("tills", _l("Tills"), "till"),
    ("hubs", _l("Alarm hubs"), "hub"),
    ("printers", _l("Printers"), "printer"),
)
"""Name as in `Organisation.trades` and in the rail's groups, word, icon."""


def init_app(app: Flask) -> None:
    from webapp.orgs.invitation_list import state_words

    app.jinja_env.globals["country_name"] = country_name
    app.jinja_env.globals["csv_habit"] = csv_habit
    app.jinja_env.globals["invitation_state_words"] = state_words
    app.jinja_env.globals["audit_summary"] = summary_of


def country_name(code: str) -> str:
    """In the reader's language; an unknown code as it stands."""
    locale = get_locale() or Locale("en")
    return str(locale.territories.get(code, code))


def csv_habit(user: User) -> str:
    """An example says more than names of separators."""
    mark = "," if user.csv_thousands == "." else "."
    number = f"1{user.csv_thousands}234{mark}5"
    delimiter = "\u21e5" if user.csv_delimiter == "\t" else user.csv_delimiter
    return str(_("such as %(example)s", example=f"A{delimiter}{number}"))
