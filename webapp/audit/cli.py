"""`flask audit verify`: finds a removed, changed, added or cut-off row."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click
from flask.cli import AppGroup
from sqlalchemy import select

from webapp.audit import chain
from webapp.audit.models import AuditHead, AuditRow
from webapp.core.crypto import derived_key
from webapp.core.db import db
from webapp.core.tenancy import scope, unscoped

audit = AppGroup("audit", help="The audit log's chain.")

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


@audit.command("verify")
@click.option("--organisation", type=int, help="Only this organisation's chain (its number).")
def verify(organisation: int | None) -> None:
    """Check every chain; exit 1 and name the rows when one does not hold."""
    with unscoped("the operator verifies all chains"):
        ids = db.session.scalars(
            select(AuditHead.organisation_id).order_by(AuditHead.organisation_id)
        ).all()
    chosen = [i for i in ids if organisation in (None, i)]
    faults = [fault for i in chosen for fault in faults_of(i)]
    for fault in faults:
        click.echo(fault, err=True)
    click.echo(f"{len(chosen)} chains checked, {len(faults)} faults")
    if faults:
        sys.exit(1)


def faults_of(organisation_id: int) -> Iterator[str]:
    """What is wrong with one chain, a sentence each; nothing when it holds."""
    with scope(organisation_id):
        head = db.session.scalars(select(AuditHead)).one()
        previous, seq = chain.START, 0
        rows = select(AuditRow).order_by(AuditRow.seq).execution_options(yield_per=1000)
        for row in db.session.scalars(rows):
            seq += 1
            yield from _faults_of_row(row, seq, previous)
            previous, seq = row.hash, row.seq
    yield from _faults_of_head(head, seq, previous)


def _faults_of_row(row: AuditRow, expected: int, previous: bytes) -> Iterator[str]:
    where = f"organisation {row.organisation_id}, row {row.seq}"
    if row.seq != expected:
        yield f"{where}: rows {expected} to {row.seq - 1} are missing"
    elif row.previous != previous:
        yield f"{where}: does not follow the row before it"
    facts = {name: getattr(row, name) for name in FACTS}
    if chain.link(row.previous, facts, row.commitment) != row.hash:
        yield f"{where}: was changed"
    if row.erased_at is None and not _payload_holds(row):
        yield f"{where}: its content was changed"


def _payload_holds(row: AuditRow) -> bool:
    if row.payload is None or row.salt is None:
        return False
    return chain.commit_to(row.payload, row.salt) == row.commitment


def _faults_of_head(head: AuditHead, seq: int, last: bytes) -> Iterator[str]:
    where = f"organisation {head.organisation_id}"
    if (head.seq, head.hash) != (seq, last):
        yield f"{where}: the end of the chain is cut off or changed ({seq} rows, {head.seq} expected)"
    seal = chain.seal_head(derived_key("audit-seal"), head.organisation_id, head.seq, head.hash)
    if seal != head.seal:
        yield f"{where}: the seal of the chain's end does not hold"
