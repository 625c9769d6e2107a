"""Partners: organisations outside one's own line, added by their public id (P-12). They gain no sight of data.

Looking up an id is throttled, and every id that is none to add is answered alike: only those in one's own line,
which one knows, are told apart.
"""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import Select, select

from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.principal import Actor, Principal
from webapp.core.throttle import Limit, take
from webapp.orgs.events import OrgEvent
from webapp.orgs.models import Organisation, OrganisationKind, Partner
from webapp.orgs.services.memberships import lock_organisations

LOOK_UPS = Limit("find-partner", tries=30, window_seconds=3600)
"""How many ids an organisation may try in an hour."""


def add_partner(
    public_id: str, *, organisation: Organisation, by: Principal, now: datetime
) -> Partner:
    """The organisation with this id as a partner; once removed, it is added anew."""
    take(LOOK_UPS, organisation.id)
    found = _to_add(public_id.strip().upper(), organisation)
    lock_organisations([organisation.id])
    there = db.session.scalar(present_partners().where(Partner.partner_id == found.id))
    if there is not None:
        raise Refusal(_("%(name)s is a partner already.", name=there.name), field="public_id")
    row = Partner(
        organisation_id=organisation.id,
        partner_id=found.id,
        partner_public_id=found.public_id,
        name=found.name,
        sort_name=found.sort_name,
        added_at=now,
        added_by_id=by.id if by.kind == Actor.USER else None,
        added_by=by.label,
    )
    db.session.add(row)
    db.session.flush()
    _record(OrgEvent.PARTNER_ADDED, row, by)
    return row


def remove_partner(row: Partner, *, by: Principal, now: datetime) -> None:
    """It can't be chosen any more; the row stays as history. Removed twice is once."""
    db.session.refresh(row, with_for_update=True)
    if row.removed_at is not None:
        return
    row.removed_at = now
    _record(OrgEvent.PARTNER_REMOVED, row, by)


def present_partners() -> Select[Partner]:
    """Of the organisation in scope, for forms that let one choose a partner."""
    return select(Partner).where(Partner.removed_at.is_(None)).order_by(Partner.sort_name)


def _to_add(public_id: str, organisation: Organisation) -> Organisation:
    found = db.session.scalar(
        select(Organisation).where(
            Organisation.public_id == public_id,
            Organisation.kind == OrganisationKind.COMPANY,
            Organisation.closed_at.is_(None),
        )
    )
    if found is None:
        raise Refusal(
            _("No organisation has this id. Ask for it once more; it begins with ORG-."),
            field="public_id",
        )
    if found.id == organisation.id:
        raise Refusal(_("This is your own organisation's id."), field="public_id")
    if found.lies_below(organisation) or organisation.lies_below(found):
        raise Refusal(
            _("This organisation belongs to your own tree and needs no entry as a partner."),
            field="public_id",
        )
    return found


def _record(event: OrgEvent, row: Partner, by: Principal) -> None:
    audit.record(
        event,
        organisation_id=row.organisation_id,
        kind="partner",
        id=row.public_id,
        label=row.name,
        detail={"organisation": row.partner_public_id},
        by=by,
    )
