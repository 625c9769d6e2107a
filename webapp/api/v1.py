"""What the API says of the organisation that a token belongs to."""

from __future__ import annotations

from datetime import datetime

import msgspec
from flask import Blueprint

from webapp.api.access import ApiToken
from webapp.core.access import allow
from webapp.core.endpoints import Description, endpoint
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission

bp = Blueprint("api_v1", __name__, url_prefix="/api/v1")


class OrganisationView(msgspec.Struct):
    """The organisation; `id` is its public id, which partners add it by."""

    id: str
    name: str
    reference: str
    prefix: str | None
    country: str
    time_zone: str
    language: str
    created_at: datetime


ORGANISATION = Description(
    summary="The organisation that the token belongs to.",
    answers={200: OrganisationView},
    conditional=True,
)


@bp.get("/organisation")
@allow(ApiToken(Permission.ORGANISATION_READ))
@endpoint(ORGANISATION)
def organisation() -> OrganisationView:
    here = current_organisation()
    return OrganisationView(
        id=here.public_id,
        name=here.name,
        reference=here.reference,
        prefix=here.prefix,
        country=here.country,
        time_zone=here.time_zone,
        language=here.language,
        created_at=here.created_at,
    )
