"""What the agent knows of a printer, and what the portal wants of the agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from webapp.printers.agent.configuration import Rates


@dataclass(frozen=True)
class Wishes:
    """What the portal wants; before it was ever asked, what stands in the file."""

    on: bool
    rates: Rates
    never: tuple[str, ...] = ()
    off_serials: frozenset[str] = frozenset()
    off_addresses: frozenset[str] = frozenset()

    @classmethod
    def of(cls, rates: Rates, said: Mapping[str, Any]) -> Wishes:
        if not said:
            return cls(True, rates)
        off = said.get("off", [])
        return cls(
            on=bool(said.get("on", True)),
            rates=Rates(said["quick_minutes"], said["full_hours"], said["search_hours"]),
            never=tuple(said.get("never", [])),
            off_serials=frozenset(one["serial"] for one in off if one["serial"]),
            off_addresses=frozenset(one["address"] for one in off if not one["serial"]),
        )

    def forbid(self, printer: Known) -> str:
        """Why it is not asked; empty where it is."""
        off = self.off_serials if printer.serial else self.off_addresses
        if (printer.serial or printer.host) in off:
            return "switched_off"
        name = f"{printer.maker} {printer.model}".casefold()
        return "banned" if any(words in name for words in self.never) else ""


@dataclass
class Known:
    """A printer at an address. Times are of the monotonic clock: nobody sets that."""

    host: str
    port: int
    profile: str
    version: str = ""
    serial: str = ""
    maker: str = ""
    model: str = ""
    name: str = ""
    location: str = ""
    quick: dict[str, str] = field(default_factory=dict)
    fingerprint: str = ""
    failures: int = 0
    due_at: float = 0
    full_at: float = 0

    @property
    def key(self) -> str:
        return f"{self.host}:{self.port}"

    def kept(self) -> dict[str, Any]:
        """What is worth remembering over a restart."""
        names = ("host", "port", "profile", "version", "serial", "maker", "model", "name")
        return {name: getattr(self, name) for name in (*names, "location")}
