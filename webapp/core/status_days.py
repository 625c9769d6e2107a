"""The last 90 days of each part of the status page: the clock looks once a minute and counts (P-35).

It writes from its own loop, past Redis and worker. What can't be written, since the database is away, is
counted in memory and written when it is back; that no clock ran shows as a gap.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import httpx
import structlog
from flask import current_app
from flask_babel import lazy_gettext as _
from sqlalchemy import Date, Integer, Text, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, aside, db
from webapp.core.health import Part, parts
from webapp.core.tenancy import Global

log = structlog.get_logger(__name__)

EVERY_SECONDS = 60.0
KEPT_DAYS = 90
PROBE_SECONDS = 3.0
FAILED_STATES, DEGRADED_STATES = ("alarm", "offline"), ("warning",)
NOT_COUNTED = "not_set_up"


class StatusDay(Global, Base):
    """How often one part was looked at on one day (UTC), and how often it was down or only half well."""

    __tablename__ = "status_days"

    component: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    checks: Mapped[int] = mapped_column(Integer)
    failed: Mapped[int] = mapped_column(Integer)
    degraded: Mapped[int] = mapped_column(Integer)


@dataclass(frozen=True)
class Day:
    """One day of a part; without checks there is nothing to say of it."""

    day: date
    checks: int = 0
    failed: int = 0
    degraded: int = 0

    @property
    def state(self) -> str:
        if not self.checks:
            return "no_data"
        return "alarm" if self.failed else "warning" if self.degraded else "online"

    @property
    def uptime(self) -> float | None:
        """Between 0 and 1."""
        return (self.checks - self.failed) / self.checks if self.checks else None


@dataclass(frozen=True)
class History:
    """One part's days, the oldest first, each of the 90 present."""

    component: str
    days: Sequence[Day]

    @property
    def uptime(self) -> float | None:
        checks = sum(day.checks for day in self.days)
        return (checks - sum(day.failed for day in self.days)) / checks if checks else None

    @property
    def with_data(self) -> int:
        return sum(1 for day in self.days if day.checks)

    @property
    def troubled(self) -> list[Day]:
        """The days that were not whole, the newest first."""
        return [day for day in reversed(self.days) if day.state in ("alarm", "warning")]


def probe_portal() -> Part:
    """Ask the portal as a visitor would: through the address that visitors use."""
    settings = current_app.extensions["settings"]
    url = f"{settings.status_probe_url or settings.base_url}/healthz"
    try:
        answer = httpx.get(url, timeout=PROBE_SECONDS, trust_env=False)
        state = "online" if answer.status_code == 200 else "alarm"
    except httpx.HTTPError as error:
        log.warning("portal_does_not_answer", url=url, error=type(error).__name__)
        state = "alarm"
    return Part("portal", _("Portal"), state, "")


def evidence() -> list[Part]:
    """The parts of `/status`; that the portal answers is not taken from the process that asks."""
    return [probe_portal(), *(part for part in parts() if part.name != "portal")]


class Recorder:
    """Counts in memory until it is written."""

    def __init__(self, look: Callable[[], Iterable[Part]] = evidence) -> None:
        self._look = look
        self._waiting: dict[tuple[str, date], list[int]] = {}
        self._looked_at = float("-inf")

    def turn(self, *, now: datetime) -> None:
        """Called often; looks once a minute. Never raises: who calls has other work."""
        if time.monotonic() - self._looked_at < EVERY_SECONDS:
            return
        self._looked_at = time.monotonic()
        try:
            self.record(self._look(), now=now)
        except Exception:
            log.exception("status_not_recorded")
        finally:
            db.session.remove()

    def record(self, found: Iterable[Part], *, now: datetime) -> bool:
        """Count these parts; whether everything counted so far is written."""
        for part in found:
            if part.state == NOT_COUNTED:
                continue
            tally = self._waiting.setdefault((part.name, now.astimezone(UTC).date()), [0, 0, 0])
            tally[0] += 1
            tally[1] += part.state in FAILED_STATES
            tally[2] += part.state in DEGRADED_STATES
        try:
            _write(self._waiting, now=now)
        except SQLAlchemyError as error:
            log.warning("status_waits_for_database", error=type(error).__name__)
            return False
        self._waiting.clear()
        return True


RECORDER = Recorder()


def _write(tallies: dict[tuple[str, date], list[int]], *, now: datetime) -> None:
    rows = [
        {
            "component": name,
            "day": day,
            "checks": counts[0],
            "failed": counts[1],
            "degraded": counts[2],
        }
        for (name, day), counts in sorted(tallies.items())
    ]
    if not rows:
        return
    fresh = insert(StatusDay).values(rows)
    added = {
        name: getattr(StatusDay, name) + fresh.excluded[name]
        for name in ("checks", "failed", "degraded")
    }
    first_kept = now.astimezone(UTC).date() - timedelta(days=KEPT_DAYS)
    with aside() as session:
        session.execute(
            fresh.on_conflict_do_update(index_elements=["component", "day"], set_=added)
        )
        session.execute(delete(StatusDay).where(StatusDay.day < first_kept))


def histories(components: Sequence[str], *, now: datetime) -> list[History]:
    """The last 90 days of these parts, today included; a day that nobody counted has no checks."""
    today = now.astimezone(UTC).date()
    days = [today - timedelta(days=back) for back in range(KEPT_DAYS - 1, -1, -1)]
    rows = db.session.scalars(
        select(StatusDay).where(StatusDay.component.in_(components), StatusDay.day >= days[0])
    )
    known = {(row.component, row.day): row for row in rows}
    return [
        History(name, [_day(day, known.get((name, day))) for day in days]) for name in components
    ]


def _day(day: date, row: StatusDay | None) -> Day:
    return Day(day) if row is None else Day(day, row.checks, row.failed, row.degraded)
