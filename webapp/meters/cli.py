"""`flask keys …`: the master keys, the organisations' data keys (K-21)."""

from __future__ import annotations

import secrets
import sys

import click
from flask.cli import AppGroup
from sqlalchemy import select

from webapp.core.activities import Activity, run_activities
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.errors import Refusal
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import unscoped
from webapp.meters import keyring, rotation
from webapp.orgs.models import Organisation

keys = AppGroup("keys", help="Master keys and data keys of meter keys.")

OPERATOR = Principal(Actor.JOB, None, "command line")
HOW = "Add it as the first line of METER_MASTER_KEYS, restart, then run: flask keys rotate-master"


@keys.command("generate-master", with_appcontext=False)
@click.argument("name", default="")
def generate_master(name: str) -> None:
    """Print a new random master key as METER_MASTER_KEYS takes it: an id, a space, 64 digits.

    NAME is its id; today's date unless given.
    """
    key_id = name or f"m{utcnow():%Y%m%d}"
    if not all(c.isascii() and (c.isalnum() or c in "._-") for c in key_id) or len(key_id) > 40:
        raise click.ClickException("An id has at most 40 letters, digits, dots, hyphens.")
    click.echo(f"{key_id} {secrets.token_hex(32)}")
    click.echo(HOW, err=True)


@keys.command("rotate-master")
def rotate_master() -> None:
    """Wrap all data keys under the first master key, while the portal runs."""
    try:
        done = rotation.rewrap_all()
    except Refusal as refusal:
        raise click.ClickException(f"{refusal.message} ({keyring.problem()})") from refusal
    current = keyring.master_ids()[0]
    click.echo(f"{done} keys wrapped under {current}; all are under it now.")
    click.echo("Master keys that wrap nothing any more can be taken out: see flask keys status")


@keys.command("rotate-data")
@click.argument("organisation")
@click.option("--wait/--no-wait", default=True, help="Do the work here, and show how far it is.")
def rotate_data(organisation: str, wait: bool) -> None:
    """Give ORGANISATION (public id, or prefix) a new data key, and seal its values under it.

    May be interrupted: the portal's worker goes on by itself, and so does the same command with --wait.
    """
    with unscoped("an organisation by its id, on the command line"), acting_as(OPERATOR):
        row = db.session.scalars(
            select(Organisation).where(
                (Organisation.public_id == organisation)
                | (Organisation.prefix == organisation.upper())
            )
        ).one_or_none()
        if row is None:
            raise click.ClickException(f"There is no organisation {organisation!r}.")
        try:
            work = rotation.begin_data_rotation(row, now=utcnow())
            commit()
        except Refusal as refusal:
            raise click.ClickException(refusal.message) from refusal
        click.echo(f"{row.name}: new data key; values are sealed anew.")
        if wait:
            _show(work)


def _show(work: Activity) -> None:
    while work.is_open:
        run_activities()
        db.session.refresh(work)
        click.echo(f"{work.finished} of {work.total}")
    if work.last_error:
        raise click.ClickException(work.last_error)


@keys.command("status")
def status() -> None:
    """Say whether the portal runs sealed, and what waits. Exit code 1 when sealed."""
    found = rotation.standing()
    click.echo(f"state: {'SEALED: ' + found.problem if found.problem else 'open'}")
    click.echo(f"master keys: {', '.join(found.masters) or 'none'}")
    for master, number in sorted(found.data_keys.items()):
        note = "" if master in found.masters else " (this master key is missing)"
        click.echo(f"data keys under {master}: {number}{note}")
    click.echo(f"data keys to wrap anew: {found.to_rewrap}")
    click.echo(f"retired data keys still needed: {found.retired}")
    click.echo(f"values to seal anew: {found.to_reseal}")
    sys.exit(1 if found.problem else 0)
