"""Values sealed anew under their owner's present data key: after a change of hands, and when the data key is rotated.

Each step takes some values and commits; whoever dies in between loses nothing, for a value is sealed under exactly the
key that its row names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import BigInteger, LargeBinary, bindparam, column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from webapp.core.activities import Activity, activity, start
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.files import File
from webapp.core.tenancy import unscoped
from webapp.imports.models import ImportRow
from webapp.meters import keyring
from webapp.meters.envelope import Binding, reseal
from webapp.meters.many import among
from webapp.meters.models import DataKey, Meter, MeterKey

KIND = "reseal_keys"
STEP = 2_000


def begin(organisation_id: int, *, now: datetime) -> Activity:
    """Have all values of the organisation sealed under its present data key."""
    return start(KIND, title=_("Seal keys anew"), organisation_id=organisation_id, now=now)


@activity(KIND)
def reseal_some(work: Activity) -> bool:
    """One step; True when every value of the organisation is under its own present key."""
    here = work.organisation_id
    current, new_key = keyring.active_data_key(here)
    if not work.total:
        work.total = _count(here, current)
    after = (work.cursor or {}).get("after", 0)
    rows = _foreign(here, current, after)
    if not rows and after:
        rows = _foreign(here, current, 0)
    if not rows:
        empty_retired(here, utcnow())
        return True
    old_keys = keyring.data_keys({row.data_key_id for row in rows})
    for old_id, old in old_keys.items():
        some = [row for row in rows if row.data_key_id == old_id]
        values = [
            (Binding(row.public_id, row.kind, row.slot), row.nonce, row.value_sealed)
            for row in some
        ]
        _store(old_id, current, [row.id for row in some], list(reseal(old, new_key, values)))
    work.finished += len(rows)
    work.cursor = {"after": rows[-1].id}
    return False


@dataclass(frozen=True)
class _Value:
    id: int
    public_id: str
    kind: str
    slot: str
    data_key_id: int
    nonce: bytes
    value_sealed: bytes


def _foreign(organisation_id: int, current: int, after: int) -> list[_Value]:
    """The next values under another key. The meters' names come by a statement of their own: right after thousands of
    meters have moved PostgreSQL guesses badly how to join the two.
    """
    keys = db.session.execute(
        select(
            MeterKey.id,
            MeterKey.meter_id,
            MeterKey.kind,
            MeterKey.slot,
            MeterKey.data_key_id,
            MeterKey.nonce,
            MeterKey.value_sealed,
        )
        .where(
            MeterKey.organisation_id == organisation_id,
            MeterKey.data_key_id != current,
            MeterKey.id > after,
        )
        .order_by(MeterKey.id)
        .limit(STEP)
    ).all()
    meter_ids = list({row.meter_id for row in keys})
    named = select(Meter.id, Meter.public_id).where(among(Meter.id, meter_ids))
    names = {row.id: row.public_id for row in db.session.execute(named)}
    return [
        _Value(
            row.id,
            names[row.meter_id],
            row.kind,
            row.slot,
            row.data_key_id,
            row.nonce,
            row.value_sealed,
        )
        for row in keys
        if row.meter_id in names
    ]


def _count(organisation_id: int, current: int) -> int:
    statement = select(func.count()).where(
        MeterKey.organisation_id == organisation_id, MeterKey.data_key_id != current
    )
    return db.session.scalar(statement) or 0


def _store(old_id: int, new_id: int, ids: list[int], values: list[tuple[bytes, bytes]]) -> None:
    """Compare and set: a value that somebody changed meanwhile is left for the next step."""
    new = (
        func.unnest(
            bindparam("ids", ids, ARRAY(BigInteger)),
            bindparam("nonces", [nonce for nonce, _sealed in values], ARRAY(LargeBinary)),
            bindparam("sealed", [sealed for _nonce, sealed in values], ARRAY(LargeBinary)),
        )
        .table_valued(
            column("id", BigInteger), column("nonce", LargeBinary), column("sealed", LargeBinary)
        )
        .render_derived()
    )
    db.session.execute(
        update(MeterKey)
        .where(MeterKey.id == new.c.id, MeterKey.data_key_id == old_id)
        .values(data_key_id=new_id, nonce=new.c.nonce, value_sealed=new.c.sealed),
        execution_options={"synchronize_session": False},
    )


def empty_retired(organisation_id: int, now: datetime) -> None:
    """A retired data key goes once nothing is sealed under it: values here or elsewhere, files, staged imports."""
    used = (
        select(MeterKey.id).where(MeterKey.data_key_id == DataKey.id).exists()
        | select(File.id)
        .where(File.keeper == keyring.KEEPER, File.organisation_id == organisation_id)
        .where(func.substr(File.wrapped_key, 1, 8) == func.int8send(DataKey.id))
        .exists()
        | select(ImportRow.line)
        .where(ImportRow.organisation_id == organisation_id, ImportRow.values_sealed.is_not(None))
        .where(func.substr(ImportRow.values_sealed, 1, 8) == func.int8send(DataKey.id))
        .exists()
    )
    with unscoped("values under a retired key may belong to others by now"):
        db.session.execute(
            update(DataKey)
            .where(DataKey.organisation_id == organisation_id, DataKey.state == "retired")
            .where(DataKey.wrapped.is_not(None), ~used)
            .values(wrapped=None, destroyed_at=now),
            execution_options={"synchronize_session": False},
        )
