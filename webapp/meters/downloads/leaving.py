"""Before a byte leaves: whose the meters are now, who gets them, written down and committed (K-28)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import abort
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select

from webapp.audit import log as audit
from webapp.core.db import commit, db
from webapp.core.errors import Refusal
from webapp.meters import notes, reveals
from webapp.meters.downloads import devices
from webapp.meters.downloads.choices import Choice
from webapp.meters.events import MeterEvent
from webapp.meters.formats import Device
from webapp.meters.many import among
from webapp.meters.models import ClaimState, Meter
from webapp.meters.sentences import Sentence


@dataclass(frozen=True)
class Sent:
    """A file that may leave now."""

    name: str
    media_type: str
    content: bytes


def not_claimed(ids: Sequence[int]) -> list[Meter]:
    """Those of these meters in scope whose keys nobody may have now, by serial number."""
    found = select(Meter).where(among(Meter.id, ids), Meter.claim_state != ClaimState.CLAIMED)
    return list(db.session.scalars(found.order_by(Meter.serial, Meter.id)))


def why_not(state: str) -> str:
    """Why keys of a device in this state don't leave."""
    if state == ClaimState.PENDING:
        words = _("Its ownership is pending: keys can be downloaded once the issuer has decided.")
    else:
        words = _("It is not claimed yet: claim it first.")
    return str(words)


def refuse(meters: Sequence[Meter], *, organisation_id: int) -> Refusal:
    """Nothing can leave: noted, and told with the reason."""
    audit.record_aside(
        MeterEvent.KEYS_REFUSED,
        organisation_id=organisation_id,
        kind="meters",
        id=len(meters),
        label=meters[0].serial if len(meters) == 1 else "",
        detail=notes.of_many(meter.serial for meter in meters),
    )
    if len(meters) == 1:
        return Refusal(f"{meters[0].serial}: {why_not(meters[0].claim_state)}", status=409)
    return Refusal(
        _("None of these devices is claimed. Claim them first; pending ones wait for the issuer."),
        status=409,
    )


def at_once(meter_id: int, choice: Choice, *, organisation_id: int, now: datetime) -> Sent:
    """One device as a file. The meter is held, so that it can't change hands under the download."""
    held = select(Meter).where(Meter.id == meter_id).with_for_update(read=True)
    meter = db.session.scalar(held, execution_options={"populate_existing": True})
    if meter is None:  # it has just left
        abort(404)
    if meter.claim_state != ClaimState.CLAIMED:
        raise refuse([meter], organisation_id=organisation_id)
    faults: list[Sentence] = []

    def left_out(_device: Device, why: Sentence) -> None:
        faults.append(why)

    found = devices.claimed([meter_id])
    content = b"".join(choice.write(devices.with_values(found), left_out))
    if faults:
        raise Refusal(f"{meter.serial}: {faults[0]}", field="format")
    note([meter_id], choice.shown_form, organisation_id=organisation_id, now=now)
    commit()
    return Sent(choice.file_name(f"keys-{meter.serial}", now), choice.media_type, content)


def note(
    meter_ids: Sequence[int],
    form: str,
    *,
    organisation_id: int,
    now: datetime,
    activity_id: int | None = None,
) -> None:
    """The reveals and their row of the log; whoever calls commits before it sends."""
    chosen = select(Meter.id).where(among(Meter.id, meter_ids))
    reveals.note(chosen, form, now=now, activity_id=activity_id)
    serials = list(db.session.scalars(select(Meter.serial).where(among(Meter.id, meter_ids))))
    audit.record(
        MeterEvent.KEYS_REVEALED,
        organisation_id=organisation_id,
        kind="meters",
        id=len(serials),
        label=serials[0] if len(serials) == 1 else "",
        detail={"form": form, **notes.of_many(serials)},
    )


def hold(meter_ids: Sequence[int]) -> None:
    """Until the commit none of these meters in scope changes hands."""
    locked = select(Meter.id).where(among(Meter.id, meter_ids)).order_by(Meter.id)
    db.session.execute(locked.with_for_update(read=True)).all()


def check_still_ours(meter_ids: Sequence[int]) -> None:
    """A file that was written while they were: what left meanwhile is not handed out any more."""
    hold(meter_ids)
    counted = select(func.count(Meter.id)).where(
        among(Meter.id, meter_ids), Meter.claim_state == ClaimState.CLAIMED
    )
    gone = len(meter_ids) - (db.session.scalar(counted) or 0)
    if gone:
        raise Refusal(
            ngettext(
                "%(num)s device of this file has left your organisation or is not claimed any more. "
                "Make a new download.",
                "%(num)s devices of this file have left your organisation or are not claimed any more. "
                "Make a new download.",
                gone,
            ),
            status=409,
        )
