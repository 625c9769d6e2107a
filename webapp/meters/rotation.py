"""Changing keys above the values (K-21): the master key of all, the data key of one organisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    LargeBinary,
    bindparam,
    column,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from webapp.audit import log as audit
from webapp.core.activities import Activity
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.drains import sweep
from webapp.core.tenancy import unscoped
from webapp.meters import keyring, resealing
from webapp.meters.envelope import MasterRing, Wrapped, WrongMasterError
from webapp.meters.events import MeterEvent
from webapp.meters.keyring import KeysSealed
from webapp.meters.models import DataKey, FingerprintKey, MeterKey
from webapp.orgs.models import Organisation

STEP = 250
_WITHOUT_SESSION = {"synchronize_session": False}


def rewrap_all() -> int:
    """Wrap every data key and the fingerprints' key under the current master; how many were not yet.

    Runs beside the portal: each step is a short transaction, keys that somebody seals under just now are waited for
    at the end. Everybody who reads has the row as it is at that moment, and both masters in the ring.
    """
    ring, done = keyring.ring(), _rewrap_fingerprints(keyring.ring())
    while some := _rewrap_some(ring, skip_locked=True):
        done += some
    while some := _rewrap_some(ring, skip_locked=False):
        done += some
    return done


def _rewrap_some(ring: MasterRing, *, skip_locked: bool) -> int:
    with unscoped("data keys of all organisations"):
        rows = db.session.execute(
            select(DataKey.id, DataKey.master_id, DataKey.wrapped)
            .where(DataKey.master_id != ring.current, DataKey.wrapped.is_not(None))
            .order_by(DataKey.id)
            .limit(STEP)
            .with_for_update(skip_locked=skip_locked)
        ).all()
        wrapped = [(row.id, _rewrapped(ring, row)) for row in rows]
        if wrapped:
            _store(ring.current, wrapped)
        commit()
    return len(rows)


def _rewrapped(ring: MasterRing, row: Any) -> bytes:
    try:
        return ring.rewrap(Wrapped(row.master_id, row.wrapped)).value
    except WrongMasterError as error:
        raise KeysSealed(f"{error.sentence.code}: {row.master_id}") from error


def _store(master_id: str, wrapped: Sequence[tuple[int, bytes]]) -> None:
    new = (
        func.unnest(
            bindparam("ids", [each[0] for each in wrapped], ARRAY(BigInteger)),
            bindparam("wrapped", [each[1] for each in wrapped], ARRAY(LargeBinary)),
        )
        .table_valued(column("id", BigInteger), column("wrapped", LargeBinary))
        .render_derived()
    )
    db.session.execute(
        update(DataKey)
        .where(DataKey.id == new.c.id)
        .values(wrapped=new.c.wrapped, master_id=master_id),
        execution_options=_WITHOUT_SESSION,
    )


def _rewrap_fingerprints(ring: MasterRing) -> int:
    rows = db.session.scalars(
        select(FingerprintKey).where(FingerprintKey.master_id != ring.current).with_for_update()
    ).all()
    for row in rows:
        row.wrapped = _rewrapped(ring, row)
        row.master_id = ring.current
    commit()
    return len(rows)


def begin_data_rotation(organisation: Organisation, *, now: datetime) -> Activity:
    """A new data key for the organisation; its values are sealed anew by long work, which may be interrupted.

    Waits for whoever seals under the old one.
    """
    with unscoped("the data key of an organisation that the caller names"):
        retired = list(
            db.session.scalars(
                update(DataKey)
                .where(DataKey.organisation_id == organisation.id, DataKey.state == "active")
                .values(state="retired", retired_at=now)
                .returning(DataKey.public_id),
                execution_options=_WITHOUT_SESSION,
            )
        )
        keyring.active_data_key(organisation.id)
        work = resealing.begin(organisation.id, now=now)
    audit.record(
        MeterEvent.KEYS_RESEALED,
        organisation_id=organisation.id,
        kind="data_key",
        id=retired[0] if retired else organisation.public_id,
        label=organisation.name,
    )
    return work


@dataclass(frozen=True)
class Standing:
    """How the keys above the values stand, for the operator."""

    problem: str | None
    masters: tuple[str, ...]
    data_keys: dict[str, int]
    """Data keys that can be opened, by master."""
    retired: int
    """Retired data keys that are still needed."""
    to_reseal: int
    """Values under a data key that is not their owner's present one."""

    @property
    def to_rewrap(self) -> int:
        current = self.masters[0] if self.masters else None
        return sum(number for master, number in self.data_keys.items() if master != current)


def standing() -> Standing:
    """Counts alone; no key is opened but to see that it can be."""
    with unscoped("how the keys of all organisations stand"):
        live = select(DataKey.master_id, func.count()).where(DataKey.wrapped.is_not(None))
        by_master = dict(db.session.execute(live.group_by(DataKey.master_id)).tuples().all())
        retired = select(func.count()).where(
            DataKey.state == "retired", DataKey.wrapped.is_not(None)
        )
        behind = (
            select(func.count())
            .select_from(MeterKey)
            .join(DataKey, DataKey.id == MeterKey.data_key_id)
            .where(
                (DataKey.organisation_id != MeterKey.organisation_id) | (DataKey.state != "active")
            )
        )
        return Standing(
            problem=keyring.problem(),
            masters=keyring.master_ids(),
            data_keys=by_master,
            retired=db.session.scalar(retired) or 0,
            to_reseal=db.session.scalar(behind) or 0,
        )


@sweep("retired_data_keys", every_seconds=3600)
def empty_retired() -> None:
    """Retired data keys that a file of 24 hours still needed go once it is gone."""
    with unscoped("retired data keys of all organisations"):
        waiting = select(DataKey.organisation_id).where(
            DataKey.state == "retired", DataKey.wrapped.is_not(None)
        )
        for organisation_id in db.session.scalars(waiting.distinct()).all():
            resealing.empty_retired(organisation_id, utcnow())
            commit()
