"""What the organisation's first page says of meters."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select

from webapp.core.db import db
from webapp.core.tiles import Number, Tile
from webapp.meters.models import Batch, BatchState, ClaimState, Meter
from webapp.orgs.access import may
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission

MOST = 1000
"""Beyond, the number itself helps nobody: counting stops."""
BATCHES = "meters.batches"


def meter_tile(organisation: Organisation) -> Tile | None:
    """Meters that wait to be claimed or confirmed, weak keys, batches to take or to decide on."""
    numbers = [*_meters(organisation), *_batches(organisation)]
    if not numbers:
        return None
    first = "meters.meters" if may(Permission.METERS_READ) else BATCHES
    return Tile(_("Meter keys"), "key", _url(first, organisation), numbers)


def _meters(organisation: Organisation) -> list[Number]:
    if not may(Permission.METERS_READ):
        return []
    wanted: list[tuple[str, ColumnElement[bool], dict[str, str]]] = [
        (_("unclaimed"), Meter.claim_state == ClaimState.UNCLAIMED, {"state": "unclaimed"}),
        (_("pending"), Meter.claim_state == ClaimState.PENDING, {"state": "pending"}),
        (_("with warnings"), Meter.findings > 0, {"warnings": "1"}),
    ]
    found = []
    for label, condition, chosen in wanted:
        value = _count(Meter.id, condition)
        url = _url("meters.meters", organisation, **chosen)
        found.append(Number(label, value, url, "warning" if value else None))
    return found


def _batches(organisation: Organisation) -> list[Number]:
    """Those that wait for this organisation: to be taken over, and to be decided on."""
    if not may(Permission.BATCHES_READ):
        return []
    own = organisation.id
    coming = (Batch.to_organisation_id == own) & (Batch.state == BatchState.OPEN)
    asked = (Batch.from_organisation_id == own) & (Batch.state == BatchState.PENDING)
    value = _count(Batch.id, coming) + _count(Batch.id, asked)
    url = _url(BATCHES, organisation) if BATCHES in current_app.view_functions else None
    return [Number(_("batches waiting"), value, url, "warning" if value else None)]


def _count(column: Any, condition: ColumnElement[bool]) -> int:
    some = select(column).where(condition).limit(MOST).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def _url(endpoint: str, organisation: Organisation, **chosen: str) -> str:
    values: dict[str, Any] = {"org": organisation.public_id, **chosen}
    return url_for(endpoint, **values)
