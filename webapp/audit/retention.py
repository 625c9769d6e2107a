"""Old rows go when the organisation's time for them is over, and always after a sealed checkpoint.

Each batch: checkpoint of its last row committed, written out, then the rows removed. Dying in between leaves a
checkpoint before rows that are still there, which is no fault; the next run goes on.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from webapp.audit import checkpoints
from webapp.audit.models import AuditRow, CheckpointKind
from webapp.core.clock import utcnow
from webapp.core.crashpoints import crash_point
from webapp.core.db import commit, db
from webapp.core.retention import BATCH
from webapp.core.tenancy import OutsideScope, current_scope


def remove_old_rows(before: datetime) -> int:
    """Of the organisation in scope: at most `BATCH`, always from the chain's beginning without a gap."""
    first = db.session.execute(
        select(AuditRow.seq, AuditRow.hash, AuditRow.at).order_by(AuditRow.seq).limit(BATCH)
    ).all()
    old = []
    for row in first:
        if row.at >= before:
            break
        old.append(row)
    if not old:
        return 0
    last = old[-1]
    _write_checkpoint(last.seq, last.hash)
    crash_point("audit.before_removal")
    db.session.execute(
        delete(AuditRow).where(AuditRow.seq <= last.seq),
        execution_options={"synchronize_session": False},
    )
    crash_point("audit.in_removal")
    return len(old)


def _write_checkpoint(seq: int, head: bytes) -> None:
    here = current_scope()
    if here is None or here.organisation_id is None:
        raise OutsideScope("old rows are removed organisation by organisation")
    checkpoints.add(here.organisation_id, seq, head, kind=CheckpointKind.REMOVAL, now=utcnow())
    commit()
    crash_point("audit.checkpoint_made")
    checkpoints.write_out()
