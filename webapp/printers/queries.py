"""What several screens read of printers, buttons and requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort
from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission
from webapp.orgs.queries import holders
from webapp.printers.models import (
    PanicButton,
    PanicLaunch,
    PanicReason,
    PanicRequest,
    Printer,
    PrinterReading,
)

LATEST = 10


def request_of_launch(launch: PanicLaunch) -> PanicRequest | None:
    if launch.request_id is None:
        return None
    return db.session.scalars(
        select(PanicRequest).where(PanicRequest.id == launch.request_id)
    ).one()


def get_printer(public_id: str) -> Printer:
    """The printer of the organisation in scope; 404 for any other."""
    return db.session.scalar(select(Printer).where(Printer.public_id == public_id)) or abort(404)


def printers_named(public_ids: Sequence[str]) -> list[Printer]:
    """Those in scope, by name; the others are passed over. 404 when none is."""
    found = db.session.scalars(
        select(Printer)
        .where(Printer.public_id.in_(public_ids))
        .options(selectinload(Printer.button))
        .order_by(Printer.sort_name, Printer.id)
    ).all()
    return list(found) or abort(404)


def get_button(public_id: str) -> PanicButton:
    return db.session.scalar(
        select(PanicButton)
        .where(PanicButton.public_id == public_id)
        .options(selectinload(PanicButton.reasons))
    ) or abort(404)


def get_request(public_id: str) -> PanicRequest:
    return db.session.scalar(
        select(PanicRequest)
        .where(PanicRequest.public_id == public_id)
        .options(
            selectinload(PanicRequest.events),
            selectinload(PanicRequest.button),
            selectinload(PanicRequest.printer),
        )
    ) or abort(404)


def buttons() -> Select[Any]:
    return select(PanicButton)


def all_buttons() -> list[PanicButton]:
    return list(db.session.scalars(select(PanicButton).order_by(PanicButton.sort_name)))


def held_request(public_id: str) -> PanicRequest:
    """The same to work on: its row is held, so that two people's steps come one after the other."""
    return db.session.scalar(
        select(PanicRequest)
        .where(PanicRequest.public_id == public_id)
        .with_for_update(of=PanicRequest)
        .execution_options(populate_existing=True)
    ) or abort(404)


def get_reason(button: PanicButton, public_id: str) -> PanicReason:
    return next((r for r in button.reasons if r.public_id == public_id), None) or abort(404)


def printers_on(button: PanicButton, limit: int) -> list[Printer]:
    """The first ones by name; the list of printers has them all."""
    return list(
        db.session.scalars(
            select(Printer)
            .where(Printer.button_id == button.id)
            .order_by(Printer.sort_name, Printer.id)
            .limit(limit)
        )
    )


def readings_of(printer: Printer) -> list[PrinterReading]:
    """The latest, newest first."""
    return list(
        db.session.scalars(
            select(PrinterReading)
            .where(PrinterReading.printer_id == printer.id)
            .order_by(PrinterReading.at.desc(), PrinterReading.id.desc())
            .limit(LATEST)
        )
    )


def launches_of(printer: Printer) -> list[PanicLaunch]:
    return list(
        db.session.scalars(
            select(PanicLaunch)
            .where(PanicLaunch.printer_id == printer.id)
            .order_by(PanicLaunch.id.desc())
            .limit(LATEST)
        )
    )


def requests_of(printer: Printer) -> list[PanicRequest]:
    return list(
        db.session.scalars(
            select(PanicRequest)
            .where(PanicRequest.printer_id == printer.id)
            .options(selectinload(PanicRequest.button))
            .order_by(PanicRequest.id.desc())
            .limit(LATEST)
        )
    )


def has_requests(printer: Printer) -> bool:
    return bool(
        db.session.scalar(
            select(PanicRequest.id).where(PanicRequest.printer_id == printer.id).limit(1)
        )
    )


def people_who_work_here(organisation: Organisation) -> list[User]:
    """Who may work on requests: members, and those of the organisations above; in order of names."""
    found = {
        holder.membership.user.id: holder.membership.user
        for holder in holders(organisation)
        if Permission.PRINTER_REQUESTS_EDIT in holder.permissions
    }
    return sorted(found.values(), key=lambda user: user.sort_name)
