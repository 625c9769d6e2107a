"""Passwords: the rule (P-2), hashing with Argon2id, and first passwords.

Argon2id takes 19 MiB and some 30 ms; the semaphore keeps a flood of sign-ins from taking all memory and
both cores (decision 19). A hash from elsewhere with parameters beyond our bounds is never computed.
"""

from __future__ import annotations

import re
import secrets
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _

from webapp.core.errors import Refusal

SHORTEST = 12
LONGEST = 256

MEMORY_KIB = 19 * 1024
MOST_MEMORY_KIB, MOST_TIME, MOST_LANES = 64 * 1024, 4, 4

FIRST_PASSWORD_ALPHABET = "ACDEFGHJKMNPQRTWXYabcdefghjkmnpqrtwxy34679"  # noqa: S105 - an alphabet

_hasher = PasswordHasher(time_cost=2, memory_cost=MEMORY_KIB, parallelism=1, type=Type.ID)
_light = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.ID)
_LIGHT = "$argon2id$v=19$m=8,t=1,p=1$"
_places = threading.BoundedSemaphore(2)


def hash_password(password: str) -> str:
    """The PHC string to store."""
    with _places:
        return _hasher.hash(_normal(password))


def hash_generated(password: str) -> str:
    """Of a password that `generate_password` made: its 85 bits need no stretching, and thousands are made at once.

    The owner replaces it at the first sign-in.
    """
    return _light.hash(_normal(password))


def verify(stored: str | None, password: str) -> bool:
    """Whether the password fits; without a stored hash, or with a light one, it takes as long."""
    usable = stored if stored is not None and _within_bounds(stored) else _dummy()
    with _places:
        if usable.startswith(_LIGHT):
            _take_time(password)
        try:
            fits = _hasher.verify(usable, _normal(password[:LONGEST]))
        except (VerificationError, InvalidHashError):
            return False
    return bool(fits) and usable == stored and len(password) <= LONGEST


def needs_rehash(stored: str) -> bool:
    """The parameters have changed since; hash anew while the password is at hand."""
    return _hasher.check_needs_rehash(stored)


def check_rule(password: str, *, names: Iterable[str] = (), field: str = "password") -> None:
    """Raise `Refusal` naming everything that is wrong. `names`: the person's user name and e-mail."""
    missing = missing_parts(password)
    if len(password) > LONGEST:
        raise Refusal(
            _("At most %(number)s characters, please.", number=LONGEST),
            field=field,
        )
    if missing:
        raise Refusal(_("Still missing: %(parts)s.", parts=", ".join(missing)), field=field)
    if is_name(password, names):
        raise Refusal(_("The password must not be your user name or e-mail address."), field=field)
    if is_common(password):
        raise Refusal(
            _("This password is one of the first that are guessed. Choose another one."),
            field=field,
        )


def missing_parts(password: str) -> list[str]:
    """The parts of the rule that are not met, in words; the same five as `static/js/passwords.js`."""
    words = {
        "length": _("at least 12 characters"),
        "upper": _("an upper-case letter"),
        "lower": _("a lower-case letter"),
        "digit": _("a digit"),
        "special": _("a special character"),
    }
    return [words[part] for part, met in PARTS.items() if not met(password)]


def _any(fits: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda password: any(fits(unicodedata.category(c)) for c in password)


PARTS: dict[str, Callable[[str], bool]] = {
    "length": lambda password: len(password) >= SHORTEST,
    "upper": _any(lambda category: category == "Lu"),
    "lower": _any(lambda category: category == "Ll"),
    "digit": _any(lambda category: category == "Nd"),
    "special": _any(lambda category: not category.startswith("L") and category != "Nd"),
}


def is_name(password: str, names: Iterable[str]) -> bool:
    """Equal to a user name or e-mail, or to its part before the @, but for digits and signs around it."""
    folded, core = password.casefold(), _core(password)
    for name in (n.casefold() for n in names if n):
        if folded == name or core in {_core(name), _core(name.partition("@")[0])} - {""}:
            return True
    return False


def is_common(password: str) -> bool:
    """Among the common ones, also with digits and signs around it, written in leet, or repeated."""
    folded = password.casefold()
    candidates = {folded, _core(folded), _bare(folded), *_unleeted(folded)}
    return any(
        word in common_passwords() or _repeats_common(word) for word in candidates if len(word) > 3
    )


def generate_password() -> str:
    """A first password: four groups of four without look-alikes, some 85 bits; satisfies the rule."""
    while True:
        groups = (
            "".join(secrets.choice(FIRST_PASSWORD_ALPHABET) for _ in range(4)) for _ in range(4)
        )
        password = "-".join(groups)
        if all(met(password) for met in PARTS.values()):
            return password


@cache
def common_passwords() -> frozenset[str]:
    path = Path(__file__).with_name("common_passwords.txt")
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


_LEET = str.maketrans("@4301!$57", "aaeoiisst")


def _core(text: str) -> str:
    """What stays without digits and signs at both ends."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text.casefold())


def _unleeted(text: str) -> Iterator[str]:
    """`p@ssw0rd` and `w3lc0m3` before their digits and signs, wherever those may begin."""
    shortest = len(re.sub(r"[\W\d_]+$", "", text))
    yield from (text[:end].translate(_LEET) for end in range(shortest, len(text) + 1))


def _bare(text: str) -> str:
    """Letters alone: what `Pass-word-2024` hides."""
    return "".join(c for c in text if c.isalpha())


def _repeats_common(word: str) -> bool:
    """`summersummer`: a common word, or a single sign, again and again."""
    found = re.fullmatch(r"(.+?)\1+", word)
    return found is not None and (len(found[1]) < 3 or found[1] in common_passwords())


def _normal(password: str) -> str:
    """NFKC, so that an accent typed on another machine is the same accent (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def _take_time(password: str) -> None:
    with suppress(VerificationError):
        _hasher.verify(_dummy(), _normal(password[:LONGEST]))


@cache
def _dummy() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def _within_bounds(stored: str) -> bool:
    try:
        found = extract_parameters(stored)
    except InvalidHashError:
        return False
    return (
        found.type is Type.ID
        and found.memory_cost <= MOST_MEMORY_KIB
        and found.time_cost <= MOST_TIME
        and found.parallelism <= MOST_LANES
    )
