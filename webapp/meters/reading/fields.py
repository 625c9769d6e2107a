"""Fields of a device: how each is read from text, and the words above its column."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from webapp.meters import addresses, serials
from webapp.meters.kinds import LABELS as KEY_LABELS
from webapp.meters.kinds import KeyKind
from webapp.meters.sentences import SpokenError

LONGEST_NAME: Final = 100


class FieldError(SpokenError):
    """A text that is too long."""


def _name(text: str) -> str:
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(plain) > LONGEST_NAME:
        raise FieldError("row_name_long", most=LONGEST_NAME)
    return plain


PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "serial": serials.normalise,
    "dev_eui": addresses.eui,
    "join_eui": lambda text: addresses.eui(text, name="JoinEUI"),
    "dev_addr": addresses.dev_addr,
    "mbus_maker": addresses.mbus_maker,
    "mbus_id": addresses.mbus_id,
    "mbus_version": lambda text: addresses.mbus_byte(text, name=LABELS["mbus_version"]),
    "mbus_medium": lambda text: addresses.mbus_byte(text, name=LABELS["mbus_medium"]),
    "lorawan_version": addresses.lorawan_version,
    "lorawan_phy_version": _name,
    "frequency_plan_id": _name,
    "name": _name,
    "product_type": _name,
}
LABELS: Final[Mapping[str, Any]] = {
    "serial": _l("Serial number"),
    "dev_eui": _l("DevEUI"),
    "join_eui": _l("JoinEUI"),
    "dev_addr": _l("DevAddr"),
    "mbus_maker": _l("Maker's code"),
    "mbus_id": _l("M-Bus number"),
    "mbus_version": _l("M-Bus version"),
    "mbus_medium": _l("M-Bus medium"),
    "lorawan_version": _l("LoRaWAN version"),
    "lorawan_phy_version": _l("Regional parameters"),
    "frequency_plan_id": _l("Frequency plan"),
    "name": _l("Name"),
    "product_type": _l("Product type"),
    **{str(kind): label for kind, label in KEY_LABELS.items()},
}
"""Every field that a column can be mapped to; the names of key kinds are fields too."""

WORDS: Final[Mapping[str, Sequence[str]]] = {
    "serial": (
        "serial",
        "serialnumber",
        "serialno",
        "sn",
        "seriennummer",
        "fabrikationsnummer",
        "meternumber",
    ),
    "dev_eui": ("deveui", "deviceeui", "eui"),
    "join_eui": ("joineui", "appeui"),
    "dev_addr": ("devaddr", "deviceaddress"),
    "mbus_maker": ("mbusmaker", "manufacturer", "man", "hersteller", "makerscode", "vendorid"),
    "mbus_id": (
        "mbusid",
        "mbusnumber",
        "meterid",
        "zaehlernummer",
        "zählernummer",
        "id8",
        "secondaryaddress",
    ),
    "mbus_version": ("mbusversion", "version", "gen", "generation"),
    "mbus_medium": ("mbusmedium", "medium", "devicetype"),
    "lorawan_version": ("lorawanversion", "macversion"),
    "lorawan_phy_version": ("lorawanphyversion", "phyversion", "regionalparameters"),
    "frequency_plan_id": ("frequencyplanid", "frequencyplan"),
    "name": ("name", "devicename"),
    "product_type": ("producttype", "product", "model", "produkttyp"),
    KeyKind.APP_KEY: ("appkey",),
    KeyKind.NWK_KEY: ("nwkkey",),
    KeyKind.NWK_S_KEY: ("nwkskey", "fnwksintkey"),
    KeyKind.APP_S_KEY: ("appskey",),
    KeyKind.OMS_AES128: (
        "omskey",
        "omsaes128",
        "key",
        "aeskey",
        "encryptionkey",
        "dek",
        "schluessel",
        "schlüssel",
        "key32",
    ),
    KeyKind.AES128: ("aes128", "aes128key"),
    KeyKind.AES192: ("aes192", "aes192key"),
    KeyKind.AES256: ("aes256", "aes256key"),
    KeyKind.DES: ("des", "deskey"),
    KeyKind.TDES: ("tdes", "3des", "tripledes", "3deskey"),
}
_PLAIN: Final = re.compile(r"[\W_]+")


def suggest(header: Sequence[str]) -> dict[str, int]:
    """Field → column, by the words of the heading, our own words before others'. For the person to change."""
    columns: dict[str, int] = {}
    for number, heading in enumerate(header):
        columns.setdefault(_PLAIN.sub("", heading).lower(), number)
    found: dict[str, int] = {}
    for field, words in WORDS.items():
        place = next((columns[word] for word in words if word in columns), None)
        if place is not None:
            found[str(field)] = place
    return found
