"""Claiming: of what was delivered to the organisation (K-10), and by the label of a device (K-9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, select, update

from webapp.audit import log as audit
from webapp.core.activities import Activity, activity, start
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.tenancy import scope, unscoped
from webapp.core.throttle import Limit, forget, take
from webapp.meters import codes, deliveries, notes, ownership
from webapp.meters.events import MeterEvent
from webapp.meters.many import among
from webapp.meters.models import BatchItem, ClaimState, Meter
from webapp.meters.tr005 import DeviceCode
from webapp.meters.webhook_kinds import tell_of_claims

BULK = "claim_meters"
STEP = 2_000
AT_ONCE = 200
"""More than these are claimed by a job, with progress."""

BY_USER = Limit("claim-meter-user", tries=20, window_seconds=3600)
BY_ADDRESS = Limit("claim-meter-address", tries=60, window_seconds=3600)
BY_DEVICE = Limit("claim-meter-device", tries=10, window_seconds=3600)


def claim(meter_ids: Sequence[int], *, organisation_id: int, now: datetime) -> int:
    """Claim those of these meters in scope that are unclaimed; how many. Claimed twice is once."""
    deliveries.hold(meter_ids)
    free = select(Meter.id).where(
        among(Meter.id, meter_ids), Meter.claim_state == ClaimState.UNCLAIMED
    )
    locked = db.session.scalars(free.order_by(Meter.id).with_for_update()).all()
    claimed = db.session.execute(
        update(Meter)
        .where(among(Meter.id, locked), Meter.claim_state == ClaimState.UNCLAIMED)
        .values(claim_state=ClaimState.CLAIMED, claimed_at=now, version=Meter.version + 1)
        .returning(Meter.id, Meter.serial),
        execution_options={"synchronize_session": False},
    ).all()
    ids = [row.id for row in claimed]
    if not ids:
        return 0
    codes.renew(ids)
    ownership.announce(ids, organisation_id=organisation_id)
    audit.record(
        MeterEvent.CLAIMED,
        organisation_id=organisation_id,
        kind="meters",
        id=len(ids),
        label=claimed[0].serial if len(ids) == 1 else "",
        detail=notes.of_many(row.serial for row in claimed),
    )
    tell_of_claims(ids, organisation_id=organisation_id, now=now)
    return len(ids)


def begin_claiming(meter_ids: Sequence[int], *, organisation_id: int, now: datetime) -> Activity:
    """The same for many, as a job with progress."""
    return start(
        BULK,
        title=_("Claim meters"),
        organisation_id=organisation_id,
        now=now,
        total=len(meter_ids),
        parameters={"meters": sorted(meter_ids)},
    )


@activity(BULK)
def claim_some(work: Activity) -> bool:
    """One step of a bulk claim."""
    ids = work.parameters["meters"]
    some = ids[work.finished : work.finished + STEP]
    done = claim(some, organisation_id=work.organisation_id, now=utcnow())
    work.finished += len(some)
    counted = (work.result or {}).get("claimed", 0) + done
    words = ngettext("%(num)s meter claimed.", "%(num)s meters claimed.", counted)
    work.result = {"claimed": counted, "lines": [words]}
    return work.finished >= len(ids)


def claim_by_label(
    scanned: DeviceCode | str, code: str, *, organisation_id: int, address: str, now: datetime
) -> Meter:
    """Take a device that is in none of one's lists by what is printed on it: serial or QR code, and claim code.

    Unknown, claimed already and wrong code are one answer after the same statements; guesses are counted by user,
    address and device, and a wrong one never burns the claim.
    """
    named = scanned if isinstance(scanned, str) else scanned.dev_eui
    _count_guess(named, address)
    with unscoped("a device by its label: whose it is stays untold"):
        found = db.session.scalars(_labelled(scanned)).all()
        candidates: list[Meter | None] = [*found] or [None]
        right = [meter for meter in candidates if codes.is_right(meter, code)]
        chosen = right[0] if right else None
        deliveries.hold([chosen.id if chosen is not None else 0])
        free = _lock_free(chosen.id if chosen is not None else 0)
    if chosen is None or not free:
        _note_refusal(named, organisation_id)
        raise Refusal(
            _(
                "No device with this serial number and claim code is free to be claimed. "
                "Check both on the label; hyphens and case don't matter in the code."
            ),
            field="code",
        )
    meter = _take(chosen, organisation_id=organisation_id, now=now)
    _forget_guesses(address)
    return meter


def _labelled(scanned: DeviceCode | str) -> Select[Meter]:
    """Several makers may have one of that serial; a LoRa Alliance code names one device by its DevEUI."""
    named = (
        Meter.serial == scanned if isinstance(scanned, str) else Meter.dev_eui == scanned.dev_eui
    )
    return select(Meter).where(named, Meter.claim_code_digest.is_not(None)).order_by(Meter.id)


def _count_guess(named: str, address: str) -> None:
    take(BY_ADDRESS, address)
    take(BY_USER, acting().kind, acting().id)
    take(BY_DEVICE, named)


def _forget_guesses(address: str) -> None:
    """Who claims a van full of meters is no guesser. The device's own count stays."""
    forget(BY_ADDRESS, address)
    forget(BY_USER, acting().kind, acting().id)


def _lock_free(meter_id: int) -> bool:
    """Unclaimed and in no open batch, held until the commit: of two at once the second finds it claimed.

    Asked with 0 where there is no such meter, so that it takes as long.
    """
    state = db.session.scalar(
        select(Meter.claim_state).where(Meter.id == meter_id).with_for_update()
    )
    is_held = db.session.scalar(
        select(BatchItem.id).where(BatchItem.meter_id == meter_id, BatchItem.open.is_(True))
    )
    return state == ClaimState.UNCLAIMED and is_held is None


def _take(meter: Meter, *, organisation_id: int, now: datetime) -> Meter:
    former = meter.organisation_id
    if former == organisation_id:
        with scope(organisation_id):
            claim([meter.id], organisation_id=organisation_id, now=now)
        db.session.refresh(meter)
        return meter
    ownership.move(select(Meter.id).where(Meter.id == meter.id), to_id=organisation_id, now=now)
    with scope(organisation_id):
        codes.renew([meter.id])
        db.session.refresh(meter)
    detail = notes.of_many([meter.serial])
    for event, whose in ((MeterEvent.CLAIMED, organisation_id), (MeterEvent.LEFT, former)):
        audit.record(
            event,
            organisation_id=whose,
            kind="meter",
            id=meter.public_id,
            label=meter.serial,
            detail=detail if whose == organisation_id else {"by": "label"},
        )
    tell_of_claims([meter.id], organisation_id=organisation_id, now=now)
    return meter


def _note_refusal(serial: str, organisation_id: int) -> None:
    """The code that was tried is not written down: it may be another device's right one."""
    audit.record_aside(
        MeterEvent.CLAIM_REFUSED,
        organisation_id=organisation_id,
        kind="meter",
        id=serial[:32],
        label=serial[:32],
    )
