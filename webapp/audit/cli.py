"""`flask audit verify`: finds a removed, changed, added or cut-off row."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click
from flask.cli import AppGroup

from webapp.audit import heads
from webapp.audit.verification import Witness, chains, faults_of
from webapp.core.db import db

audit = AppGroup("audit", help="The audit log's chain.")


@audit.command("verify")
@click.option("--organisation", type=int, help="Only this organisation's chain (its number).")
def verify(organisation: int | None) -> None:
    """Check every chain, as of one moment; exit 1 and name the rows when one does not hold."""
    db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    try:
        witnesses = heads.newest()
    except heads.UnreadableHeads as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    every = sorted({*chains(), *witnesses})
    chosen = [i for i in every if organisation in (None, i)]
    faults = [fault for i in chosen for fault in _faults(i, witnesses.get(i))]
    for fault in faults:
        click.echo(fault, err=True)
    click.echo(f"{len(chosen)} chains checked, {len(faults)} faults")
    if faults:
        sys.exit(1)


@audit.command("write-heads")
def write_heads() -> None:
    """Write the ends of all chains out now, as the clock does every hour."""
    click.echo(str(heads.write_heads()))


def _faults(organisation_id: int, witness: Witness | None) -> Iterator[str]:
    if witness is not None and not witness.is_genuine:
        yield f"organisation {organisation_id}: its head in the file written out is forged"
        witness = None
    yield from faults_of(organisation_id, witness)
