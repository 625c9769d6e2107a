"""Makers and product types (K-3): what the operator says of a kind of meter, and what fits together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.names import sort_name
from webapp.core.tenancy import unscoped
from webapp.meters import addresses
from webapp.meters.addresses import AddressError
from webapp.meters.events import MeterEvent
from webapp.meters.kinds import ABP, LABELS, OTAA_10, OTAA_11, KeyKind
from webapp.meters.models import Maker, Meter, ProductType, Radio
from webapp.orgs.models import Organisation

GENERIC: Final = frozenset(
    {KeyKind.AES128, KeyKind.AES192, KeyKind.AES256, KeyKind.DES, KeyKind.TDES}
)
LORAWAN_SETS: Final = (OTAA_10, OTAA_11, ABP)
KINDS_OF: Final = {
    Radio.LORAWAN: OTAA_11 | ABP,
    Radio.WMBUS: GENERIC | {KeyKind.OMS_AES128},
    Radio.MBUS: GENERIC,
}
MODES: Final = (5, 7)
_CODE: Final = re.compile(r"[A-Z0-9]{2,12}")


@dataclass(frozen=True, kw_only=True)
class TypeFacts:
    """A product type as the operator enters it."""

    maker_id: int
    name: str
    medium: str
    radio: str
    key_kinds: Sequence[str]
    lorawan_version: str | None = None
    lorawan_phy_version: str | None = None
    frequency_plan_id: str | None = None
    mode: int | None = None
    active: bool = True


def get_type(public_id: str) -> ProductType:
    found = db.session.scalar(select(ProductType).where(ProductType.public_id == public_id))
    return found or abort(404)


def get_maker(code: str) -> Maker:
    return db.session.scalar(select(Maker).where(Maker.code == code)) or abort(404)


def create_type(facts: TypeFacts, *, of: Organisation) -> ProductType:
    checked = _checked(facts)
    row = ProductType(sort_name=sort_name(checked["name"]), **checked)
    with _or(_type_exists):
        db.session.add(row)
    _note(MeterEvent.TYPE_CREATED, "product_type", row.public_id, row.name, of)
    return row


def change_type(row: ProductType, facts: TypeFacts, *, seen: object, of: Organisation) -> None:
    """Maker, radio and kinds of keys are fixed once there is a device of the type."""
    _refuse_stale(row, seen)
    checked = _checked(facts)
    changes = {k: [getattr(row, k), v] for k, v in checked.items() if getattr(row, k) != v}
    fixed = {"maker_id", "radio", "key_kinds"} & changes.keys()
    if fixed and is_used(row):
        words = _("There are devices of this type: maker, radio and keys can't change any more.")
        raise Refusal(words, field=min(fixed), status=409)
    with _or(_type_exists):
        for name, value in checked.items():
            setattr(row, name, value)
        row.sort_name = sort_name(row.name)
    if changes:
        detail = {"changes": changes}
        _note(MeterEvent.TYPE_CHANGED, "product_type", row.public_id, row.name, of, detail)


def is_used(row: ProductType) -> bool:
    with unscoped("a product type is everybody's"):
        some = select(Meter.id).where(Meter.product_type_id == row.id).limit(1)
        return db.session.scalar(some) is not None


def create_maker(code: str, name: str, *, of: Organisation) -> Maker:
    wanted = code.strip().upper()
    if not _CODE.fullmatch(wanted):
        words = _("A code has 2 to 12 letters and digits; M-Bus makers have three letters.")
        raise Refusal(words, field="code")
    row = Maker(code=wanted, name=name, sort_name=sort_name(name))
    with _or(_maker_exists):
        db.session.add(row)
    _note(MeterEvent.MAKER_CREATED, "maker", row.code, row.name, of)
    return row


def rename_maker(row: Maker, name: str, *, seen: object, of: Organisation) -> None:
    """The code stays: serial numbers are unique within it, and devices send it."""
    _refuse_stale(row, seen)
    before = row.name
    row.name, row.sort_name = name, sort_name(name)
    db.session.flush()
    detail = {"changes": {"name": [before, name]}}
    _note(MeterEvent.MAKER_CHANGED, "maker", row.code, name, of, detail)


def _checked(facts: TypeFacts) -> dict[str, Any]:
    """As it is stored; `Refusal` at the field that doesn't fit the others."""
    kinds = [kind.value for kind in KeyKind if kind.value in facts.key_kinds]
    radio, chosen = Radio(facts.radio), frozenset(KeyKind(kind) for kind in kinds)
    if strange := chosen - KINDS_OF[radio]:
        raise Refusal(_unfit(strange), field="key_kinds")
    stored = {**asdict(facts), "key_kinds": kinds}
    if radio is Radio.LORAWAN:
        return {**stored, **_lorawan(facts, chosen), "mode": None}
    return {**stored, **dict.fromkeys(_LORAWAN), "mode": _mode(facts, radio, chosen)}


_LORAWAN: Final = ("lorawan_version", "lorawan_phy_version", "frequency_plan_id")


def _lorawan(facts: TypeFacts, chosen: frozenset[KeyKind]) -> dict[str, Any]:
    if chosen not in LORAWAN_SETS:
        words = _(
            "A LoRaWAN device has AppKey (1.0), AppKey and NwkKey (1.1), or NwkSKey and AppSKey (ABP)."
        )
        raise Refusal(words, field="key_kinds")
    if not facts.lorawan_version:
        raise Refusal(_("Say which LoRaWAN version the device speaks."), field="lorawan_version")
    try:
        version = addresses.lorawan_version(facts.lorawan_version)
    except AddressError as error:
        raise Refusal(str(error), field="lorawan_version") from error
    if (chosen == OTAA_11) != version.startswith("1.1") and chosen != ABP:
        words = _("LoRaWAN 1.1 goes with AppKey and NwkKey, 1.0 with AppKey alone.")
        raise Refusal(words, field="lorawan_version")
    return {"lorawan_version": version}


def _mode(facts: TypeFacts, radio: Radio, chosen: frozenset[KeyKind]) -> int | None:
    if facts.mode is None:
        return None
    if radio is not Radio.WMBUS or KeyKind.OMS_AES128 not in chosen or facts.mode not in MODES:
        words = _("Security modes 5 and 7 go with wireless M-Bus and an OMS key.")
        raise Refusal(words, field="mode")
    return facts.mode


def _unfit(strange: frozenset[KeyKind]) -> str:
    names = ", ".join(sorted(str(LABELS[kind]) for kind in strange))
    return str(_("This radio has no use for: %(kinds)s.", kinds=names))


def _refuse_stale(row: Maker | ProductType, seen: object) -> None:
    if str(seen or "") != str(row.version):
        words = _(
            "Somebody changed this while you were looking at it. Check how it is now, then repeat."
        )
        raise Refusal(words, status=409)


def _type_exists() -> Refusal:
    words = _("The maker has a product type of this name already.")
    return Refusal(words, field="name", status=409)


def _maker_exists() -> Refusal:
    return Refusal(_("There is a maker with this code already."), field="code", status=409)


@contextmanager
def _or(refusal: Callable[[], Refusal]) -> Iterator[None]:
    """What is written inside stands or is refused: two who add the same at once are told as if one came later."""
    try:
        with db.session.begin_nested():
            yield
    except IntegrityError as error:
        raise refusal() from error


def _note(
    event: MeterEvent,
    kind: str,
    id_: str,
    label: str,
    of: Organisation,
    detail: dict[str, Any] | None = None,
) -> None:
    audit.record(event, organisation_id=of.id, kind=kind, id=id_, label=label, detail=detail or {})
