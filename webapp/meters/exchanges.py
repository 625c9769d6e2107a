"""Exchange of a meter's keys and the way back (K-7): what is in the device now, and what was before."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.meters import findings, keyring, ownership
from webapp.meters.envelope import Binding
from webapp.meters.events import MeterEvent
from webapp.meters.kinds import LABELS, KeyKind, Slot
from webapp.meters.models import ClaimState, KeyOrigin, Meter, MeterKey


def record_exchange(meter: Meter, kind: KeyKind, value: bytes, *, now: datetime) -> MeterKey:
    """`value` is in the device from now on; the operating one before it ends."""
    meter = _held(meter)
    present = _present(meter, kind, Slot.OPERATING) or _present(meter, kind, Slot.INITIAL)
    fingerprint = keyring.fingerprints().of(value)
    if present is not None and secrets.compare_digest(present.fingerprint, fingerprint):
        raise Refusal(_("This is the key that is in use already."), field="value")
    _end(_present(meter, kind, Slot.OPERATING), now)
    key = _sealed(meter, kind, value, fingerprint, now)
    meter.key_kinds = sorted({*meter.key_kinds, kind.value})
    db.session.flush()
    _tell(meter, MeterEvent.KEY_EXCHANGED, kind, now)
    return key


def reset_to_initial(meter: Meter, kind: KeyKind, *, now: datetime) -> None:
    """The device has its maker's key again: the operating one ends."""
    meter = _held(meter)
    operating = _present(meter, kind, Slot.OPERATING)
    if operating is None:
        words = _("%(key)s is the initial one already.", key=str(LABELS[kind]))
        raise Refusal(words, status=409)
    if _present(meter, kind, Slot.INITIAL) is None:
        words = _("There is no initial %(key)s to go back to.", key=str(LABELS[kind]))
        raise Refusal(words, status=409)
    _end(operating, now)
    _tell(meter, MeterEvent.KEY_RESET, kind, now)


def _held(meter: Meter) -> Meter:
    """Locked till the commit: of two who record at once the second sees what the first wrote."""
    held = db.session.scalar(
        select(Meter).where(Meter.id == meter.id).with_for_update(),
        execution_options={"populate_existing": True},
    ) or abort(404)
    if held.claim_state != ClaimState.CLAIMED:
        raise Refusal(_("Claim the meter first: its keys can't be changed before."), status=409)
    return held


def _present(meter: Meter, kind: KeyKind, slot: Slot) -> MeterKey | None:
    found: MeterKey | None = db.session.scalar(
        select(MeterKey).where(
            MeterKey.meter_id == meter.id,
            MeterKey.kind == kind.value,
            MeterKey.slot == slot.value,
            MeterKey.valid_to.is_(None),
        )
    )
    return found


def _end(key: MeterKey | None, now: datetime) -> None:
    """Flushed apart: the next one may only be written when this one is no longer valid."""
    if key is not None:
        key.valid_to = now
        db.session.flush()


def _sealed(
    meter: Meter, kind: KeyKind, value: bytes, fingerprint: bytes, now: datetime
) -> MeterKey:
    data_key_id, data_key = keyring.active_data_key(meter.organisation_id)
    binding = Binding(meter.public_id, kind.value, Slot.OPERATING.value)
    nonce, sealed = data_key.seal(binding, value)
    key = MeterKey(
        organisation_id=meter.organisation_id,
        meter_id=meter.id,
        kind=kind.value,
        slot=Slot.OPERATING.value,
        data_key_id=data_key_id,
        nonce=nonce,
        value_sealed=sealed,
        fingerprint=fingerprint,
        valid_from=now,
        origin=KeyOrigin.EXCHANGE.value,
    )
    db.session.add(key)
    return key


def _tell(meter: Meter, event: MeterEvent, kind: KeyKind, now: datetime) -> None:
    """Findings anew, the feed of programs, the log."""
    findings.look([meter.id], now=now)
    db.session.refresh(meter)
    detail: dict[str, Any] = {"key": kind.value}
    audit.record(
        event,
        organisation_id=meter.organisation_id,
        kind="meter",
        id=meter.public_id,
        label=meter.serial,
        detail=detail,
    )
    ownership.announce([meter.id], organisation_id=meter.organisation_id)
