"""What looks weak about stored keys (K-6): looked for at import and on demand, shown, dismissed.

A look opens values and shows none. Equal and mirrored keys are found over the whole portal by their fingerprints, and
both sides are warned without being told of the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import case, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from webapp.audit import log as audit
from webapp.core.activities import Activity, activity, start
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.principal import acting
from webapp.core.tenancy import unscoped
from webapp.meters import keyring, lint, notes, opening
from webapp.meters.events import MeterEvent
from webapp.meters.lint import Finding
from webapp.meters.many import among
from webapp.meters.models import KeyFinding, Meter, MeterKey

CHECKING = "lint_meters"
STEP = 1_000
AT_ONCE = 200
PROOFS = 20
_WITHOUT_SESSION = {"synchronize_session": False}


class Found(NamedTuple):
    """A finding about one stored value."""

    organisation_id: int
    meter_id: int
    meter_key_id: int
    finding: Finding


def look(meter_ids: Sequence[int], *, now: datetime) -> int:
    """Examine the valid values of these meters in scope anew; how many open findings they have then.

    What was dismissed stays dismissed; what is no longer so goes.
    """
    keys = _keys_of(meter_ids)
    found = _examined(meter_ids, keys)
    _forget_others([key.id for key in keys.values()], found)
    _write(found, now)
    recount({*meter_ids, *(f.meter_id for f in found)})
    return (
        db.session.scalar(select(func.sum(Meter.findings)).where(among(Meter.id, meter_ids))) or 0
    )


def begin_look(meter_ids: Sequence[int], *, organisation_id: int, now: datetime) -> Activity:
    """The same for many, as a job with progress."""
    note(meter_ids, organisation_id=organisation_id)
    return start(
        CHECKING,
        title=_("Check the keys again"),
        organisation_id=organisation_id,
        now=now,
        total=len(meter_ids),
        parameters={"meters": sorted(meter_ids)},
    )


def note(meter_ids: Sequence[int], *, organisation_id: int) -> None:
    """That somebody had keys looked at; no value left."""
    serials = db.session.scalars(select(Meter.serial).where(among(Meter.id, meter_ids))).all()
    audit.record(
        MeterEvent.KEYS_CHECKED,
        organisation_id=organisation_id,
        kind="meters",
        id=len(serials),
        label=serials[0] if len(serials) == 1 else "",
        detail=notes.of_many(serials),
    )


@activity(CHECKING)
def look_at_some(work: Activity) -> bool:
    """One step."""
    ids = work.parameters["meters"]
    some = ids[work.finished : work.finished + STEP]
    findings = look(some, now=utcnow())
    work.finished += len(some)
    work.result = {"warnings": (work.result or {}).get("warnings", 0) + findings}
    return work.finished >= len(ids)


def dismiss(meter: Meter, kind: str, slot: str, finding: str, *, now: datetime) -> None:
    """Somebody looked at the warning and lives with it. Dismissed twice is once."""
    row = db.session.scalar(
        select(KeyFinding)
        .join(MeterKey, MeterKey.id == KeyFinding.meter_key_id)
        .where(
            KeyFinding.meter_id == meter.id,
            KeyFinding.finding == finding,
            MeterKey.kind == kind,
            MeterKey.slot == slot,
            MeterKey.valid_to.is_(None),
        )
        .with_for_update(of=KeyFinding)
    ) or abort(404)
    if row.dismissed_at is not None:
        return
    row.dismissed_at, row.dismissed_by = now, acting().label
    db.session.flush()
    recount([meter.id])
    audit.record(
        MeterEvent.FINDING_DISMISSED,
        organisation_id=meter.organisation_id,
        kind="meter",
        id=meter.public_id,
        label=meter.serial,
        detail={"key": kind, "slot": slot, "finding": finding},
    )


def recount(meter_ids: Iterable[int]) -> None:
    """How many open findings about valid values each meter has."""
    with unscoped("findings about equal keys concern both owners"):
        number = (
            select(func.count())
            .select_from(KeyFinding)
            .join(MeterKey, MeterKey.id == KeyFinding.meter_key_id)
            .where(
                KeyFinding.meter_id == Meter.id,
                KeyFinding.dismissed_at.is_(None),
                MeterKey.valid_to.is_(None),
            )
            .correlate(Meter)
            .scalar_subquery()
        )
        db.session.execute(
            update(Meter)
            .where(among(Meter.id, list(meter_ids)), Meter.findings != number)
            .values(findings=number),
            execution_options=_WITHOUT_SESSION,
        )


Place = tuple[int, str, str]
"""Meter, kind, slot."""


def _keys_of(meter_ids: Sequence[int]) -> dict[Place, MeterKey]:
    rows = db.session.scalars(
        select(MeterKey).where(among(MeterKey.meter_id, meter_ids), MeterKey.valid_to.is_(None))
    )
    return {(row.meter_id, row.kind, row.slot): row for row in rows}


def _examined(meter_ids: Sequence[int], keys: dict[Place, MeterKey]) -> list[Found]:
    meters = {m.id: m for m in db.session.scalars(select(Meter).where(among(Meter.id, meter_ids)))}
    prints, found = keyring.fingerprints(), list[Found]()
    mirrored = dict[bytes, list[MeterKey]]()
    for opened in opening.opened(opening.rows_of(meter_ids)):
        key, meter = keys[opened.meter_id, opened.kind, opened.slot], meters[opened.meter_id]
        for finding in lint.examine(opened.value, _identifiers(meter)):
            found.append(Found(key.organisation_id, key.meter_id, key.id, finding))
        backward = prints.of(opened.value[::-1])
        if backward != key.fingerprint:
            mirrored.setdefault(backward, []).append(key)
    own = defaultdict[bytes, list[MeterKey]](list)
    for key in keys.values():
        own[key.fingerprint].append(key)
    found += _pairs(own, Finding.SHARED)
    found += _pairs(mirrored, Finding.REVERSED)
    return list(dict.fromkeys(found))


def _identifiers(meter: Meter) -> list[str]:
    known = (meter.serial, meter.dev_eui, meter.join_eui, meter.dev_addr, meter.mbus_id)
    return [identifier for identifier in known if identifier]


def _pairs(sought: dict[bytes, list[MeterKey]], finding: Finding) -> list[Found]:
    """Values of other meters with these fingerprints, whosever they are: both sides."""
    found = []
    for one in _with_fingerprints(list(sought)):
        keys = [key for key in sought[one.fingerprint] if key.meter_id != one.meter_id]
        if keys:
            found.append(Found(one.organisation_id, one.meter_id, one.id, finding))
        found += [Found(k.organisation_id, k.meter_id, k.id, finding) for k in keys]
    return found


def _with_fingerprints(fingerprints: list[bytes]) -> Sequence[Any]:
    """Some of each: where thousands share a key, a few of them prove it."""
    place = func.row_number().over(partition_by=MeterKey.fingerprint, order_by=MeterKey.id)
    with unscoped("equal keys are looked for over all organisations"):
        all_of_them = (
            select(
                MeterKey.organisation_id,
                MeterKey.meter_id,
                MeterKey.id,
                MeterKey.fingerprint,
                place.label("place"),
            )
            .where(MeterKey.fingerprint.in_(fingerprints), MeterKey.valid_to.is_(None))
            .subquery()
        )
        return db.session.execute(select(all_of_them).where(all_of_them.c.place <= PROOFS)).all()


def _forget_others(key_ids: Sequence[int], found: Sequence[Found]) -> None:
    """Open findings of these values that were not found again."""
    gone = delete(KeyFinding).where(
        among(KeyFinding.meter_key_id, key_ids), KeyFinding.dismissed_at.is_(None)
    )
    again = [(f.meter_key_id, f.finding.value) for f in found]
    if again:
        gone = gone.where(tuple_(KeyFinding.meter_key_id, KeyFinding.finding).not_in(again))
    db.session.execute(gone, execution_options=_WITHOUT_SESSION)


def _write(found: Sequence[Found], now: datetime) -> None:
    if not found:
        return
    rows = [
        {**f._asdict(), "finding": f.finding.value, "found_at": now}
        for f in sorted(found, key=lambda f: f.meter_key_id)
    ]
    with unscoped("both owners of equal keys are warned"):
        db.session.execute(insert(KeyFinding).on_conflict_do_nothing(), rows)


class Shown(NamedTuple):
    """A finding as the meter's page shows it."""

    finding: KeyFinding
    kind: str
    slot: str


def of_meter(meter: Meter) -> list[Shown]:
    """About valid values; the open ones first."""
    rows = db.session.execute(
        select(KeyFinding, MeterKey.kind, MeterKey.slot)
        .join(MeterKey, MeterKey.id == KeyFinding.meter_key_id)
        .where(KeyFinding.meter_id == meter.id, MeterKey.valid_to.is_(None))
        .order_by(case((KeyFinding.dismissed_at.is_(None), 0), else_=1), KeyFinding.id)
    )
    return [Shown(*row) for row in rows]
