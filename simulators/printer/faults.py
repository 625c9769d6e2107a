"""Faults of a printer, and where they show: error bits, alert rows, the panel (RFC 2790, RFC 3805)."""

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    JAM = "jam"
    COVER_OPEN = "cover-open"
    PAPER_OUT = "paper-out"
    PAPER_LOW = "paper-low"
    TONER_LOW = "toner-low"
    TONER_EMPTY = "toner-empty"
    WASTE_FULL = "waste-full"
    PART_WORN = "part-worn"
    PART_SPENT = "part-spent"
    SERVICE = "service"


@dataclass(frozen=True)
class Manifestation:
    """`bit` of hrPrinterDetectedErrorState; `code`, `group`, `training` of the alert row; `{}` is the part."""

    bit: int
    code: int
    group: int
    text: str
    critical: bool = False
    training: int = 3  # untrained: whoever stands before it can mend it


MANIFESTATIONS = {
    FaultKind.JAM: Manifestation(5, 8, 13, "Paper jam in {}", critical=True),
    FaultKind.COVER_OPEN: Manifestation(4, 3, 6, "{} is open", critical=True),
    FaultKind.PAPER_OUT: Manifestation(1, 808, 8, "{} is empty. Add paper", critical=True),
    FaultKind.PAPER_LOW: Manifestation(0, 807, 8, "{} is almost empty"),
    FaultKind.TONER_LOW: Manifestation(2, 1104, 11, "{} is low"),
    FaultKind.TONER_EMPTY: Manifestation(3, 1101, 11, "Replace {}", critical=True),
    FaultKind.WASTE_FULL: Manifestation(7, 1109, 11, "{} is full", critical=True),
    FaultKind.PART_WORN: Manifestation(14, 10, 11, "{} is near its end"),
    FaultKind.PART_SPENT: Manifestation(14, 11, 11, "Replace {}", critical=True, training=4),
    FaultKind.SERVICE: Manifestation(7, 30, 5, "Call service: {}", critical=True, training=5),
}


@dataclass(frozen=True)
class Fault:
    """`index` is the row of the part in its table: tray, cover, supply."""

    kind: FaultKind
    part: str
    index: int = 1
    since_seconds: float = 0.0

    @property
    def shown(self) -> Manifestation:
        return MANIFESTATIONS[self.kind]

    @property
    def text(self) -> str:
        return self.shown.text.format(self.part)


def error_state(faults: list[Fault]) -> bytes:
    """hrPrinterDetectedErrorState: bit 0 is the top bit of the first octet; two octets always."""
    bits = 0
    for fault in faults:
        bits |= 0x8000 >> fault.shown.bit
    return bits.to_bytes(2, "big")
