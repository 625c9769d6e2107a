"""What readers give: a device with its keys, or a fault."""

from __future__ import annotations

from dataclasses import dataclass, field

from webapp.meters.kinds import KeyKind
from webapp.meters.sentences import Sentence, SpokenError


class FileError(SpokenError):
    """The file as a whole can't be read."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """`column` as the file names it; `serial` if it could be read, so that the report can name the device."""

    line: int
    column: str
    sentence: Sentence
    serial: str = ""


@dataclass(slots=True)
class DeviceRow:
    """A device as the file describes it. `line` is a line of the file, for JSON and XML the number of the object."""

    line: int
    serial: str
    dev_eui: str | None = None
    join_eui: str | None = None
    dev_addr: str | None = None
    mbus_maker: str | None = None
    mbus_id: str | None = None
    mbus_version: int | None = None
    mbus_medium: int | None = None
    lorawan_version: str | None = None
    lorawan_phy_version: str | None = None
    frequency_plan_id: str | None = None
    name: str = ""
    product_type: str = ""
    keys: dict[KeyKind, bytes] = field(default_factory=dict, repr=False)


Found = DeviceRow | RowFault
