"""Values of keys: the only place where stored ones become clear. Who calls has written down the reveal first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select

from webapp.core.db import db
from webapp.meters import keyring
from webapp.meters.envelope import Binding
from webapp.meters.keyring import KeysDestroyed
from webapp.meters.kinds import KeyKind, Slot
from webapp.meters.many import among
from webapp.meters.models import Meter, MeterKey

_KINDS = {kind.value: kind for kind in KeyKind}
_SLOTS = {slot.value: slot for slot in Slot}


class KeyRow(NamedTuple):
    """A stored value with what binds it."""

    meter_id: int
    meter: str
    kind: str
    slot: str
    data_key_id: int
    nonce: bytes
    sealed: bytes

    @property
    def binding(self) -> Binding:
        return Binding(self.meter, self.kind, self.slot)


@dataclass(slots=True, repr=False)
class OpenKey:
    """A value in clear. Never printed, never logged, never stored."""

    meter_id: int
    kind: KeyKind
    slot: Slot
    value: bytes


def rows_of(meter_ids: Iterable[int]) -> list[KeyRow]:
    """The valid values of meters in scope."""
    statement = (
        select(
            MeterKey.meter_id,
            Meter.public_id,
            MeterKey.kind,
            MeterKey.slot,
            MeterKey.data_key_id,
            MeterKey.nonce,
            MeterKey.value_sealed,
        )
        .join(Meter, Meter.id == MeterKey.meter_id)
        .where(among(MeterKey.meter_id, list(meter_ids)), MeterKey.valid_to.is_(None))
        .order_by(MeterKey.meter_id, MeterKey.kind, MeterKey.slot)
    )
    return [KeyRow(*row) for row in db.session.execute(statement)]


def opened(rows: Iterable[KeyRow]) -> Iterator[OpenKey]:
    """In clear, in no particular order; `KeysSealed`, `KeysDestroyed`, `ValueSealedError`."""
    by_data_key: dict[int, list[KeyRow]] = defaultdict(list)
    for row in rows:
        by_data_key[row.data_key_id].append(row)
    keys = keyring.data_keys(by_data_key)
    for data_key_id, some in by_data_key.items():
        values = keys[data_key_id].unseal_many((r.binding, r.nonce, r.sealed) for r in some)
        for row, value in zip(some, values, strict=True):
            yield OpenKey(row.meter_id, _KINDS[row.kind], _SLOTS[row.slot], value)


Values = Mapping[int, Mapping[KeyKind, bytes]]
"""Meter → kind → value in clear."""


def current_values(meter_ids: Iterable[int]) -> Values:
    """Meter → kind → the value in use: the operating one where there is one, else the maker's."""
    wanted = list(meter_ids)
    try:
        return _in_use(opened(rows_of(wanted)))
    except KeysDestroyed:
        # Between reading values and their data key the values may have been sealed anew, and the old key emptied.
        return _in_use(opened(rows_of(wanted)))


def _in_use(keys: Iterable[OpenKey]) -> dict[int, dict[KeyKind, bytes]]:
    found: dict[int, dict[KeyKind, bytes]] = defaultdict(dict)
    operating: list[OpenKey] = []
    for key in keys:
        if key.slot is Slot.OPERATING:
            operating.append(key)
        else:
            found[key.meter_id][key.kind] = key.value
    for key in operating:
        found[key.meter_id][key.kind] = key.value
    return found
