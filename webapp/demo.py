"""`flask demo seed`: the people and things of a demonstration. `flask demo fleet`: its simulated devices.

Not part of a production portal. Both may be run again: what is there already stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypedDict

import click
from flask import Flask
from flask.cli import AppGroup

from webapp.core.clock import utcnow
from webapp.core.db import commit
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import unscoped
from webapp.legal import demo as legal_demo
from webapp.meters import demo as meters_demo
from webapp.operator import demo as operator_demo
from webapp.orgs import demo as orgs_demo
from webapp.orgs.models import Organisation
from webapp.printers import demo as printers_demo

demo = AppGroup("demo", help="Data for a demonstration; absent in production.")


class Program(TypedDict):
    """A simulator that the launcher starts: its name in the launcher's output, and its command line."""

    name: str
    argv: list[str]


# Each trade adds its own below: `seed(acme, globex)` makes its things unless they are there,
# `fleet()` names the simulators that stand in for its devices.
SEEDS: tuple[Callable[[Organisation, Organisation], object], ...] = (
    printers_demo.seed,
    meters_demo.seed,
)
FLEETS: tuple[Callable[[], list[Program]], ...] = (printers_demo.fleet,)


def init_app(app: Flask) -> None:
    app.cli.add_command(demo)


@demo.command("seed")
def seed() -> None:
    """Make Acme, Globex, the operator and their people and things, unless they are there."""
    by = Principal(Actor.JOB, None, "demo")
    with unscoped("the demonstration spans organisations"), acting_as(by):
        acme, globex = orgs_demo.seed(now=utcnow())
        legal_demo.seed(now=utcnow())
        operator_demo.seed(now=utcnow())
        for add in SEEDS:
            add(acme, globex)
        commit()
    for username, email in orgs_demo.ACCOUNTS.items():
        click.echo(f"{email}  ({username})  {orgs_demo.PASSWORD}")


@demo.command("fleet")
def fleet() -> None:
    """Print the simulators as a JSON list of {name, argv}."""
    with unscoped("the demonstration spans organisations"):
        programs = [program for programs in FLEETS for program in programs()]
    click.echo(json.dumps(programs))
