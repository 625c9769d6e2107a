"""Labels of meters (K-5): made, changed, deleted; set on and taken from one or many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from webapp.audit import log as audit
from webapp.core.activities import Activity, activity, start
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.names import sort_name
from webapp.devices.labels import COLOURS, LONGEST_NAME, Label, all_labels, label_named
from webapp.meters import notes
from webapp.meters.events import MeterEvent
from webapp.meters.facts import TRADE
from webapp.meters.many import among
from webapp.meters.models import Meter

SETTING = "label_meters"
STRIPPING = "strip_meter_label"
STEP = 2_000
AT_ONCE = 200
"""More than these are labelled by a job, with progress."""


def get_label(public_id: str) -> Label:
    """404 for another organisation's, and for one of another trade."""
    return db.session.scalar(
        select(Label).where(Label.public_id == public_id, Label.trade == TRADE)
    ) or abort(404)


def create_label(name: str, colour: int | None, *, organisation_id: int) -> Label:
    """A new one; a name that is there already is refused."""
    wanted = " ".join(name.split())
    if any(label.name.lower() == wanted.lower() for label in all_labels(TRADE)):
        raise _taken(wanted)
    label = label_named(wanted, trade=TRADE, organisation_id=organisation_id, colour=colour)
    _note(MeterEvent.LABEL_CHANGED, label, {"colour": label.colour})
    return label


def change_label(label: Label, name: str, colour: int, *, seen: object) -> None:
    """Rename and colour; the meters keep it."""
    wanted = " ".join(name.split())
    if str(seen or "") != str(label.version):
        raise Refusal(
            _(
                "Somebody changed this while you were looking at it. Check how it is now, then repeat."
            ),
            status=409,
        )
    if not wanted or len(wanted) > LONGEST_NAME:
        raise Refusal(_("A label has 1 to %(most)s characters.", most=LONGEST_NAME), field="name")
    others = [other for other in all_labels(TRADE) if other.id != label.id]
    if any(other.name.lower() == wanted.lower() for other in others):
        raise _taken(wanted)
    before = (label.name, label.colour)
    try:
        with db.session.begin_nested():
            label.name, label.sort_name = wanted, sort_name(wanted)
            label.colour = min(max(colour, 1), COLOURS)
    except IntegrityError as error:
        raise _taken(wanted) from error
    pairs = zip(("name", "colour"), before, (label.name, label.colour), strict=True)
    changes = {what: [old, new] for what, old, new in pairs if old != new}
    _note(MeterEvent.LABEL_CHANGED, label, {"changes": changes})


def delete_label(label: Label, *, now: datetime) -> Activity:
    """The label is gone at once; a job takes its number from the meters that bear it."""
    _note(MeterEvent.LABEL_DELETED, label, {})
    work = start(
        STRIPPING,
        title=_("Take the label “%(name)s” from its meters", name=label.name),
        organisation_id=label.organisation_id,
        now=now,
        total=count_with(label.number),
        parameters={"number": label.number},
    )
    db.session.delete(label)
    db.session.flush()
    return work


@activity(STRIPPING)
def strip_some(work: Activity) -> bool:
    """One step: numbers are never given twice, so what is left over harms nobody meanwhile."""
    number = int(work.parameters["number"])
    ids = db.session.scalars(
        select(Meter.id).where(Meter.labels.overlap([number])).limit(STEP)
    ).all()
    _write(ids, func.array_remove(Meter.labels, number))
    work.finished += len(ids)
    return len(ids) < STEP


def count_with(number: int) -> int:
    some = select(Meter.id).where(Meter.labels.overlap([number])).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def set_labels(
    meter_ids: Sequence[int], *, add: Sequence[int], remove: Sequence[int], organisation_id: int
) -> int:
    """Numbers of labels to be on and off these meters in scope; how many meters there were."""
    serials = db.session.scalars(
        select(Meter.serial).where(among(Meter.id, meter_ids)).order_by(Meter.id).with_for_update()
    ).all()
    if not serials:
        return 0
    _write(meter_ids, _combined(add, remove))
    names = {label.number: label.name for label in all_labels(TRADE)}
    said = {
        "added": [names[n] for n in add if n in names],
        "removed": [names[n] for n in remove if n in names],
    }
    audit.record(
        MeterEvent.LABELLED,
        organisation_id=organisation_id,
        kind="meters",
        id=len(serials),
        label=serials[0] if len(serials) == 1 else "",
        detail={**said, **notes.of_many(serials)},
    )
    return len(serials)


def begin_labelling(
    meter_ids: Sequence[int],
    *,
    add: Sequence[int],
    remove: Sequence[int],
    organisation_id: int,
    now: datetime,
) -> Activity:
    """The same for many, as a job with progress."""
    return start(
        SETTING,
        title=_("Label meters"),
        organisation_id=organisation_id,
        now=now,
        total=len(meter_ids),
        parameters={"meters": sorted(meter_ids), "add": list(add), "remove": list(remove)},
    )


@activity(SETTING)
def label_some(work: Activity) -> bool:
    """One step of a bulk labelling."""
    asked = work.parameters
    some = asked["meters"][work.finished : work.finished + STEP]
    done = set_labels(
        some, add=asked["add"], remove=asked["remove"], organisation_id=work.organisation_id
    )
    work.finished += len(some)
    work.result = {"labelled": (work.result or {}).get("labelled", 0) + done}
    return work.finished >= len(asked["meters"])


def _combined(add: Sequence[int], remove: Sequence[int]) -> Any:
    """The array without those to remove, and with those to add once each."""
    labels: Any = Meter.labels
    for number in (*remove, *add):
        labels = func.array_remove(labels, number)
    for number in add:
        labels = func.array_append(labels, number)
    return labels


def _write(meter_ids: Sequence[int], labels: Any) -> None:
    db.session.execute(
        update(Meter).where(among(Meter.id, meter_ids)).values(labels=labels),
        execution_options={"synchronize_session": False},
    )


def _taken(name: str) -> Refusal:
    words = _("There is a label “%(name)s” already.", name=name)
    return Refusal(words, field="name", status=409)


def _note(event: MeterEvent, label: Label, detail: dict[str, Any]) -> None:
    audit.record(
        event,
        organisation_id=label.organisation_id,
        kind="label",
        id=label.public_id,
        label=label.name,
        detail=detail,
    )
