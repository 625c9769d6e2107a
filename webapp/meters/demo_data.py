"""What the demonstration's meters are: invented makers and products."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.meters.kinds import KeyKind

MAKERS = {"NWA": "Nordwasser", "CLR": "Calora", "ELV": "Elvia"}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A product type, and how many of it are delivered with which serials."""

    maker: str
    name: str
    medium: str
    radio: str
    keys: tuple[KeyKind, ...]
    number: int
    first: int
    serial: str
    lorawan_version: str | None = None
    lorawan_phy_version: str | None = None
    frequency_plan_id: str | None = None
    mode: int | None = None
    version: int = 0x1B
    mbus_medium: int = 0x07


EU_868 = "EU_863_870_TTN"
PHY_10 = "PHY_V1_0_3_REV_A"
KINDS = (
    Kind(
        maker="NWA",
        name="Brook 8 LoRa",
        medium="water",
        radio="lorawan",
        keys=(KeyKind.APP_KEY,),
        number=18,
        first=21001052,
        serial="BR8-{}",
        lorawan_version="1.0.3",
        lorawan_phy_version=PHY_10,
        frequency_plan_id=EU_868,
    ),
    Kind(
        maker="NWA",
        name="Brook 8 OMS",
        medium="water",
        radio="wmbus",
        keys=(KeyKind.OMS_AES128,),
        number=16,
        first=40059807,
        serial="{}",
        mode=5,
    ),
    Kind(
        maker="CLR",
        name="Thermo S3",
        medium="heat",
        radio="wmbus",
        keys=(KeyKind.OMS_AES128,),
        number=12,
        first=68000410,
        serial="T3-{}",
        mode=7,
        version=0x34,
        mbus_medium=0x04,
    ),
    Kind(
        maker="CLR",
        name="Thermo S3 wired",
        medium="heat",
        radio="mbus",
        keys=(),
        number=4,
        first=68900010,
        serial="T3W-{}",
        version=0x34,
        mbus_medium=0x04,
    ),
    Kind(
        maker="ELV",
        name="Spark M1",
        medium="electricity",
        radio="lorawan",
        keys=(KeyKind.APP_KEY, KeyKind.NWK_KEY),
        number=6,
        first=11200300,
        serial="Y26{}",
        lorawan_version="1.1",
        lorawan_phy_version="PHY_V1_1_REV_B",
        frequency_plan_id=EU_868,
    ),
    Kind(
        maker="ELV",
        name="Pulse module",
        medium="module",
        radio="lorawan",
        keys=(KeyKind.NWK_S_KEY, KeyKind.APP_S_KEY),
        number=4,
        first=90100,
        serial="PM{:06}",
        lorawan_version="1.0.2",
        lorawan_phy_version=PHY_10,
        frequency_plan_id=EU_868,
    ),
)
FOREIGN = 12
UNCLAIMED = 14
LABELS = {"Via Roma 12": (0, 4, 2), "Basement": (3, 7, 5), "To be read": (5, 6, 9)}
"""Name → which of the meters (start, step), colour."""
REVEALS = ((28, "csv", 20), (12, "man_id_key", 8), (3, "api", 12))
"""Days ago, form, how many meters."""
