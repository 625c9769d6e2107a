"""Due rows for the tests of claims, worker and clock, apart from the portal's own tables.

`python -m tests.core.chores worker|clock` is the real worker or clock with one more drain, `chores`.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime

from sqlalchemy import MetaData, text
from sqlalchemy.orm import DeclarativeBase, Mapped, registry

from webapp.core.clock import utcnow
from webapp.core.db import Base, commit, db
from webapp.core.jobs import Due, batches, drain, due_index, finish
from webapp.core.tenancy import Global


class Apart(DeclarativeBase):
    registry = registry(metadata=MetaData(), type_annotation_map=Base.registry.type_annotation_map)


class Chore(Global, Due, Apart):
    __tablename__ = "test_chores"
    __table_args__ = (due_index(),)

    word: Mapped[str]
    done_by: Mapped[str | None]


@drain("chores", every_seconds=0.5)
def do_chores() -> None:
    for chores in batches(Chore, limit=50, lease_seconds=2):
        for chore in chores:
            chore.done_by = "drain"
            finish(chore)
        commit()


@drain("slow chores", every_seconds=0.5)
def do_slow_chores() -> None:
    """20 rows in half a second: one can be interrupted in the middle."""
    for chores in batches(Chore, limit=20, lease_seconds=2):
        for chore in chores:
            time.sleep(0.025)
            chore.done_by = "slow drain"
            finish(chore)
        commit()


def add(count: int, *, due_at: datetime | None = None) -> None:
    due = due_at or utcnow()
    db.session.add_all(Chore(word=str(number), due_at=due) for number in range(count))


def left() -> int:
    """Chores that are still to do."""
    statement = text("SELECT count(*) FROM test_chores WHERE state IN ('waiting', 'claimed')")
    found = db.session.scalar(statement)
    db.session.rollback()
    return int(found or 0)


if __name__ == "__main__":
    from webapp import clock, worker

    sys.modules["tests.core.chores"] = sys.modules["__main__"]
    sys.exit({"worker": worker, "clock": clock}[sys.argv[1]].main())
