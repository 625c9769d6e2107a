"""The catalogue (K-1)."""

from __future__ import annotations

from flask import url_for
from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from sqlalchemy import func, literal_column

from webapp.core.listing import Choice, Column, Ends, Labels, Listing, Option, Starts
from webapp.devices import labels
from webapp.meters.models import ClaimState, Meter
from webapp.meters.queries import product_types
from webapp.meters.words import CLAIM_STATES
from webapp.orgs.access import current_organisation

TRADE = "meters"
_NO_BATCH_FIRST = func.coalesce(Meter.batch_reference, literal_column("''"))


def meter_url(meter: Meter) -> str:
    return url_for("meters.meter", org=current_organisation().public_id, public_id=meter.public_id)


def _types() -> list[Option]:
    return [Option(t.public_id, t.name, t.id) for t in product_types()]


METERS = Listing(
    name="meters",
    model=Meter,
    columns=[
        Column("serial", _("Serial number"), kind="code", sort=Meter.serial, link=meter_url),
        Column(
            "claim_state",
            _("Claim status"),
            value=lambda m: str(CLAIM_STATES[ClaimState(m.claim_state)]),
            sort=Meter.claim_state,
            cell="meters/cells.html#claim_state",
            main=True,
        ),
        Column("product_type", _("Product type"), value=lambda m: m.product_type.name),
        Column(
            "batch", _("Batch reference"), value=lambda m: m.batch_reference, sort=_NO_BATCH_FIRST
        ),
    ],
    default_sort="serial",
    total=lambda n, shown: ngettext("%(shown)s meter", "%(shown)s meters", n, shown=shown),
    search=[Starts(Meter.serial), Ends(func.reverse(Meter.serial))],
    search_hint=_("Serial number"),
    filters=[
        Choice("type", _("Product type"), Meter.product_type_id, _types),
        Choice("state", _("Claim status"), Meter.claim_state, list(CLAIM_STATES.items())),
        Labels("label", _("Labels"), Meter.labels, lambda: labels.options(TRADE)),
    ],
    row_name=lambda m: m.serial,
)
