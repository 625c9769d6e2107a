"""`flask users create-operator`: how a production portal gets its first person."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from webapp.core.clock import utcnow
from webapp.core.db import commit
from webapp.core.errors import Refusal
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import unscoped
from webapp.mail.addresses import checked_address
from webapp.orgs.services import companies

users = AppGroup("users", help="People who run the portal.")


@users.command("create-operator")
@click.argument("email")
def create_operator(email: str) -> None:
    """Make an account for somebody who runs the portal; print the first password, which is valid 7 days."""
    by = Principal(Actor.JOB, None, "command line")
    with unscoped("the first operator"), acting_as(by):
        try:
            user, password = companies.create_operator(checked_address(email), by=by, now=utcnow())
        except Refusal as refusal:
            click.echo(refusal.message, err=True)
            sys.exit(1)
        commit()
    click.echo(f"user name       {user.username}")
    click.echo(f"e-mail          {user.email}")
    click.echo(f"first password  {password}")
