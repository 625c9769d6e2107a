"""What forms for M-Bus readers share."""

from __future__ import annotations

from webapp.meters.formats.base import Device
from webapp.meters.kinds import KeyKind
from webapp.meters.sentences import Sentence


def refusal(device: Device) -> Sentence | None:
    if not device.mbus_id:
        return Sentence("out_no_mbus")
    if not device.mbus_maker:
        return Sentence("out_no_maker")
    if KeyKind.OMS_AES128 not in device.keys:
        return Sentence("out_no_oms_key")
    return None
