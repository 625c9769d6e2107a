"""What several screens read of printers, buttons and requests."""

from __future__ import annotations

from flask import abort
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from webapp.core.db import db
from webapp.printers.models import PanicButton, PanicLaunch, PanicRequest, Printer


def request_of_launch(launch: PanicLaunch) -> PanicRequest | None:
    if launch.request_id is None:
        return None
    return db.session.scalars(
        select(PanicRequest).where(PanicRequest.id == launch.request_id)
    ).one()


def get_printer(public_id: str) -> Printer:
    """The printer of the organisation in scope; 404 for any other."""
    return db.session.scalar(select(Printer).where(Printer.public_id == public_id)) or abort(404)


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


def all_buttons() -> list[PanicButton]:
    return list(db.session.scalars(select(PanicButton).order_by(PanicButton.sort_name)))
