"""What speaks against lines of a file of meters: identity, what their product type needs, what is in the stock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import Text, select
from sqlalchemy.orm import joinedload

from webapp.core.bulk import one_of
from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.imports.subjects import Fault, Row
from webapp.meters.kinds import ABP, KeyKind
from webapp.meters.kinds import LABELS as KEY_LABELS
from webapp.meters.models import Meter, ProductType, Radio
from webapp.meters.reading.fields import LABELS

TYPE: Final = "_type"
MAKER: Final = "_maker"
"""In a row's values: the ids of its product type and maker. The engine keeps them with the line."""
_MAKER_LETTERS: Final = 3


@dataclass
class Types:
    """The product types by what a file may call them: name, code and name, public id."""

    by_word: dict[str, list[ProductType]] = field(default_factory=dict)
    by_id: dict[int, ProductType] = field(default_factory=dict)

    @classmethod
    def all_active(cls) -> Types:
        found = cls()
        statement = (
            select(ProductType).options(joinedload(ProductType.maker)).where(ProductType.active)
        )
        for row in db.session.scalars(statement):
            found.by_id[row.id] = row
            for word in (row.name, f"{row.maker.code} {row.name}", row.public_id):
                found.by_word.setdefault(word.casefold(), []).append(row)
        return found

    def named(self, text: str) -> list[ProductType]:
        return self.by_word.get(text.casefold(), [])


def check(rows: Sequence[Row], types: Types) -> Iterator[Fault]:
    """Faults of each line. What follows from the others is filled in: serial number, maker's code, type."""
    typed: list[tuple[Row, ProductType]] = []
    for row in rows:
        found = types.named(row.values["product_type"])
        if len(found) == 1:
            row.values[TYPE], row.values[MAKER] = found[0].id, found[0].maker_id
            typed.append((row, found[0]))
        else:
            yield Fault(row.line, _type_words(row.values["product_type"], found), "product_type")
    sound = []
    for row, kind_of in typed:
        faults = list(_faults(row, kind_of))
        yield from faults
        if not any(not fault.is_warning for fault in faults):
            sound.append((row, kind_of))
    yield from _in_stock(sound)


def _type_words(text: str, found: Sequence[ProductType]) -> str:
    if found:
        named = ", ".join(f"{row.maker.code} {row.name}" for row in found)
        words = _("Several makers have this product type. Write one of: %(named)s.", named=named)
    else:
        words = _("There is no product type “%(name)s”.", name=text[:60])
    return str(words)


def _faults(row: Row, kind_of: ProductType) -> Iterator[Fault]:
    values = row.values
    values["serial"] = values["serial"] or values["dev_eui"] or values["mbus_id"]
    if values["mbus_id"] and not values["mbus_maker"]:
        code = kind_of.maker.code
        values["mbus_maker"] = code if len(code) == _MAKER_LETTERS and code.isalpha() else None
    if not values["serial"]:
        words = _(
            "The row names no device: a serial number, a DevEUI or an M-Bus number is needed."
        )
        yield Fault(row.line, words, "serial")
    yield from _missing_keys(row, kind_of)
    for name in _needed(values, kind_of):
        if not values[name]:
            words = _("%(type)s needs %(field)s.", type=kind_of.name, field=LABELS[name])
            yield Fault(row.line, words, name)
    if _other_version(values, kind_of):
        words = _(
            "%(type)s speaks LoRaWAN %(version)s.", type=kind_of.name, version=_plain(kind_of)
        )
        yield Fault(row.line, words, "lorawan_version", is_warning=True)


def _missing_keys(row: Row, kind_of: ProductType) -> Iterator[Fault]:
    for name in kind_of.key_kinds:
        if not row.values.get(name):
            words = _(
                "%(type)s needs %(field)s.", type=kind_of.name, field=KEY_LABELS[KeyKind(name)]
            )
            yield Fault(row.line, words, name)
    if not kind_of.key_kinds and not any(row.values.get(kind) for kind in KeyKind):
        yield Fault(row.line, _("The row has no key."))


def _needed(values: dict[str, Any], kind_of: ProductType) -> Iterable[str]:
    """What belongs to the keys (K-20): the addresses under which the device speaks."""
    if kind_of.radio == Radio.LORAWAN:
        is_abp = set(kind_of.key_kinds) == {kind.value for kind in ABP}
        return ("dev_eui", "dev_addr") if is_abp else ("dev_eui", "join_eui")
    if kind_of.radio == Radio.WMBUS:
        return ("mbus_id", "mbus_maker")
    return ()


def _plain(kind_of: ProductType) -> str:
    return (kind_of.lorawan_version or "").removeprefix("MAC_V").replace("_", ".")


def _other_version(values: dict[str, Any], kind_of: ProductType) -> bool:
    said, known = values["lorawan_version"], _plain(kind_of)
    return bool(said and known) and not (known.startswith(said) or said.startswith(known))


def mbus_key(values: dict[str, Any]) -> str | None:
    """Maker, number, version and type: one device."""
    if not values.get("mbus_id"):
        return None
    version = values.get("mbus_version")
    return f"{values.get('mbus_maker')}/{values['mbus_id']}/{version}/{values.get(TYPE)}"


def _in_stock(sound: Sequence[tuple[Row, ProductType]]) -> Iterator[Fault]:
    """Those that are there already. Whose they are is said to nobody."""
    if not sound:
        return
    serials = {(kind_of.maker_id, row.values["serial"]) for row, kind_of in sound}
    euis = {row.values["dev_eui"] for row, _kind in sound if row.values["dev_eui"]}
    numbers = {row.values["mbus_id"] for row, _kind in sound if row.values["mbus_id"]}
    taken_serials, taken_euis, taken_numbers = _taken({s for _m, s in serials}, euis, numbers)
    for row, kind_of in sound:
        if (kind_of.maker_id, row.values["serial"]) in taken_serials:
            words = _("A device of this maker with this serial number exists already.")
            yield Fault(row.line, words, "serial")
        elif row.values["dev_eui"] in taken_euis:
            yield Fault(row.line, _("A device with this DevEUI exists already."), "dev_eui")
        elif mbus_key(row.values) in taken_numbers:
            words = _("A device of this maker, type and version with this number exists already.")
            yield Fault(row.line, words, "mbus_id")


def _taken(
    serials: set[str], euis: set[str], numbers: set[str]
) -> tuple[set[tuple[int, str]], set[str], set[str | None]]:
    with unscoped("devices are unique over all organisations"):
        found_serials = db.session.execute(
            select(Meter.maker_id, Meter.serial).where(one_of(Meter.serial, serials, Text))
        )
        found_euis = db.session.scalars(
            select(Meter.dev_eui).where(one_of(Meter.dev_eui, euis, Text))
        )
        found_numbers = db.session.execute(
            select(
                Meter.mbus_maker, Meter.mbus_id, Meter.mbus_version, Meter.product_type_id
            ).where(one_of(Meter.mbus_id, numbers, Text))
        )
        return (
            {(maker, serial) for maker, serial in found_serials},
            {eui for eui in found_euis if eui},
            {
                f"{maker}/{number}/{version}/{kind}"
                for maker, number, version, kind in found_numbers
            },
        )
