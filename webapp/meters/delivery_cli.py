"""`flask meters deliver | undo-delivery`: factory deliveries on the command line (K-4), checked as on the pages.

Exit codes: 0 all well, 1 refused (the sentence says why), 2 wrong usage, 3 the file has faulty lines.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click
from flask.cli import AppGroup
from sqlalchemy import select

from webapp.core.activities import Activity, run_activities
from webapp.core.clock import utcnow
from webapp.core.db import commit, db, rollback
from webapp.core.errors import Refusal
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import unscoped
from webapp.imports import services
from webapp.imports.models import Import, ImportFault, ImportState
from webapp.imports.subjects import subject_of
from webapp.meters import deliveries
from webapp.meters.delivery_forms import receiver_named
from webapp.meters.imports.checks import Types
from webapp.meters.models import ProductType
from webapp.meters.reading.deliveries import NEEDS_PASSWORD, DeliveryFormat
from webapp.orgs.models import Organisation, OrganisationKind

meters = AppGroup("meters", help="Meters with keys.")
FAULTY: Final = 3
SHOWN: Final = 1_000
OPERATOR = Principal(Actor.JOB, None, "command line")


def _plainly(command: Callable[..., int]) -> Callable[..., None]:
    """As the operator; what a person can mend is one sentence and exit code 1."""

    @wraps(command)
    def told(*args: Any, **kwargs: Any) -> None:
        with unscoped("the operator's command line"), acting_as(OPERATOR):
            try:
                code = command(*args, **kwargs)
            except Refusal as refusal:
                rollback()
                click.echo(refusal.message, err=True)
                code = 1
        sys.exit(code)

    return told


@meters.command("deliver")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "receiver", required=True, help="The receiver: ORG-…, short prefix or name.")
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in DeliveryFormat]),
    default=DeliveryFormat.OWN_CSV.value,
    show_default=True,
)
@click.option("--map", "columns", multiple=True, help="field=Heading, as often as needed.")
@click.option("--type", "type_name", default="", help="Product type of lines that do not say it.")
@click.option("--encoding", default="", help="Of a CSV file that is recognised wrongly.")
@click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Holds the password of a KEM file; asked for without.",
)
@click.option("--commit", "wanted", is_flag=True, help="Make the devices if every line is good.")
@_plainly
def deliver(
    file: Path,
    receiver: str,
    form: str,
    columns: tuple[str, ...],
    type_name: str,
    encoding: str,
    password_file: Path | None,
    wanted: bool,
) -> int:
    """Check FILE for an organisation and print the report; deliver it with --commit.

    \b
    flask meters deliver devices.csv --to ORG-… --type "Water meter"
    flask meters deliver list.csv --to ACME --map serial=Zähler --map oms_aes128=Key --commit
    """
    chosen = DeliveryFormat(form)
    parcel = deliveries.Parcel(
        stream=file.open("rb"),
        file_name=file.name,
        format=chosen,
        receiver=receiver_named(receiver),
        product_type=_type(type_name),
        encoding=encoding,
        password=_password(chosen, password_file),
    )
    with parcel.stream:
        row = deliveries.take_in(parcel, operator=_operator(), now=utcnow())
    mapping = {**row.mapping, **_mapped(row, columns)}
    services.begin_check(row, subject_of(row.subject), mapping, version=str(row.version))
    row = _work(row.id)
    code = _report(row)
    if code or not wanted:
        _discard(row)
        return code
    services.begin_commit(row, without_faulty=False, version=str(row.version))
    return _told(_work(row.id), ImportState.COMMITTED)


@meters.command("undo-delivery")
@click.argument("public_id")
@_plainly
def undo(public_id: str) -> int:
    """Take the delivery PUBLIC_ID back, as long as nothing of it was claimed or put into a batch."""
    row = deliveries.find(public_id.strip().lower(), lock=True)
    if row is None:
        raise Refusal(f"There is no delivery {public_id}.")
    services.begin_undo(row, now=utcnow())
    return _told(_work(row.id), ImportState.UNDONE)


def _type(name: str) -> ProductType | None:
    if not name:
        return None
    found = Types.all_active().named(name)
    if len(found) != 1:
        raise Refusal(f"There are {len(found)} product types “{name}”.")
    return found[0]


def _operator() -> Organisation:
    statement = select(Organisation).where(Organisation.kind == OrganisationKind.OPERATOR)
    found = db.session.scalars(statement.order_by(Organisation.id).limit(1)).first()
    if found is None:
        raise click.ClickException("There is no operator yet: flask users create-operator")
    return found


def _password(form: DeliveryFormat, file: Path | None) -> str:
    if form not in NEEDS_PASSWORD:
        return ""
    if file is not None:
        return file.read_text(encoding="utf-8").strip("\r\n")
    return str(
        click.prompt("Password of the file", hide_input=True, default="", show_default=False)
    )


def _mapped(row: Import, columns: tuple[str, ...]) -> dict[str, Any]:
    """`serial=Serial`: the field's name and the heading, or `#3` for the third column."""
    known = {field.name for field in subject_of(row.subject).fields}
    found: dict[str, Any] = {}
    for pair in columns:
        field, _sign, heading = pair.partition("=")
        if field not in known:
            raise Refusal(f"There is no field “{field}”. There are: {', '.join(sorted(known))}.")
        if heading.startswith("#") and heading[1:].isdigit():
            place = int(heading[1:]) - 1
        elif heading in row.header:
            place = row.header.index(heading)
        else:
            raise Refusal(f"The file has no column “{heading}”. It has: {', '.join(row.header)}.")
        found[field] = {**row.mapping.get(field, {}), "column": place}
    return found


def _work(import_id: int) -> Import:
    """Do what is due here, until this import has come to an end; a worker may help."""
    while True:
        commit()
        row = db.session.scalars(
            select(Import).where(Import.id == import_id),
            execution_options={"populate_existing": True},
        ).one()
        open_work = select(Activity.id).where(
            Activity.id == row.activity_id, Activity.ended_at.is_(None)
        )
        if db.session.scalar(open_work) is None:
            return row
        run_activities()


def _report(row: Import) -> int:
    if row.state != ImportState.CHECKED:
        raise Refusal(row.problem or "The file could not be checked.")
    click.echo(
        f"delivery {row.public_id}: {row.rows} lines, {row.faulty} faulty, {row.warnings} warnings"
    )
    statement = select(ImportFault).where(ImportFault.import_id == row.id)
    faults = db.session.scalars(
        statement.order_by(ImportFault.line, ImportFault.id).limit(SHOWN)
    ).all()
    writer = csv.writer(sys.stdout, delimiter=";", lineterminator="\n")
    if faults:
        writer.writerow(["line", "serial", "field", "verdict", "what"])
    for fault in faults:
        verdict = "warning" if fault.is_warning else "fault"
        writer.writerow([fault.line, fault.name, fault.field or "", verdict, fault.words])
    if not row.good:
        return FAULTY
    return FAULTY if row.faulty else 0


def _discard(row: Import) -> None:
    """A look leaves nothing behind, keys least of all."""
    services.remove(row)
    commit()


def _told(row: Import, wanted: ImportState) -> int:
    if row.state != wanted:
        raise Refusal(row.problem or f"It ended as: {row.state}.")
    click.echo(f"delivery {row.public_id}: {row.state}, {row.made} devices")
    return 0
