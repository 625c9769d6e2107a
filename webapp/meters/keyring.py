"""The portal's master keys and the organisations' data keys (K-21).

Master keys come from METER_MASTER_KEYS or the file METER_MASTER_KEYS_FILE names; there is no default. Without them, or
with wrong ones, the portal runs *sealed*: signing in and everything else works, whatever needs a key's value is
refused with `KeysSealed`, and the status page and the operator's page say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from flask import Flask, current_app
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from webapp.core.clock import utcnow
from webapp.core.crypto import Sealed
from webapp.core.db import db, new_public_id
from webapp.core.errors import Refusal
from webapp.core.files import File
from webapp.core.large_files import register_keeper
from webapp.core.tenancy import unscoped
from webapp.meters.envelope import (
    NONCE_BYTES,
    Binding,
    DataKey,
    Fingerprints,
    MasterError,
    MasterRing,
    ValueSealedError,
    Wrapped,
    WrongMasterError,
)
from webapp.meters.models import DataKey as DataKeyRow
from webapp.meters.models import FingerprintKey

log = structlog.get_logger(__name__)

KEEPER = "meters"


class KeysSealed(Refusal):
    """No key's value can be had now; nothing was changed."""

    def __init__(self, why: str) -> None:
        log.warning("meter_keys_sealed", why=why)
        super().__init__(
            _("The portal runs sealed: key values can't be read or stored now. Tell the operator."),
            status=503,
        )


class KeysDestroyed(Refusal):
    """The organisation had its keys destroyed: nobody can read them any more."""

    def __init__(self) -> None:
        super().__init__(
            _("These keys were destroyed on purpose; nobody can read them any more."), status=410
        )


@dataclass(frozen=True)
class Configured:
    """The ring as the settings give it, or why there is none."""

    ring: MasterRing | None
    problem: str = ""


def init_app(app: Flask) -> None:
    app.extensions["meter_masters"] = _configured(app.extensions["settings"].meter_master_keys)
    register_keeper(KEEPER, _FileKeeper())


def _configured(text: str | None) -> Configured:
    if not text:
        return Configured(None, "METER_MASTER_KEYS is not set")
    try:
        return Configured(MasterRing.parse(text))
    except MasterError as error:
        log.error("meter_masters_unusable", why=error.sentence.code)
        return Configured(None, f"METER_MASTER_KEYS can't be used ({error.sentence.code})")


def ring() -> MasterRing:
    """The master keys; `KeysSealed` without."""
    configured: Configured = current_app.extensions["meter_masters"]
    if configured.ring is None:
        raise KeysSealed(configured.problem)
    return configured.ring


def master_ids() -> tuple[str, ...]:
    """The ids of the master keys, the current one first; none when they can't be used."""
    configured: Configured = current_app.extensions["meter_masters"]
    return configured.ring.ids if configured.ring else ()


def problem() -> str | None:
    """Why the portal runs sealed, in words for the operator; None when every data key can be opened."""
    configured: Configured = current_app.extensions["meter_masters"]
    if configured.ring is None:
        return configured.problem
    with unscoped("one data key of each master"):
        first = (
            select(func.min(DataKeyRow.id))
            .where(DataKeyRow.wrapped.is_not(None))
            .group_by(DataKeyRow.master_id)
        )
        rows = db.session.scalars(select(DataKeyRow).where(DataKeyRow.id.in_(first))).all()
    for row in rows:
        try:
            configured.ring.open(Wrapped(row.master_id, row.wrapped or b""))
        except WrongMasterError as error:
            return f"{error.sentence.code}: {row.master_id}"
    return None


def active_data_key(organisation_id: int) -> tuple[int, DataKey]:
    """Id and open key under which the organisation's values are sealed; made at first use.

    Held until the transaction ends: a key is never retired, and so never emptied, under somebody who still seals.
    """
    while True:
        row = _active_row(organisation_id)
        if row is not None:
            return row.id, _opened(row)
        data_key, wrapped = ring().create()
        statement = (
            insert(DataKeyRow)
            .values(
                public_id=new_public_id(),
                organisation_id=organisation_id,
                wrapped=wrapped.value,
                master_id=wrapped.master_id,
                state="active",
                created_at=utcnow(),
            )
            .on_conflict_do_nothing()
            .returning(DataKeyRow.id)
        )
        made = db.session.execute(statement).scalar_one_or_none()
        if made is not None:
            return made, data_key


def _active_row(organisation_id: int) -> DataKeyRow | None:
    with unscoped("the data key of an organisation that the caller names"):
        return db.session.scalars(
            select(DataKeyRow)
            .where(DataKeyRow.organisation_id == organisation_id, DataKeyRow.state == "active")
            .with_for_update(read=True),
            execution_options={"populate_existing": True},
        ).one_or_none()


def data_keys(ids: Iterable[int]) -> dict[int, DataKey]:
    """The open data keys of these ids: under a former owner's a value stays until it is sealed anew."""
    with unscoped("data keys named by rows in scope"):
        rows = db.session.scalars(
            select(DataKeyRow).where(DataKeyRow.id.in_(set(ids))),
            execution_options={"populate_existing": True},
        ).all()
    return {row.id: _opened(row) for row in rows}


def _opened(row: DataKeyRow) -> DataKey:
    if row.wrapped is None:
        raise KeysDestroyed
    try:
        return ring().open(Wrapped(row.master_id, row.wrapped))
    except WrongMasterError as error:
        raise KeysSealed(error.sentence.code) from error


def fingerprints() -> Fingerprints:
    """Finds equal keys over all organisations, and nothing else. Its own secret is made at first use."""
    while True:
        row = db.session.scalars(
            select(FingerprintKey), execution_options={"populate_existing": True}
        ).one_or_none()
        if row is not None:
            try:
                return ring().open_fingerprints(Wrapped(row.master_id, row.wrapped))
            except WrongMasterError as error:
                raise KeysSealed(error.sentence.code) from error
        _made, wrapped = ring().create_fingerprints()
        statement = insert(FingerprintKey).values(
            purpose="meter_keys", wrapped=wrapped.value, master_id=wrapped.master_id
        )
        db.session.execute(statement.on_conflict_do_nothing())


class _FileKeeper:
    """Keys of files that hold meter keys: wrapped under the organisation's data key, and lost with it."""

    def wrap(self, key: bytes, file: File) -> bytes:
        data_key_id, data_key = active_data_key(file.organisation_id)
        nonce, sealed = data_key.seal(_file_binding(file), key)
        return data_key_id.to_bytes(8, "big") + nonce + sealed

    def unwrap(self, wrapped: bytes, file: File) -> bytes:
        data_key_id, rest = int.from_bytes(wrapped[:8], "big"), wrapped[8:]
        data_key = data_keys([data_key_id]).get(data_key_id)
        if data_key is None:
            raise Sealed("the data key of this file is gone")
        try:
            return data_key.unseal(_file_binding(file), rest[:NONCE_BYTES], rest[NONCE_BYTES:])
        except ValueSealedError as error:
            raise Sealed("the key of this file was changed or belongs elsewhere") from error


def _file_binding(file: File) -> Binding:
    return Binding(file.public_id, "file", "download")
