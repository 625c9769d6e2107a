"""Work that is due, over all tables that hold some and all drains that do it: found, not listed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select

from webapp.core.db import Base, db
from webapp.core.drains import Drain, all_drains
from webapp.core.jobs import OPEN, Due, JobState
from webapp.core.runs import DrainRun, last_runs

_names: dict[str, Any] = {
    "mail_outbox": _("Mails"),
    "webhook_deliveries": _("Calls of webhooks"),
    "activities": _("Long work"),
}


def name_tables(names: Mapping[str, Any]) -> None:
    """What people call the due rows of a package's tables (table → lazy text)."""
    _names.update(names)


@dataclass(frozen=True)
class DueTable:
    """The open and the failed rows of one table."""

    table: str
    waiting: int
    due: int
    claimed: int
    failed: int
    oldest_due_at: datetime | None
    next_due_at: datetime | None
    asked_at: datetime

    @property
    def late(self) -> timedelta | None:
        """For how long the oldest has been due."""
        return None if self.oldest_due_at is None else self.asked_at - self.oldest_due_at

    @property
    def label(self) -> object:
        return _names.get(self.table) or self.table.replace("_", " ").capitalize()


@dataclass(frozen=True)
class DrainFacts:
    drain: Drain
    run: DrainRun | None

    @property
    def next_at(self) -> datetime | None:
        """When the clock looks again at the latest; a wake-up may come before."""
        if self.run is None:
            return None
        return self.run.began_at + timedelta(seconds=self.drain.every_seconds)

    @property
    def failed(self) -> bool:
        return self.run is not None and self.run.error is not None


def due_models() -> list[type[Due]]:
    found = {m.class_ for m in Base.registry.mappers if issubclass(m.class_, Due)}
    return sorted(found, key=lambda model: model.__tablename__)  # type: ignore[attr-defined]


def due_tables(now: datetime) -> list[DueTable]:
    """Only in a scope that sees everything."""
    return [_facts_of(model, now) for model in due_models()]


def drain_facts() -> list[DrainFacts]:
    runs = last_runs()
    return [DrainFacts(d, runs.get(d.name)) for d in sorted(all_drains(), key=lambda d: d.name)]


def _facts_of(model: type[Due], now: datetime) -> DueTable:
    is_due = model.due_at <= now
    counted = select(
        func.count().filter(model.state == JobState.WAITING),
        func.count().filter(model.state.in_(OPEN), is_due),
        func.count().filter(model.state == JobState.CLAIMED),
        func.count().filter(model.state == JobState.FAILED),
        func.min(model.due_at).filter(model.state.in_(OPEN), is_due),
        func.min(model.due_at).filter(model.state == JobState.WAITING, ~is_due),
    ).where(model.state.in_([*OPEN, JobState.FAILED]))
    table: str = model.__tablename__  # type: ignore[attr-defined]
    return DueTable(table, *db.session.execute(counted).one(), now)
