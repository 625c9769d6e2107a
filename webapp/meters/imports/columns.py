"""The columns of a file of meters: how the engine reads each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.core.errors import Refusal
from webapp.imports.subjects import Concealed, Field, Parser
from webapp.meters.kinds import LABELS as KEY_LABELS
from webapp.meters.kinds import KeyKind, parse_key
from webapp.meters.reading.fields import LABELS, PARSERS, WORDS
from webapp.meters.sentences import SpokenError

KEY_DIGITS: Final = 32
_BETWEEN: Final = str.maketrans("", "", " \t\u00a0-:_.")
_HEX: Final = re.compile(rf"(?:0[xX])?[0-9A-Fa-f]{{{KEY_DIGITS},}}")

FACTS: Final = (
    "serial",
    "product_type",
    "dev_eui",
    "join_eui",
    "dev_addr",
    "mbus_maker",
    "mbus_id",
    "mbus_version",
    "mbus_medium",
    "lorawan_version",
)
EXAMPLES: Final = {
    "serial": "W-100001",
    "product_type": "Water meter",
    "dev_eui": "70B3D5E75E000001",
    "join_eui": "70B3D5E75E00000A",
    "lorawan_version": "1.0.3",
}
DESCRIPTIONS: Final = {
    "serial": _l("As printed. Empty: the DevEUI, or the M-Bus number."),
    "product_type": _l(
        "Its name, as the operator wrote it; with the maker's code where two have one."
    ),
    "dev_eui": _l("LoRaWAN: 16 hexadecimal digits."),
    "join_eui": _l("LoRaWAN, for devices that join; also called AppEUI."),
    "dev_addr": _l("LoRaWAN, for devices with a fixed session (ABP)."),
    "mbus_maker": _l("Three letters. Empty: the code of the product type's maker."),
    "mbus_id": _l("Up to eight digits."),
    "mbus_version": _l("Two hexadecimal digits."),
    "mbus_medium": _l("Two hexadecimal digits."),
    "lorawan_version": _l("Compared with the product type's."),
}
NOT_FOR_ALL: Final = frozenset({"serial", "dev_eui", "dev_addr", "mbus_id"})


def is_like_a_key(text: str) -> bool:
    """32 hexadecimal digits or more: nothing but a key looks so, whatever stands above the column."""
    return len(text) >= KEY_DIGITS and bool(_HEX.fullmatch(text.translate(_BETWEEN)))


def _spoken(parse: Callable[[str], Any]) -> Parser:
    def read(text: str) -> Any:
        if is_like_a_key(text):
            raise Concealed(_("This looks like a key: choose the right column."))
        try:
            return parse(text)
        except SpokenError as error:
            raise Refusal(str(error.sentence)) from error

    return read


def _key(kind: KeyKind) -> Parser:
    def read(text: str) -> str:
        try:
            return parse_key(text, kind).hex()
        except SpokenError as error:
            raise Concealed(str(error.sentence)) from error

    return read


def _fact(name: str) -> Field:
    return Field(
        name,
        LABELS[name],
        required=name == "product_type",
        description=DESCRIPTIONS.get(name, ""),
        example=EXAMPLES.get(name, ""),
        words=",".join(WORDS[name]),
        longest=200,
        parse=_spoken(PARSERS[name]),
        may_default=name not in NOT_FOR_ALL,
    )


def _secret(kind: KeyKind) -> Field:
    return Field(
        kind.value,
        KEY_LABELS[kind],
        description=_l("Hexadecimal digits, with or without dashes."),
        words=",".join(WORDS[kind]),
        longest=200,
        parse=_key(kind),
        secret=True,
    )


FIELDS: Final = (*map(_fact, FACTS), *map(_secret, KeyKind))
