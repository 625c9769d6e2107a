"""`flask audit verify`: finds a removed, changed, added or cut-off row."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import click
from flask.cli import AppGroup

from webapp.audit import checkpoints, heads
from webapp.audit.verification import Mark, Witness, chains, faults_of
from webapp.core.db import db

audit = AppGroup("audit", help="The audit log's chain.")


@audit.command("verify")
@click.option("--organisation", type=int, help="Only this organisation's chain (its number).")
@click.option(
    "--against",
    "copies",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="A copy of a file of checkpoints kept elsewhere, in place of the portal's own files.",
)
def verify(organisation: int | None, copies: tuple[Path, ...]) -> None:
    """Check every chain, as of one moment; exit 1 and name the rows when one does not hold."""
    db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    try:
        witnesses = heads.newest()
        lines = _by_chain(checkpoints.read(copies or checkpoints.files()))
    except (heads.UnreadableHeads, checkpoints.UnreadableCheckpoints) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    every = sorted({*chains(), *witnesses, *lines})
    chosen = [i for i in every if organisation in (None, i)]
    faults = [fault for i in chosen for fault in _faults(i, witnesses.get(i), lines.get(i, []))]
    for fault in faults:
        click.echo(fault, err=True)
    click.echo(f"{len(chosen)} chains checked, {len(faults)} faults")
    if faults:
        sys.exit(1)


@audit.command("write-heads")
def write_heads() -> None:
    """Write the ends of all chains out now, as the clock does every hour."""
    click.echo(str(heads.write_heads()))


@audit.command("write-checkpoints")
def write_checkpoints() -> None:
    """Make and write out checkpoints now, as the clock does every hour."""
    click.echo(f"{checkpoints.write_checkpoints()} checkpoints made, {checkpoints.directory()}")


def _by_chain(marks: list[Mark]) -> dict[int, list[Mark]]:
    found: dict[int, list[Mark]] = defaultdict(list)
    for mark in marks:
        found[mark.organisation_id].append(mark)
    return found


def _faults(organisation_id: int, witness: Witness | None, lines: list[Mark]) -> Iterator[str]:
    if witness is not None and not witness.is_genuine:
        yield f"organisation {organisation_id}: its head in the file written out is forged"
        witness = None
    yield from faults_of(organisation_id, witness, lines)
