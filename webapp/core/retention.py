"""How long rows are kept: each package registers what it removes when its time is over; one sweep does it.

    retention.register(
        Retention("panic_requests", _("Requests"), remove, days_setting="request_retention_days")
    )

`remove(before)` works in the scope of one organisation and removes at most `BATCH` rows of before that moment, in the
transaction that is open; it says how many. Fewer than `BATCH` end the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from webapp.core.navigation import Label

BATCH = 1000

Remove = Callable[[datetime], int]


@dataclass(frozen=True)
class Retention:
    """`days_setting` names the organisation's column (none there: for ever); else `days` are the same for all."""

    name: str
    label: Label
    remove: Remove
    days_setting: str | None = None
    days: int | None = None

    def __post_init__(self) -> None:
        if (self.days_setting is None) == (self.days is None):
            raise ValueError(f"{self.name}: give either the setting or the days")


_registered: dict[str, Retention] = {}


def register(*found: Retention) -> None:
    """From the package's `init_app`; once more replaces."""
    for each in found:
        _registered[each.name] = each


def all_retentions() -> list[Retention]:
    return list(_registered.values())
