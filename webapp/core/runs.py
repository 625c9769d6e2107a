"""When each drain and sweep ran last, and whether it failed: one row each, for the operator and for metrics."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import Integer, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Instant, aside, db
from webapp.core.tenancy import Global

log = structlog.get_logger(__name__)


class DrainRun(Global, Base):
    """The last run of a drain; `error` is the kind of what it died of, `failed_at` when that was last."""

    __tablename__ = "drain_runs"
    __table_args__ = {"postgresql_with": {"fillfactor": "70"}}

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    began_at: Mapped[Instant]
    ended_at: Mapped[Instant]
    took_ms: Mapped[int] = mapped_column(Integer)
    error: Mapped[str | None]
    failed_at: Mapped[datetime | None]


def note_run(name: str, *, began_at: datetime, ended_at: datetime, failed: str | None) -> None:
    """Written aside; without a database nothing is noted, and nothing else is disturbed."""
    row = {
        "name": name,
        "began_at": began_at,
        "ended_at": ended_at,
        "took_ms": int((ended_at - began_at).total_seconds() * 1000),
        "error": failed,
    }
    if failed is not None:
        row["failed_at"] = ended_at
    statement = insert(DrainRun).values(**row)
    noted = statement.on_conflict_do_update(
        index_elements=["name"], set_={key: statement.excluded[key] for key in row if key != "name"}
    )
    try:
        with aside() as session:
            session.execute(noted)
    except SQLAlchemyError as error:
        log.warning("run_not_noted", drain=name, error=type(error).__name__)


def last_runs() -> dict[str, DrainRun]:
    return {run.name: run for run in db.session.scalars(select(DrainRun))}
