"""The catalogue (K-1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs

from flask import g, request, url_for
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
from webapp.meters import addresses
from webapp.meters.addresses import AddressError
from webapp.meters.facts import chips, known_labels, radio_address
from webapp.meters.models import Batch, ClaimState, Meter
from webapp.meters.queries import makers, product_types
from webapp.meters.words import CLAIM_STATES
from webapp.orgs.access import current_organisation, may
from webapp.orgs.permissions import Permission

MOST_BATCHES = 50
"""So many of the latest batches are offered; any other is found by the search."""
NO_BATCH = "none"
ACTS = {
    "claim": Permission.METERS_CLAIM,
    "labels": Permission.METERS_EDIT,
    "download": Permission.KEYS_DOWNLOAD,
    "lint": Permission.METERS_EDIT,
}
_NO_BATCH_FIRST = func.coalesce(Meter.batch_reference, literal_column("''"))


def meter_url(meter: Meter) -> str:
    return f"{_base()}{meter.public_id}"


def _base() -> str:
    """Where the paths of meters begin, asked for once a page: five links a row."""
    if "meters_base" not in g:
        g.meters_base = url_for("meters.meters", org=_org())
    base: str = g.meters_base
    return base


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


def _menu(meter: Meter) -> list[Mapping[str, Any] | None]:
    page, state = meter_url(meter), meter.claim_state
    edits = may(Permission.METERS_EDIT)
    return [
        _claim(meter) if state == ClaimState.UNCLAIMED and may(Permission.METERS_CLAIM) else None,
        {"text": _("Download keys"), "href": f"{page}/keys", "icon": "download"}
        if state == ClaimState.CLAIMED and may(Permission.KEYS_DOWNLOAD)
        else None,
        {"text": _("Labels"), "href": f"{page}/labels", "icon": "tag"} if edits else None,
        {"text": _("Who has seen the keys"), "href": f"{page}/reveals", "icon": "eye"},
        {"text": _("History"), "href": f"{page}/history", "icon": "clock"},
    ]


def _claim(meter: Meter) -> Mapping[str, Any]:
    """The same as ticking this one row."""
    fields = {
        "action": "claim",
        "row": meter.public_id,
        "list": request.query_string.decode("ascii", "replace")[:2000],
    }
    return {"text": _("Claim"), "action": f"{_base()}bulk", "fields": fields, "icon": "check"}


@dataclass(frozen=True)
class Uncounted(Choice):
    """Options without numbers: there are as many as batches."""

    def counted(self) -> None:
        return None


def _labels() -> list[Option]:
    """Asked for once a page: the rows need them, too."""
    found = sorted(known_labels().values(), key=lambda label: label.sort_name)
    return [Option(str(x.number), x.name, x.number, colour=x.colour) for x in found]


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
        Labels("label", _("Labels"), Meter.labels, _labels),
        Uncounted("batch", _("Batch reference"), _NO_BATCH_FIRST, _batches),
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
    return replace(METERS, bulk=[act for act in _BULK if may(ACTS[act.name])])
