"""Public keys that the organisation deposited: downloads come encrypted to them (K-27)."""

from __future__ import annotations

from datetime import datetime

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import Select, select

from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.meters.events import MeterEvent
from webapp.meters.models import ReceiverKey
from webapp.meters.sealed_files import ReceiverKeyError, parse_public_key

MOST = 20
LARGEST_FILE = 30_000


def all_keys() -> Select[ReceiverKey]:
    """Those of the organisation in scope, the newest first."""
    return select(ReceiverKey).order_by(
        ReceiverKey.retired_at.is_not(None), ReceiverKey.created_at.desc(), ReceiverKey.id.desc()
    )


def get(public_id: str) -> ReceiverKey:
    """404 for everybody else's."""
    found = db.session.scalar(select(ReceiverKey).where(ReceiverKey.public_id == public_id))
    if found is None:
        abort(404)
    return found


def in_use() -> list[ReceiverKey]:
    """To which one may encrypt; only required ones, if one is required."""
    keys = list(db.session.scalars(all_keys().where(ReceiverKey.retired_at.is_(None))))
    return [key for key in keys if key.required] or keys


def required() -> bool:
    """Whether nothing may leave in clear."""
    return any(key.required for key in in_use())


def usable(public_id: str) -> ReceiverKey | None:
    return next((key for key in in_use() if key.public_id == public_id), None)


def add(
    name: str, text: str, *, required: bool, organisation_id: int, now: datetime
) -> ReceiverKey:
    """Deposit a public key; `Refusal` says what is wrong with it."""
    try:
        key = parse_public_key(text)
    except ReceiverKeyError as error:
        raise Refusal(str(error), field="key") from error
    live = select(ReceiverKey).where(ReceiverKey.retired_at.is_(None))
    found = list(db.session.scalars(live))
    if len(found) >= MOST:
        raise Refusal(_("There are %(most)s public keys already. Retire one first.", most=MOST))
    if any(row.fingerprint == key.fingerprint for row in found):
        raise Refusal(_("This public key is deposited already."), field="key")
    row = ReceiverKey(
        organisation_id=organisation_id,
        name=name,
        algorithm=key.algorithm.value,
        public_pem=key.public_pem,
        fingerprint=key.fingerprint,
        required=required,
        created_at=now,
        created_by=acting().label,
    )
    db.session.add(row)
    db.session.flush()
    _note(MeterEvent.RECEIVER_KEY_ADDED, row, required=required)
    return row


def require(row: ReceiverKey, *, required: bool) -> None:
    """From now on downloads must, or need not, be encrypted to it. Twice is once."""
    if row.retired_at is not None:
        raise Refusal(_("This public key is retired."), status=409)
    if row.required == required:
        return
    row.required = required
    _note(MeterEvent.RECEIVER_KEY_CHANGED, row, required=required)


def retire(row: ReceiverKey, *, now: datetime) -> None:
    """Nothing is encrypted to it any more; what was opens as before."""
    if row.retired_at is not None:
        return
    row.retired_at = now
    row.required = False
    _note(MeterEvent.RECEIVER_KEY_RETIRED, row)


def _note(event: MeterEvent, row: ReceiverKey, **detail: object) -> None:
    audit.record(
        event,
        organisation_id=row.organisation_id,
        kind="receiver_key",
        id=row.public_id,
        label=row.name,
        detail={"fingerprint": row.fingerprint.hex(), **detail},
    )
