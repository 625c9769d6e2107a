"""The cells of a file of people: user names, roles and languages in words, signs of CSV files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from webapp.core.errors import Refusal
from webapp.core.names import sort_name
from webapp.core.preferences import LANGUAGE_NAMES
from webapp.orgs.forms.people import USERNAME, USERNAME_RULE
from webapp.orgs.permissions import Role


def username(text: str) -> str:
    if not re.match(USERNAME, text):
        raise Refusal(USERNAME_RULE)
    return text


def roles(text: str) -> list[str]:
    """Several are parted by `+`, `/`, comma or semicolon."""
    found = []
    for word in filter(None, (part.strip() for part in re.split(r"[+/,;|]", text))):
        role = _role_words().get(sort_name(word))
        if role is None:
            words = _("There is no role “%(role)s”. There are: %(roles)s.")
            known = ", ".join(r.label for r in Role)
            raise Refusal(words % {"role": word[:60], "roles": known})
        found.append(role)
    return sorted(set(found))


@cache
def _role_words() -> dict[str, str]:
    """The roles' names in all languages."""
    words = {sort_name(role.value): role.value for role in Role}
    for language in LANGUAGE_NAMES:
        with force_locale(language):
            words |= {sort_name(role.label): role.value for role in Role}
    return words


def language(text: str) -> str:
    """A code, or the language's own name."""
    wanted = sort_name(text)
    for code, name in LANGUAGE_NAMES.items():
        if wanted in (code, sort_name(name)) or wanted.startswith((f"{code}-", f"{code}_")):
            return code
    words = _("The portal does not speak “%(language)s”. It speaks: %(languages)s.")
    raise Refusal(words % {"language": text[:40], "languages": ", ".join(LANGUAGE_NAMES)})


def separator(known: Mapping[str, str]) -> Any:
    def parse(text: str) -> str:
        for code, sign in known.items():
            if text.lower() == code or (sign and text == sign):
                return sign
        words = _("“%(text)s” is none of: %(known)s.")
        raise Refusal(words % {"text": text[:20], "known": ", ".join(known)})

    return parse
