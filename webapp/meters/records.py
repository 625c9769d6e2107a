"""Meters: what leaves with the export, and what is personal. Keys leave by their own downloads alone."""

from __future__ import annotations

from typing import Any

from webapp.core.exports import export, keep_back
from webapp.core.personal import not_personal, personal
from webapp.meters.downloads.models import KeyExport
from webapp.meters.models import (
    Batch,
    BatchItem,
    DataKey,
    Delivery,
    KeyFinding,
    KeyReveal,
    Maker,
    Meter,
    MeterKey,
    OwnershipRequest,
    ProductType,
    ReceiverKey,
)
from webapp.meters.selections import MeterSelection
from webapp.orgs.records import by_them

export(
    Meter,
    "id public_id maker_id product_type_id serial claim_state labels batch_reference batch_at dev_eui "
    "join_eui dev_addr mbus_maker mbus_id mbus_version mbus_medium key_kinds findings owned_since_at "
    "claimed_at created_at",
    about="Meters, with the kinds of keys they have.",
    withheld="claim codes, and the keys: these leave by their own downloads",
)
export(
    KeyReveal,
    "id meter_id at by_kind by form",
    about="Who has seen which meter's keys.",
    withheld="by_id, activity_id: numbers inside the portal",
)
export(
    KeyFinding,
    "id meter_id finding found_at dismissed_at dismissed_by",
    about="What looked weak about a key.",
    withheld="meter_key_id: the key's number inside the portal",
)
export(
    Batch,
    "id public_id reference needs_confirmation state devices created_at created_by decided_at "
    "decided_by",
    about="Batches sent and received.",
    withheld="the other organisation's number, and its label",
)
export(
    BatchItem,
    "id batch_id meter_id was_state open",
    about="The meters of the batches.",
    withheld="the other organisation's number",
)
export(
    OwnershipRequest,
    "id public_id batch_id state reason asked_at asked_by decided_at decided_by",
    about="Requests to take batches over.",
    withheld="asked_by_id, and the other organisation's number",
)
export(
    Delivery,
    "id public_id format file_name devices state committed_at undone_at by",
    about="What the operator delivered.",
    withheld="import_id, and the other organisation's number",
)
export(
    ReceiverKey,
    "id public_id name algorithm public_pem required created_at created_by retired_at",
    about="Public keys deposited for encrypted downloads.",
    withheld="fingerprint: made from public_pem",
)
keep_back(MeterKey, why="key values leave by their own downloads alone, never with an export")
keep_back(DataKey, why="secrets of the envelope")
keep_back(KeyExport, why="which devices a download was asked for; what left stands in the reveals")
keep_back(MeterSelection, why="what somebody ticked some hours ago")

not_personal(Maker, "name sort_name", why="a company's name")
not_personal(ProductType, "name sort_name", why="a product's name")
not_personal(ReceiverKey, "name", why="the key's name")
not_personal(Batch, "receiver_label_name", why="a label's name")
not_personal(Delivery, "file_name", why="a file's name")


def _named(model: Any, column: str, gives: str, side: str = "organisation_id") -> None:
    """A person's name beside what they did; a number in its place once they are erased."""
    personal(
        model,
        column,
        gives=gives,
        of=lambda who: by_them(getattr(model, column), who, getattr(model, side)),
        erase={column: lambda who: who.pseudonym},
    )


personal(
    KeyReveal,
    "by",
    gives="at form by",
    of=lambda who: (KeyReveal.by_kind == "user") & (KeyReveal.by_id == who.id),
    erase={"by": lambda who: who.pseudonym},
)
_named(KeyFinding, "dismissed_by", "finding dismissed_at")
_named(ReceiverKey, "created_by", "name created_at")
_named(Batch, "created_by", "reference created_at", "from_organisation_id")
_named(Batch, "decided_by", "reference decided_at", "to_organisation_id")
_named(OwnershipRequest, "asked_by", "asked_at state", "from_organisation_id")
_named(OwnershipRequest, "decided_by", "decided_at state", "to_organisation_id")
_named(Delivery, "by", "file_name committed_at", "from_organisation_id")
