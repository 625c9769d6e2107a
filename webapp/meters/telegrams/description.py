"""The header of a telegram as lines for a page: label and text, in the reader's language. Nothing secret is in it."""

from __future__ import annotations

from flask_babel import gettext as _

from webapp.meters.telegrams import status
from webapp.meters.telegrams.headers import WmbusTelegram
from webapp.meters.telegrams.lorawan import JoinRequest


def describe(telegram: WmbusTelegram | JoinRequest) -> list[tuple[str, str]]:
    if isinstance(telegram, JoinRequest):
        return [
            (_("Message"), _("LoRaWAN join request")),
            (_("DevEUI"), telegram.dev_eui),
            (_("JoinEUI"), telegram.join_eui),
            (_("Join number"), str(telegram.dev_nonce)),
        ]
    address = telegram.address
    lines = [
        (_("Message"), _("Wireless M-Bus, frame %(format)s", format=telegram.format.value)),
        (_("Maker's code"), address.maker),
        (_("M-Bus number"), address.id),
        (_("M-Bus version"), f"{address.version:02X}"),
        (_("M-Bus medium"), f"{address.medium_name} ({address.medium:02X})"),
        (_("Encryption"), _encryption(telegram)),
    ]
    if telegram.meter != telegram.link:
        lines.append((_("Sent by"), str(telegram.sender)))
    if telegram.access_number is not None:
        lines.append((_("Access number"), str(telegram.access_number)))
    if said := status.words(telegram.status):
        lines.append((_("Status"), ", ".join(said)))
    return lines


def _encryption(telegram: WmbusTelegram) -> str:
    if telegram.sealed:
        return str(_("of the link layer, AES-128 in counter mode"))
    mode = telegram.transport.mode if telegram.transport else 0
    return str(_("security mode %(mode)s", mode=mode) if mode else _("none"))
