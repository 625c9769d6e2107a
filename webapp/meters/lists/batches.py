"""The list of batches, sent and received (K-11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, or_, select

from webapp.core.db import db
from webapp.core.listing import Choice, Column, Listing, Option, Period, Words
from webapp.core.listing.filters import Chosen
from webapp.meters.models import Batch, BatchState
from webapp.meters.words import BATCH_STATES
from webapp.orgs.access import current_organisation
from webapp.orgs.models import Organisation

MOST_OPTIONS = 200


@dataclass(frozen=True)
class Direction(Choice):
    """Sent by us or received."""

    def condition(self, chosen: Chosen) -> ColumnElement[bool] | None:
        here = current_organisation().id
        sides = {
            "sent": Batch.from_organisation_id == here,
            "received": Batch.to_organisation_id == here,
        }
        asked = [sides[value] for value in chosen.get(self.name, ())]
        return or_(*asked) if asked else None

    def counted(self) -> tuple[Any, Callable[[Any], Any]] | None:
        return None


@dataclass(frozen=True)
class OtherSide(Choice):
    """The organisation at the other end."""

    def condition(self, chosen: Chosen) -> ColumnElement[bool] | None:
        ids = [o.match for o in self.ticks if o.value in chosen.get(self.name, ())]
        if not ids:
            return None
        return or_(Batch.from_organisation_id.in_(ids), Batch.to_organisation_id.in_(ids))

    def counted(self) -> tuple[Any, Callable[[Any], Any]] | None:
        return None


def _others() -> list[Option]:
    here = current_organisation().id
    sides = [
        select(column).where(column != here).distinct().limit(MOST_OPTIONS)
        for column in (Batch.from_organisation_id, Batch.to_organisation_id)
    ]
    ids = {i for side in sides for i in db.session.scalars(side)}
    found = db.session.scalars(
        select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.sort_name)
    )
    return [Option(o.public_id, o.name, o.id) for o in found]


def _labels() -> list[Option]:
    names = db.session.scalars(
        select(Batch.receiver_label_name)
        .where(Batch.receiver_label_name.is_not(None))
        .distinct()
        .order_by(Batch.receiver_label_name)
        .limit(MOST_OPTIONS)
    )
    return [Option(name, name, name) for name in names if name]


def batch_url(batch: Batch) -> str:
    return url_for("meters.batch", org=current_organisation().public_id, public_id=batch.public_id)


def is_sent(batch: Batch) -> bool:
    return batch.from_organisation_id == current_organisation().id


def direction(batch: Batch) -> str:
    return str(gettext("Sent") if is_sent(batch) else gettext("Received"))


BATCHES = Listing(
    name="batches",
    model=Batch,
    columns=[
        Column(
            "reference", _("Reference"), kind="code", sort=Batch.reference_folded, link=batch_url
        ),
        Column(
            "state",
            _("State"),
            value=lambda b: str(BATCH_STATES[BatchState(b.state)]),
            sort=Batch.state,
            cell="meters/batch_cells.html#batch_state",
            main=True,
        ),
        Column("direction", _("Direction"), value=direction),
        Column("issuer", _("Issuer"), value=lambda b: b.issuer.name),
        Column("receiver", _("Receiver"), value=lambda b: b.receiver.name),
        Column("label", _("Label"), value=lambda b: b.receiver_label_name),
        Column("devices", _("Meters"), "number"),
        Column("created_at", _("Created"), "time", sort=Batch.created_at, first_descending=True),
    ],
    default_sort="-created_at",
    total=lambda n, shown: ngettext("%(shown)s batch", "%(shown)s batches", n, shown=shown),
    search=[Words(Batch.reference_folded, fold=str.upper)],
    search_hint=_("Reference"),
    filters=[
        Direction(
            "direction",
            _("Direction"),
            options=[
                Option("sent", _("Sent"), "sent"),
                Option("received", _("Received"), "received"),
            ],
        ),
        OtherSide("organisation", _("Organisation"), options=_others),
        Choice("state", _("State"), Batch.state, list(BATCH_STATES.items())),
        Choice("label", _("Label"), Batch.receiver_label_name, _labels),
        Period("created", _("Created"), Batch.created_at),
    ],
    row_name=lambda b: b.reference,
)
