"""When devices were heard and when they were not: the timeline of a device's support page (P-43).

`mark_seen` is called with every beat. It touches `liveness` alone, but for the first beat after a silence, which
opens a stretch; the sweep closes it at the last beat once the device has been silent for long enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.jobs import sweep
from webapp.devices.models import Device, DeviceConnection, Liveness

SHOWN = timedelta(days=7)
SILENT = "silent"


def mark_seen(
    device_id: int, *, organisation_id: int, lost_after: timedelta, now: datetime
) -> None:
    """It spoke. `lost_after` is its kind's, `DevicePage.lost_after`."""
    heard = db.session.scalar(select(Liveness.last_seen_at).where(Liveness.device_id == device_id))
    seen = insert(Liveness).values(device_id=device_id, last_seen_at=now)
    db.session.execute(
        seen.on_conflict_do_update(index_elements=["device_id"], set_={"last_seen_at": now})
    )
    if heard is None or now - heard > lost_after:
        _close(device_id, heard)
        _open(device_id, organisation_id, lost_after, now)


def _close(device_id: int, at: datetime | None) -> None:
    if at is None:
        return
    open_one = (DeviceConnection.device_id == device_id, DeviceConnection.closed_at.is_(None))
    closing = update(DeviceConnection).where(*open_one)
    db.session.execute(closing.values(closed_at=at, cause=SILENT))


def _open(device_id: int, organisation_id: int, lost_after: timedelta, now: datetime) -> None:
    """Of two beats at the same moment the unique index lets one open it."""
    first = insert(DeviceConnection).values(
        organisation_id=organisation_id,
        device_id=device_id,
        opened_at=now,
        silence_seconds=round(lost_after.total_seconds()),
    )
    db.session.execute(first.on_conflict_do_nothing())


@sweep("device_connections", every_seconds=60)
def close_silent() -> None:
    """Whoever has been silent for too long was lost at its last beat; after seven days stretches are forgotten."""
    now = utcnow()
    silence = func.make_interval(0, 0, 0, 0, 0, 0, DeviceConnection.silence_seconds)
    db.session.execute(
        update(DeviceConnection)
        .where(
            DeviceConnection.closed_at.is_(None),
            DeviceConnection.device_id == Liveness.device_id,
            Liveness.last_seen_at < now - silence,
        )
        .values(closed_at=Liveness.last_seen_at, cause=SILENT)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(delete(DeviceConnection).where(DeviceConnection.closed_at < now - SHOWN))
    commit()


@dataclass(frozen=True)
class Stretch:
    """From when to when it was heard (or was not), and whether it still goes on."""

    begins_at: datetime
    ends_at: datetime
    is_seen: bool
    is_open: bool = False

    @property
    def length(self) -> timedelta:
        return self.ends_at - self.begins_at


@dataclass(frozen=True)
class Timeline:
    """The last seven days without gaps, oldest first."""

    begins_at: datetime
    ends_at: datetime
    stretches: Sequence[Stretch]

    @property
    def seen(self) -> timedelta:
        return sum((s.length for s in self.stretches if s.is_seen), timedelta())

    @property
    def losses(self) -> int:
        """How often it was lost: silences after it had been heard."""
        return sum(1 for s in self.stretches[1:] if not s.is_seen)

    @property
    def is_seen_now(self) -> bool:
        return bool(self.stretches) and self.stretches[-1].is_seen

    def share(self, moment: datetime) -> float:
        """Where it lies between beginning (0) and end (1)."""
        return (moment - self.begins_at) / (self.ends_at - self.begins_at)


def timeline_of(device: Device, *, now: datetime) -> Timeline:
    """Of a device in scope, since it is known at the most."""
    begins = max(now - SHOWN, min(device.created_at, now - timedelta(hours=1)))
    rows = db.session.scalars(
        select(DeviceConnection)
        .where(
            DeviceConnection.device_id == device.id,
            or_(DeviceConnection.closed_at.is_(None), DeviceConnection.closed_at >= begins),
        )
        .order_by(DeviceConnection.opened_at)
    ).all()
    return Timeline(begins, now, _filled(rows, begins, now))


def _filled(rows: Sequence[DeviceConnection], begins: datetime, now: datetime) -> list[Stretch]:
    """What was heard, and the silences between."""
    found: list[Stretch] = []
    at = begins
    for row in rows:
        opened, closed = max(row.opened_at, begins), min(row.closed_at or now, now)
        if opened > at:
            found.append(Stretch(at, opened, is_seen=False))
        found.append(Stretch(opened, closed, is_seen=True, is_open=row.closed_at is None))
        at = max(at, closed)
    if at < now:
        found.append(Stretch(at, now, is_seen=False, is_open=True))
    return found
