"""Taking a batch over: at once, or asked for and confirmed by the issuer (K-14, K-15)."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import Select, select, update

from webapp.audit import log as audit
from webapp.core import throttle
from webapp.core.activities import Activity, activity, start
from webapp.core.clock import utcnow
from webapp.core.crashpoints import crash_point
from webapp.core.db import commit, db
from webapp.core.errors import Refusal
from webapp.core.jobs import prolong
from webapp.core.principal import Actor, Principal, acting, acting_as
from webapp.core.tenancy import scope, unscoped
from webapp.core.throttle import Limit
from webapp.core.web import path_of
from webapp.devices.labels import Label, label_named
from webapp.meters import codes, letters, notes, ownership, resealing
from webapp.meters.batches import fold, let_go, steps
from webapp.meters.events import MeterEvent
from webapp.meters.models import (
    Batch,
    BatchItem,
    BatchState,
    ClaimState,
    Meter,
    OwnershipRequest,
    RequestState,
)
from webapp.meters.webhook_kinds import tell_of_claims
from webapp.orgs.models import Organisation

BULK = "take_batch"
BY_USER = Limit("batch-reference-user", tries=30, window_seconds=3600)
BY_ORGANISATION = Limit("batch-reference-organisation", tries=100, window_seconds=3600)
AT_ONCE = 2_000
"""A larger batch is taken over by a job: whole as well, in one transaction."""
PATIENCE_SECONDS = 900
"""No other worker takes the job up that long: a hundred thousand meters on a busy machine take minutes."""
LONGEST_REASON = 500
_PORTAL = Principal(Actor.JOB, None, "worker")


def waiting_for(organisation_id: int, reference: str) -> Batch:
    """The open batch of this reference for this receiver; anything else is "unknown", whatever it is.

    Guesses are counted by organisation and by user, right ones too.
    """
    throttle.take(BY_ORGANISATION, organisation_id)
    throttle.take(BY_USER, acting().kind, acting().id)
    found: Batch | None = db.session.scalars(
        select(Batch)
        .where(
            Batch.to_organisation_id == organisation_id,
            Batch.reference_folded == fold(reference),
            Batch.state == BatchState.OPEN,
        )
        .order_by(Batch.id)
    ).first()
    if found is None:
        raise Refusal(
            _("No batch with this reference waits for your organisation."), field="reference"
        )
    return found


def take(batch: Batch, *, now: datetime) -> OwnershipRequest | None:
    """By the receiver: the devices are theirs at once, or asked for where the issuer must confirm."""
    if not batch.needs_confirmation:
        steps(batch, BatchState.OPEN, BatchState.TAKEN, now=now)
        _hand_over(batch, now=now)
        return None
    steps(batch, BatchState.OPEN, BatchState.PENDING, now=now)
    _set_pending(batch)
    by = acting()
    asked = OwnershipRequest(
        from_organisation_id=batch.to_organisation_id,
        to_organisation_id=batch.from_organisation_id,
        batch_id=batch.id,
        asked_at=now,
        asked_by_id=by.id if by.kind == Actor.USER else None,
        asked_by=by.label,
    )
    db.session.add(asked)
    db.session.flush()
    _record_both(MeterEvent.OWNERSHIP_ASKED, batch)
    letters.tell_of_request(batch, asked, now=now)
    return asked


def confirm(batch: Batch, *, now: datetime) -> OwnershipRequest:
    """By the issuer. Of two who confirm at once one wins."""
    steps(batch, BatchState.PENDING, BatchState.TAKEN, now=now)
    request = _decide(batch, RequestState.CONFIRMED, now=now)
    _hand_over(batch, now=now)
    _record_both(MeterEvent.OWNERSHIP_CONFIRMED, batch)
    letters.tell_of_decision(batch, request, now=now)
    return request


def refuse(batch: Batch, reason: str, *, now: datetime) -> OwnershipRequest:
    """By the issuer, with a reason; the devices are as they were before, the batch is open again."""
    if not reason.strip():
        raise Refusal(_("Give a reason; the asker is told."), field="reason")
    words = " ".join(reason.split())[:LONGEST_REASON]
    request = _take_back(batch, RequestState.REFUSED, MeterEvent.OWNERSHIP_REFUSED, words, now)
    letters.tell_of_decision(batch, request, now=now)
    return request


def withdraw_request(batch: Batch, *, now: datetime) -> OwnershipRequest:
    """By the asker, while the issuer has not decided."""
    return _take_back(batch, RequestState.WITHDRAWN, MeterEvent.OWNERSHIP_WITHDRAWN, None, now)


def _take_back(
    batch: Batch, state: RequestState, event: MeterEvent, reason: str | None, now: datetime
) -> OwnershipRequest:
    steps(batch, BatchState.PENDING, BatchState.OPEN, now=now)
    request = _decide(batch, state, now=now, reason=reason)
    _restore_states(batch)
    _record_both(event, batch, reason=reason)
    return request


def _decide(
    batch: Batch, state: RequestState, *, now: datetime, reason: str | None = None
) -> OwnershipRequest:
    request = db.session.scalars(
        select(OwnershipRequest)
        .where(
            OwnershipRequest.batch_id == batch.id,
            OwnershipRequest.state == RequestState.PENDING,
        )
        .with_for_update()
    ).one()
    request.state, request.reason = state, reason
    request.decided_at, request.decided_by = now, acting().label
    return request


def _of(batch: Batch) -> Select[int]:
    return select(BatchItem.meter_id).where(BatchItem.batch_id == batch.id)


def _set_pending(batch: Batch) -> None:
    """The state that a refusal gives back is that of this moment: devices may be claimed since the batch was made."""
    with unscoped("devices of a batch between two organisations"):
        _lock(batch)
        db.session.execute(
            update(BatchItem)
            .where(BatchItem.batch_id == batch.id, BatchItem.meter_id == Meter.id)
            .values(was_state=Meter.claim_state),
            execution_options={"synchronize_session": False},
        )
        db.session.execute(
            update(Meter)
            .where(Meter.id.in_(_of(batch)))
            .values(claim_state=ClaimState.PENDING, version=Meter.version + 1),
            execution_options={"synchronize_session": False},
        )


def _lock(batch: Batch) -> None:
    """In one order, so that two who lock never wait for each other."""
    db.session.execute(
        select(Meter.id).where(Meter.id.in_(_of(batch))).order_by(Meter.id).with_for_update()
    )


def _restore_states(batch: Batch) -> None:
    """As they were. Programs that passed by while they were pending are told of them again (K-26)."""
    with unscoped("devices of a batch between two organisations"):
        restored = db.session.execute(
            update(Meter)
            .where(Meter.id == BatchItem.meter_id, BatchItem.batch_id == batch.id)
            .values(claim_state=BatchItem.was_state, version=Meter.version + 1)
            .returning(Meter.id, Meter.claim_state),
            execution_options={"synchronize_session": False},
        ).all()
        claimed = [row.id for row in restored if row.claim_state == ClaimState.CLAIMED]
        ownership.announce(claimed, organisation_id=batch.from_organisation_id)


def _hand_over(batch: Batch, *, now: datetime) -> None:
    """Everything of every device, in this transaction."""
    here = batch.to_organisation_id
    with scope(here):
        label = _label_of(batch)
    values = {
        "batch_reference": batch.reference,
        "batch_at": now,
        "labels": [label.number] if label is not None else [],
    }
    with unscoped("devices of a batch between two organisations"):
        _lock(batch)
        moved = ownership.move(_of(batch), to_id=here, now=now, values=values)
        let_go(batch)
    if moved != batch.devices:
        raise RuntimeError(f"batch {batch.public_id} lost devices: {moved} of {batch.devices}")
    crash_point("meters.moved")
    with scope(here):
        serials = _renew_codes(batch, now)
        with acting_as(_PORTAL):
            resealing.begin(here, now=now)
    _record_both(MeterEvent.BATCH_TAKEN, batch, serials=serials)
    crash_point("meters.taken")


def _renew_codes(batch: Batch, now: datetime) -> list[str]:
    """New claim codes, and word to the receiver's programs; the serials."""
    rows = db.session.execute(
        select(Meter.id, Meter.serial).where(Meter.id.in_(_of(batch))).order_by(Meter.id)
    ).all()
    ids = [row.id for row in rows]
    codes.renew(ids)
    tell_of_claims(ids, organisation_id=batch.to_organisation_id, now=now)
    return [row.serial for row in rows]


def _label_of(batch: Batch) -> Label | None:
    """None also where the receiver has no room for one more: that is no reason to keep the devices from it."""
    if not batch.receiver_label_name:
        return None
    try:
        return label_named(
            batch.receiver_label_name, trade="meters", organisation_id=batch.to_organisation_id
        )
    except Refusal:
        return None


def _record_both(
    event: MeterEvent,
    batch: Batch,
    *,
    serials: list[str] | None = None,
    reason: str | None = None,
) -> None:
    """Both sides' logs tell it."""
    detail: dict[str, object] = notes.of_many(serials) if serials else {"devices": batch.devices}
    if reason:
        detail["reason"] = reason
    for whose in (batch.from_organisation_id, batch.to_organisation_id):
        audit.record(
            event,
            organisation_id=whose,
            kind="batch",
            id=batch.public_id,
            label=batch.reference,
            detail=detail,
        )


def begin(batch: Batch, act: str, *, organisation_id: int, now: datetime) -> Activity:
    """Take or confirm (`act`) a large batch by a job, in the name of whoever asks."""
    return start(
        BULK,
        title=_("Take over %(reference)s", reference=batch.reference),
        organisation_id=organisation_id,
        now=now,
        total=batch.devices,
        parameters={"batch": batch.id, "act": act},
    )


@activity(BULK)
def take_large(work: Activity) -> bool:
    """One step and one transaction: ownership moves whole."""
    prolong(work, seconds=PATIENCE_SECONDS, now=utcnow())
    commit()
    batch = db.session.scalars(select(Batch).where(Batch.id == work.parameters["batch"])).one()
    {"take": take, "confirm": confirm}[work.parameters["act"]](batch, now=utcnow())
    work.finished = batch.devices
    organisation = db.session.scalars(
        select(Organisation).where(Organisation.id == work.organisation_id)
    ).one()
    url = path_of("meters.batch", org=organisation.public_id, public_id=batch.public_id)
    work.result = {"url": url}
    return True
