"""The catalogue (K-1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from flask import current_app, request, url_for
from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from sqlalchemy import func, literal_column, select, union_all

from webapp.core.db import db
from webapp.core.listing import (
    Bulk,
    Choice,
    Column,
    Ends,
    Exactly,
    Flag,
    Labels,
    Listing,
    Option,
    Starts,
)
from webapp.devices import labels
from webapp.meters import addresses
from webapp.meters.addresses import AddressError
from webapp.meters.facts import TRADE, chips, radio_address
from webapp.meters.models import Batch, ClaimState, Meter
from webapp.meters.queries import makers, product_types
from webapp.meters.words import CLAIM_STATES
from webapp.orgs.access import current_organisation, may
from webapp.orgs.permissions import Permission

MOST_BATCHES = 200
"""So many of the latest batches are offered; any other is found by the search."""
NO_BATCH = "none"
ACTS = {
    "claim": Permission.METERS_CLAIM,
    "labels": Permission.METERS_EDIT,
    "download": Permission.KEYS_DOWNLOAD,
    "lint": Permission.METERS_EDIT,
}
DOWNLOAD = "meters.download_new"
_NO_BATCH_FIRST = func.coalesce(Meter.batch_reference, literal_column("''"))


def meter_url(meter: Meter) -> str:
    return url_for("meters.meter", org=_org(), public_id=meter.public_id)


def _org() -> str:
    return current_organisation().public_id


def _types() -> list[Option]:
    return [Option(t.public_id, t.name, t.id) for t in product_types()]


def _makers() -> list[Option]:
    return [Option(maker.code, maker.name, maker.id) for maker in makers()]


def _batches() -> list[Option]:
    """The latest of those issued and received, and what the address asks for."""
    own = current_organisation().id
    latest = [
        select(Batch.reference, Batch.created_at)
        .where(side == own)
        .order_by(Batch.created_at.desc())
        .limit(MOST_BATCHES)
        .subquery()
        for side in (Batch.from_organisation_id, Batch.to_organisation_id)
    ]
    both = union_all(*(select(some.c.reference, some.c.created_at) for some in latest)).subquery()
    found = db.session.scalars(select(both.c.reference).order_by(both.c.created_at.desc()))
    references = dict.fromkeys([*_asked(), *found])
    return [
        Option(NO_BATCH, _("No batch"), ""),
        *(Option(reference, reference, reference) for reference in references),
    ]


def _asked() -> Iterable[str]:
    """Of the address, or of the list that a bulk form was sent with."""
    sent = parse_qs(request.form.get("list", "")[:8000]).get("batch", [])
    return [r[:100] for r in (*request.args.getlist("batch"), *sent) if r != NO_BATCH][:20]


def _eui(typed: str) -> str | None:
    try:
        return addresses.eui(typed)
    except AddressError:
        return None


def _mbus_number(typed: str) -> str | None:
    """A number searched whole: eight digits."""
    digits = typed.strip().upper()
    return digits if len(digits) == 8 and digits.isascii() and digits.isalnum() else None


def can_download() -> bool:
    return may(Permission.KEYS_DOWNLOAD) and DOWNLOAD in current_app.view_functions


def _menu(meter: Meter) -> list[Mapping[str, Any] | None]:
    url: dict[str, Any] = {"org": _org(), "public_id": meter.public_id}
    is_claimed = meter.claim_state == ClaimState.CLAIMED
    return [
        _posts("claim", _("Claim"), "check", meter)
        if may(Permission.METERS_CLAIM) and meter.claim_state == ClaimState.UNCLAIMED
        else None,
        _posts("download", _("Download keys"), "download", meter)
        if can_download() and is_claimed
        else None,
        _posts("labels", _("Labels"), "tag", meter) if may(Permission.METERS_EDIT) else None,
        {
            "text": _("Who has seen the keys"),
            "href": url_for("meters.meter_reveals", **url),
            "icon": "eye",
        },
        {"text": _("History"), "href": url_for("meters.meter_history", **url), "icon": "clock"},
    ]


def _posts(act: str, text: object, icon: str, meter: Meter) -> Mapping[str, Any]:
    """The same as ticking this one row."""
    fields = {"action": act, "row": meter.public_id, "list": request.query_string.decode()[:2000]}
    bulk = url_for("meters.meters_bulk", org=_org())
    return {"text": text, "action": bulk, "fields": fields, "icon": icon}


METERS = Listing(
    name="meters",
    model=Meter,
    columns=[
        Column("serial", _("Serial number"), kind="code", sort=Meter.serial, link=meter_url),
        Column(
            "claim_state",
            _("Claim status"),
            value=lambda m: str(CLAIM_STATES[ClaimState(m.claim_state)]),
            cell="meters/cells.html#claim_state",
            main=True,
        ),
        Column("product_type", _("Product type"), value=lambda m: m.product_type.name),
        Column(
            "labels",
            _("Labels"),
            kind="labels",
            value=chips,
            csv=lambda m: ", ".join(name for name, _colour in chips(m)),
        ),
        Column(
            "batch", _("Batch reference"), value=lambda m: m.batch_reference, sort=_NO_BATCH_FIRST
        ),
        Column(
            "address", _("Radio address"), value=radio_address, cell="meters/cells.html#address"
        ),
        Column(
            "warnings",
            _("Warnings"),
            value=lambda m: m.findings,
            cell="meters/cells.html#warnings",
        ),
    ],
    default_sort="serial",
    total=lambda n, shown: ngettext("%(shown)s meter", "%(shown)s meters", n, shown=shown),
    search=[
        Starts(Meter.serial),
        Ends(func.reverse(Meter.serial)),
        Exactly(Meter.dev_eui, _eui),
        Exactly(Meter.mbus_id, _mbus_number),
        Exactly(_NO_BATCH_FIRST, str.strip),
    ],
    search_hint=_("Serial number, address, batch"),
    filters=[
        Choice("type", _("Product type"), Meter.product_type_id, _types),
        Choice("state", _("Claim status"), Meter.claim_state, list(CLAIM_STATES.items())),
        Labels("label", _("Labels"), Meter.labels, lambda: labels.options(TRADE)),
        Choice("batch", _("Batch reference"), _NO_BATCH_FIRST, _batches),
        Choice("maker", _("Maker"), Meter.maker_id, _makers),
        Flag("warnings", _("With warnings"), Meter.findings > 0),
    ],
    menu=_menu,
    row_name=lambda m: m.serial,
)

_BULK = [
    Bulk("claim", _("Claim"), icon="check"),
    Bulk("labels", _("Labels"), icon="tag"),
    Bulk("download", _("Download keys"), icon="download"),
    Bulk("lint", _("Check the keys again"), icon="refresh"),
]


def listing_here() -> Listing:
    """With the bulk acts that the person may do."""
    acts = [b for b in _BULK if may(ACTS[b.name]) and (b.name != "download" or can_download())]
    return replace(METERS, bulk=acts)
