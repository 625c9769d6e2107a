"""Does a chain hold? Finds rows that were removed, changed, added, swapped or cut off, and forged ends.

What the database says is held against two things outside it: the seal's key (`SECRET_KEY`), and the sealed
heads that `audit.heads` writes out every hour. Without the latter a whole database put back to an older state,
seals and all, would look sound.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from webapp.audit import chain
from webapp.audit.models import AuditHead, AuditRow
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


def seal_holds(organisation_id: int, seq: int, head: bytes, seal: bytes) -> bool:
    """Also under a fallback: the seal of a quiet chain is as old as its last row."""
    return any(
        hmac.compare_digest(chain.seal_head(key, organisation_id, seq, head), seal)
        for key in derived_keys("audit-seal")
    )


def chains() -> list[int]:
    """Every organisation that has rows or a head: a head alone can be removed, too."""
    with unscoped("the operator verifies all chains"):
        heads = db.session.scalars(select(AuditHead.organisation_id)).all()
        rows = db.session.scalars(select(AuditRow.organisation_id).distinct()).all()
    return sorted({*heads, *rows})


def faults_of(organisation_id: int, witness: Witness | None = None) -> Iterator[str]:
    """What is wrong with one chain, a sentence each; nothing when it holds."""
    previous, seq, witnessed = chain.START, 0, witness is None or witness.seq == 0
    with scope(organisation_id):
        head = db.session.scalars(select(AuditHead)).one_or_none()
        rows = select(AuditRow).order_by(AuditRow.seq).execution_options(yield_per=1000)
        for row in db.session.scalars(rows):
            yield from _faults_of_row(row, seq + 1, previous)
            previous, seq = row.hash, row.seq
            if witness is not None and row.seq == witness.seq:
                witnessed = True
                yield from _faults_against(witness, row)
    yield from _faults_of_head(organisation_id, head, seq, previous)
    if witness is not None and not witnessed:
        yield _where(organisation_id) + (
            f"row {witness.seq} stands in the heads written out, but not in the database: "
            "the end of the chain is gone"
        )


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
