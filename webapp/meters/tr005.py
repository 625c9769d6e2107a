"""QR codes of LoRaWAN devices: LoRa Alliance TR005 (LoRaWAN Device Identification QR Codes), schema D0.

`LW:D0:<JoinEUI>:<DevEUI>:<ProfileID>[:O<owner token>][:S<serial>][:P<proprietary>][:C<check sum>]`; the profile is the
vendor's id and the vendor's own profile id, four digits each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from webapp.meters import addresses
from webapp.meters.sentences import SpokenError
from webapp.meters.serials import normalise

_PREFIX: Final = re.compile(r"LW:D0:", re.IGNORECASE)
_PROFILE: Final = re.compile(r"[0-9A-Fa-f]{8}")
LONGEST: Final = 512


class CodeError(SpokenError):
    """No code of this schema."""


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """A scanned code. Empty extensions are None."""

    join_eui: str
    dev_eui: str
    vendor_id: str
    model_id: str
    owner_token: str | None = None
    serial: str | None = None
    proprietary: str | None = None

    @property
    def canonical(self) -> str:
        """The code without its extensions."""
        return f"LW:D0:{self.join_eui}:{self.dev_eui}:{self.vendor_id}{self.model_id}"


def is_code(text: str) -> bool:
    return bool(_PREFIX.match(text.strip()))


def parse(text: str) -> DeviceCode:
    """What the code says; `CodeError` or `AddressError` with the reason."""
    plain = text.strip()
    if not is_code(plain):
        raise CodeError("tr005_prefix")
    if len(plain) > LONGEST:
        raise CodeError("tr005_long")
    parts = plain.split(":")[2:]
    if len(parts) < 3:
        raise CodeError("tr005_parts")
    if not _PROFILE.fullmatch(parts[2]):
        raise CodeError("tr005_profile")
    return DeviceCode(
        join_eui=addresses.eui(parts[0], name="JoinEUI"),
        dev_eui=addresses.eui(parts[1]),
        vendor_id=parts[2][:4].upper(),
        model_id=parts[2][4:].upper(),
        **_extensions(parts[3:]),
    )


def scanned(text: str) -> DeviceCode | str:
    """What a scanner gave: a LoRa Alliance code, or a plain serial number (normalised)."""
    return parse(text) if is_code(text) else normalise(text, single=True)


def _extensions(parts: list[str]) -> dict[str, str]:
    names = {"O": "owner_token", "S": "serial", "P": "proprietary"}
    return {
        names[part[0].upper()]: part[1:]
        for part in parts
        if len(part) > 1 and part[0].upper() in names
    }
