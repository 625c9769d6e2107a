"""When nobody shall be told: quiet hours in civil time, maintenance windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

UTC_ZONE = ZoneInfo("UTC")
ROUNDS = 20
"""Windows and quiet hours that follow one another are passed through at most so often."""


def quiet_until(now: datetime, zone: ZoneInfo, start: time, end: time) -> datetime | None:
    """When the quiet hours that hold now are over (UTC); None outside them.

    From `start` to `end` by the clock on the wall, over midnight if `end` comes first. Where the clock is put back
    and a time stands on it twice, it begins at the first and ends at the second; a time that is left out when it
    is put forward counts as that much later: 2:30 as 3:30.
    """
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        begins = _moment(day, start, zone, fold=0)
        ends = _moment(day if end > start else day + timedelta(days=1), end, zone, fold=1)
        if begins <= now < ends:
            return ends
    return None


def _moment(day: date, at: time, zone: ZoneInfo, *, fold: int) -> datetime:
    """`fold` chooses between two; with fold 0 Python reads a time that is left out as the same time later on."""
    local = datetime.combine(day, at, zone).replace(fold=fold)
    back = local.astimezone(UTC).astimezone(zone)
    is_left_out = back.replace(tzinfo=None, fold=0) != local.replace(tzinfo=None, fold=0)
    return (local.replace(fold=0) if is_left_out else local).astimezone(UTC)


@dataclass(frozen=True)
class Window:
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Calm:
    """What an organisation has said about one condition's telling."""

    zone: ZoneInfo = UTC_ZONE
    quiet_from: time | None = None
    quiet_to: time | None = None
    windows: Sequence[Window] = ()

    def maintained_until(self, now: datetime) -> datetime | None:
        """The end of the maintenance that holds now."""
        ends = [w.ends_at for w in self.windows if w.begins_at <= now < w.ends_at]
        return max(ends, default=None)

    def held_until(self, now: datetime) -> datetime | None:
        """The first moment at which somebody may be told; None when that is now."""
        moment = now
        for _round in range(ROUNDS):
            later = self._next(moment)
            if later is None:
                break
            moment = later
        return moment if moment > now else None

    def _next(self, moment: datetime) -> datetime | None:
        window = self.maintained_until(moment)
        if window is not None or self.quiet_from is None or self.quiet_to is None:
            return window
        return quiet_until(moment, self.zone, self.quiet_from, self.quiet_to)
