"""What the screens of reading read."""

from __future__ import annotations

from flask import abort
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webapp.core.db import db
from webapp.printers.models import Printer
from webapp.printers.polling.models import PrinterDiscovery, SnmpProfile

LATEST = 10


def profiles() -> list[SnmpProfile]:
    return list(db.session.scalars(select(SnmpProfile).order_by(SnmpProfile.sort_name)))


def get_profile(public_id: str) -> SnmpProfile:
    """The profile of the organisation in scope; 404 for any other."""
    found: SnmpProfile | None = db.session.scalar(
        select(SnmpProfile).where(SnmpProfile.public_id == public_id)
    )
    return found or abort(404)


def printers_by_profile() -> dict[int, int]:
    """How many printers are read with each."""
    rows = db.session.execute(
        select(Printer.poll_profile_id, func.count()).group_by(Printer.poll_profile_id)
    )
    return {profile_id: count for profile_id, count in rows if profile_id is not None}


def discoveries() -> list[PrinterDiscovery]:
    return list(
        db.session.scalars(
            select(PrinterDiscovery)
            .options(joinedload(PrinterDiscovery.profile))
            .order_by(PrinterDiscovery.created_at.desc(), PrinterDiscovery.id.desc())
            .limit(LATEST)
        )
    )


def get_discovery(public_id: str) -> PrinterDiscovery:
    found: PrinterDiscovery | None = db.session.scalar(
        select(PrinterDiscovery)
        .where(PrinterDiscovery.public_id == public_id)
        .options(joinedload(PrinterDiscovery.profile))
    )
    return found or abort(404)
