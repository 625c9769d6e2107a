"""What forms for LoRaWAN network servers share: how a device joins, and whether its description is complete."""

from __future__ import annotations

from webapp.meters.formats.base import Device
from webapp.meters.kinds import ABP, KeyKind
from webapp.meters.sentences import Sentence


def is_11(device: Device) -> bool:
    return (device.lorawan_version or "").replace("_", ".").removeprefix("MAC.V").startswith("1.1")


def is_abp(device: Device) -> bool:
    """A fixed session, and nothing to join with."""
    return KeyKind.APP_KEY not in device.keys and device.keys.keys() >= ABP


def refusal(device: Device) -> Sentence | None:
    """Why no network server could take it."""
    if not device.dev_eui:
        return Sentence("out_no_dev_eui")
    if is_abp(device):
        return None if device.dev_addr else Sentence("out_no_dev_addr")
    if KeyKind.APP_KEY not in device.keys:
        return Sentence("out_no_lorawan_keys")
    if not device.join_eui:
        return Sentence("out_no_join_eui")
    if is_11(device) and KeyKind.NWK_KEY not in device.keys:
        return Sentence("out_no_nwk_key")
    return None


def refusal_tts(device: Device) -> Sentence | None:
    """The Things Stack needs to know versions and frequencies as well."""
    if reason := refusal(device):
        return reason
    if not device.lorawan_version:
        return Sentence("out_no_version")
    if not device.lorawan_phy_version:
        return Sentence("out_no_phy")
    if not device.frequency_plan_id:
        return Sentence("out_no_plan")
    return None


def tts_version(device: Device) -> str:
    """`MAC_V1_0_3` from `1.0.3`; The Things Stack knows 1.1 without a third number."""
    version = (device.lorawan_version or "").upper()
    if version.startswith("MAC_V"):
        return version
    return "MAC_V1_1" if version.startswith("1.1") else "MAC_V" + version.replace(".", "_")


def tts_id(device: Device) -> str:
    return f"eui-{(device.dev_eui or '').lower()}"
