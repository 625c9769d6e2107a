"""Does a chain hold? Finds rows that were removed, changed, added, swapped or cut off, and forged ends.

What the database says is held against two things outside it: the seal's key (`SECRET_KEY`), and the sealed
heads that `audit.heads` writes out every hour. Without the latter a whole database put back to an older state,
seals and all, would look sound.

Where old rows were removed by the organisation's own rule, a chain begins after the last sealed checkpoint of a
removal before its first row. Hourly checkpoints say how far a chain came: rows before one may not be missing.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from webapp.audit import chain
from webapp.audit.models import AuditCheckpoint, AuditHead, AuditRow, CheckpointKind
from webapp.core.crypto import derived_keys
from webapp.core.db import db
from webapp.core.tenancy import scope, unscoped

FACTS = (
    "organisation_id",
    "seq",
    "at",
    "event",
    "actor_kind",
    "actor_id",
    "object_kind",
    "object_id",
)


@dataclass(frozen=True)
class Witness:
    """Where a chain ended when it was last written out."""

    organisation_id: int
    seq: int
    hash: bytes
    seal: bytes

    @property
    def is_genuine(self) -> bool:
        return seal_holds(self.organisation_id, self.seq, self.hash, self.seal)


@dataclass(frozen=True)
class Mark:
    """A checkpoint, from the database or from a file."""

    organisation_id: int
    seq: int
    kind: str
    hash: bytes
    seal: bytes

    @property
    def is_genuine(self) -> bool:
        return any(
            hmac.compare_digest(
                chain.seal_checkpoint(key, self.organisation_id, self.seq, self.kind, self.hash),
                self.seal,
            )
            for key in derived_keys("audit-checkpoint")
        )


def seal_holds(organisation_id: int, seq: int, head: bytes, seal: bytes) -> bool:
    """Also under a fallback: the seal of a quiet chain is as old as its last row."""
    return any(
        hmac.compare_digest(chain.seal_head(key, organisation_id, seq, head), seal)
        for key in derived_keys("audit-seal")
    )


def chains() -> list[int]:
    """Every organisation that has rows, a head or checkpoints: each alone can be removed, too."""
    with unscoped("the operator verifies all chains"):
        found = [
            db.session.scalars(select(model.organisation_id).distinct()).all()
            for model in (AuditHead, AuditRow, AuditCheckpoint)
        ]
    return sorted({i for ids in found for i in ids})


def faults_of(
    organisation_id: int, witness: Witness | None = None, lines: Collection[Mark] | None = None
) -> Iterator[str]:
    """What is wrong with one chain, a sentence each; nothing when it holds.

    `lines` are those of the files of checkpoints; None where no file is held against.
    """
    with scope(organisation_id):
        rows = _checkpoints()
        marks = [mark for mark, _written in rows]
        genuine = [mark for mark in marks if mark.is_genuine]
        yield from _forged(marks)
        if lines is not None:
            yield from _faults_against_files(organisation_id, rows, lines)
            genuine += [line for line in lines if line.is_genuine]
        yield from _faults_of_rows(organisation_id, witness, genuine)


def _checkpoints() -> list[tuple[Mark, bool]]:
    """Those of the organisation in scope, and whether they say that they stand in a file."""
    found = db.session.scalars(select(AuditCheckpoint).order_by(AuditCheckpoint.seq))
    return [
        (Mark(c.organisation_id, c.seq, c.kind, c.hash, c.seal), c.written_to is not None)
        for c in found
    ]


def _faults_of_rows(
    organisation_id: int, witness: Witness | None, marks: Collection[Mark]
) -> Iterator[str]:
    first = db.session.scalar(select(func.min(AuditRow.seq)))
    seq, previous = _beginning(marks, first)
    witnessed = witness is None or witness.seq <= seq
    by_seq = {mark.seq: mark for mark in marks}
    head = db.session.scalars(select(AuditHead)).one_or_none()
    rows = select(AuditRow).order_by(AuditRow.seq).execution_options(yield_per=1000)
    for row in db.session.scalars(rows):
        yield from _faults_of_row(row, seq + 1, previous)
        previous, seq = row.hash, row.seq
        if row.seq in by_seq and by_seq[row.seq].hash != row.hash:
            yield _where(organisation_id, row.seq) + "differs from its checkpoint"
        if witness is not None and row.seq == witness.seq:
            witnessed = True
            yield from _faults_against(witness, row)
    yield from _faults_of_head(organisation_id, head, seq, previous)
    if witness is not None and not witnessed:
        yield _where(organisation_id) + (
            f"row {witness.seq} stands in the heads written out, but not in the database: "
            "the end of the chain is gone"
        )
    if (last := max(by_seq, default=0)) > seq:
        yield _where(organisation_id) + (
            f"a checkpoint names row {last}, the chain ends at {seq}: the end of the chain is gone"
        )


def _beginning(marks: Collection[Mark], first: int | None) -> tuple[int, bytes]:
    """After which row the chain must begin: that of the last removal before its first row."""
    removals = [
        mark
        for mark in marks
        if mark.kind == CheckpointKind.REMOVAL and (first is None or mark.seq < first)
    ]
    last = max(removals, key=lambda mark: mark.seq, default=None)
    return (0, chain.START) if last is None else (last.seq, last.hash)


def _forged(marks: Iterable[Mark]) -> Iterator[str]:
    for mark in marks:
        if not mark.is_genuine:
            yield _where(mark.organisation_id, mark.seq) + "its checkpoint is forged"


def _faults_against_files(
    organisation_id: int, rows: Collection[tuple[Mark, bool]], lines: Collection[Mark]
) -> Iterator[str]:
    """Both directions: a line that is gone, a checkpoint that is gone, either changed."""
    known = {(mark.seq, mark.kind): mark for mark, _written in rows}
    for line in dict.fromkeys(lines):
        where = _where(organisation_id, line.seq)
        if not line.is_genuine:
            yield f"{where}its checkpoint in the file is forged"
        elif (line.seq, line.kind) not in known:
            yield f"{where}its checkpoint stands in the file, but not in the database"
        elif known[line.seq, line.kind].hash != line.hash:
            yield f"{where}its checkpoint in the file is another than in the database"
    there = {(line.seq, line.kind) for line in lines}
    for mark, written in rows:
        if written and (mark.seq, mark.kind) not in there:
            yield _where(organisation_id, mark.seq) + "its checkpoint is missing in the files"


def _faults_of_row(row: AuditRow, expected: int, previous: bytes) -> Iterator[str]:
    where = _where(row.organisation_id, row.seq)
    if row.seq != expected:
        yield f"{where}rows {expected} to {row.seq - 1} are missing"
    elif row.previous != previous:
        yield f"{where}does not follow the row before it"
    facts = {name: getattr(row, name) for name in FACTS}
    if chain.link(row.previous, facts, row.commitment) != row.hash:
        yield f"{where}was changed"
    if row.erased_at is None and not _payload_holds(row):
        yield f"{where}its content was changed"


def _payload_holds(row: AuditRow) -> bool:
    if row.payload is None or row.salt is None:
        return False
    return chain.commit_to(row.payload, row.salt) == row.commitment


def _faults_against(witness: Witness, row: AuditRow) -> Iterator[str]:
    if row.hash != witness.hash:
        yield (
            f"{_where(row.organisation_id, row.seq)}differs from the heads written out: "
            "the chain was written anew"
        )


def _faults_of_head(
    organisation_id: int, head: AuditHead | None, seq: int, last: bytes
) -> Iterator[str]:
    where = _where(organisation_id)
    if head is None:
        yield f"{where}the chain's end is missing"
        return
    if (head.seq, head.hash) != (seq, last):
        yield (
            f"{where}the end of the chain is cut off or changed ({seq} rows, {head.seq} expected)"
        )
    if not seal_holds(organisation_id, head.seq, head.hash, head.seal):
        yield f"{where}the seal of the chain's end does not hold"


def _where(organisation_id: int, seq: int | None = None) -> str:
    return f"organisation {organisation_id}{'' if seq is None else f', row {seq}'}: "
