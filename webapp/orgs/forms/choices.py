"""Countries, time zones, languages, separators: what drop-downs offer."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from zoneinfo import available_timezones

from babel import Locale
from flask_babel import get_locale
from wtforms.fields import SelectChoice

from webapp.core.preferences import LANGUAGE_NAMES

Choices = list[tuple[str, str]]


def selectable(choices: Iterable[tuple[str, object]]) -> list[SelectChoice]:
    """As WTForms wants them."""
    return [SelectChoice(value, label) for value, label in choices]


_NO_COUNTRY = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
_NO_PLACE = (
    "Etc/",
    "SystemV/",
    "US/",
    "posix/",
    "right/",
    "Brazil/",
    "Canada/",
    "Chile/",
    "Mexico/",
)

LANGUAGE_CHOICES = selectable(LANGUAGE_NAMES.items())


def countries() -> Choices:
    """ISO 3166-1 alpha-2, named and sorted in the reader's language."""
    return list(_countries(str(get_locale() or "en")))


@cache
def _countries(locale: str) -> tuple[tuple[str, str], ...]:
    names = Locale.parse(locale).territories
    found = [
        (code, str(name))
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY
    ]
    return tuple(sorted(found, key=lambda choice: choice[1].casefold()))


@cache
def time_zones() -> Choices:
    """IANA names of places, and UTC."""
    places = (z for z in available_timezones() if "/" in z and not z.startswith(_NO_PLACE))
    return [("UTC", "UTC"), *((z, z.replace("_", " ")) for z in sorted(places))]
