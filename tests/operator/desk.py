"""What the tests of the operator area look at: the log, rows, forms filled in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tests.cast import World
from webapp.audit.models import AuditRow
from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.orgs.models import Organisation


def events(world: World, organisation_id: int | None = None) -> list[str]:
    """What stands in an organisation's log, else in the operator's."""
    with world.portal.app_context(), unscoped("looking into the log"):
        owner = organisation_id or db.session.scalar(
            select(Organisation.id).where(Organisation.kind == "operator")
        )
        rows = select(AuditRow).where(AuditRow.organisation_id == owner).order_by(AuditRow.seq)
        return [row.event for row in db.session.scalars(rows)]


def version_in(page: str) -> str:
    """The version that a form carries."""
    field = page.split('name="version"')[1].split(">")[0]
    return field.split('value="')[1].split('"')[0]


def the_only(portal: Portal, model: type[Any]) -> Any:
    with portal.app_context(), unscoped("looking at the only row"):
        return db.session.scalars(select(model)).one()


def news(**more: str) -> dict[str, str]:
    plain = {
        "trade": "",
        "from_at": "2020-01-01T08:00",
        "to_at": "",
        "title_en": "Prices change",
        "body_en": "From July on.\nSee https://outpost.test/prices.",
        "title_de": "Preise ändern sich",
        "body_de": "Ab Juli.",
    }
    return {**plain, **more}


def notice(**more: str) -> dict[str, str]:
    plain = {
        "component": "mail",
        "state": "open",
        "begins_at": "2026-01-01T08:00",
        "ends_at": "",
        "title_en": "Mail is slow",
        "body_en": "We are on it.",
    }
    return {**plain, **more}
