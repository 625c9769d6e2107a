"""To whom a batch can go: organisations of one's own tree, above and below, and partners (K-11)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from webapp.core.db import db
from webapp.orgs.models import Organisation, OrganisationKind, Partner
from webapp.orgs.queries import MOST_CHOICES
from webapp.orgs.services.partners import present_partners


@dataclass(frozen=True)
class Receivers:
    """In the order of a drop-down."""

    tree: list[Organisation]
    partners: list[Organisation]

    @property
    def all(self) -> list[Organisation]:
        return [*self.tree, *self.partners]

    def named(self, public_id: str) -> Organisation | None:
        return next((o for o in self.all if o.public_id == public_id), None)


def receivers_of(issuer: Organisation) -> Receivers:
    """Open companies alone; the issuer itself is none."""
    tree = db.session.scalars(
        select(Organisation)
        .where(
            Organisation.path.like(f"{issuer.path}%") | Organisation.id.in_(issuer.lineage),
            Organisation.id != issuer.id,
            Organisation.kind == OrganisationKind.COMPANY,
            Organisation.closed_at.is_(None),
        )
        .order_by(Organisation.path)
        .limit(MOST_CHOICES)
    ).all()
    wanted = present_partners().with_only_columns(Partner.partner_id).order_by(None)
    partners = db.session.scalars(
        select(Organisation)
        .where(Organisation.id.in_(wanted), Organisation.closed_at.is_(None))
        .order_by(Organisation.sort_name)
        .limit(MOST_CHOICES)
    ).all()
    return Receivers(list(tree), list(partners))
