"""Which processes are alive: each writes the time into its row now and then."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

import structlog
from flask_babel import lazy_gettext as _
from sqlalchemy import Text, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.clock import utcnow
from webapp.core.db import Base, Instant, aside, db
from webapp.core.health import Part
from webapp.core.tenancy import Global

log = structlog.get_logger(__name__)

EVERY_SECONDS = 10.0
ALIVE_WITHIN_SECONDS = 60
ALIVE_WITHIN = timedelta(seconds=ALIVE_WITHIN_SECONDS)
FORGOTTEN_AFTER = timedelta(days=1)


class ProcessBeat(Global, Base):
    """The last sign of life of one process."""

    __tablename__ = "process_beats"
    __table_args__ = {"postgresql_with": {"fillfactor": "70"}}

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    host: Mapped[str] = mapped_column(Text, primary_key=True)
    pid: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Instant]


def beat(name: str, *, now: datetime | None = None) -> bool:
    """Write this process's sign of life; False (logged) when the database can't be reached."""
    at = now or utcnow()
    row = {"name": name, "host": socket.gethostname(), "pid": os.getpid(), "at": at}
    statement = insert(ProcessBeat).values(**row)
    upsert = statement.on_conflict_do_update(
        index_elements=["name", "host", "pid"], set_={"at": statement.excluded.at}
    )
    try:
        with aside() as session:
            session.execute(upsert)
    except SQLAlchemyError as error:
        log.warning("beat_not_written", name=name, error=type(error).__name__)
        return False
    return True


def farewell(name: str) -> None:
    """This process ends as asked and is missed by nobody."""
    mine = (ProcessBeat.name == name) & (ProcessBeat.pid == os.getpid())
    try:
        with aside() as session:
            session.execute(
                delete(ProcessBeat).where(mine, ProcessBeat.host == socket.gethostname())
            )
    except SQLAlchemyError as error:
        log.warning("farewell_not_written", name=name, error=type(error).__name__)


def forget_old(now: datetime) -> None:
    """Remove rows of processes that were killed long ago."""
    with aside() as session:
        session.execute(delete(ProcessBeat).where(ProcessBeat.at < now - FORGOTTEN_AFTER))


def alive(name: str, *, now: datetime) -> list[ProcessBeat]:
    """The processes of this name that have given a sign of life lately."""
    since = now - ALIVE_WITHIN
    statement = select(ProcessBeat).where(ProcessBeat.name == name, ProcessBeat.at >= since)
    return list(db.session.scalars(statement))


def all_beats() -> list[ProcessBeat]:
    """All processes that gave a sign of life in the last day."""
    return list(db.session.scalars(select(ProcessBeat).order_by(ProcessBeat.name, ProcessBeat.at)))


def worker_part() -> Part:
    """Without a worker the clock's sweeps queue up: mails wait."""
    if alive("worker", now=utcnow()):
        return Part("worker", _("Worker"), "online", _("Sends mails and does jobs."))
    return Part("worker", _("Worker"), "alarm", _("Not running: mails and jobs wait."))


def clock_part() -> Part:
    if alive("clock", now=utcnow()):
        return Part("clock", _("Clock"), "online", _("Looks for due work."))
    return Part("clock", _("Clock"), "alarm", _("Not running: what is due may be found late."))
