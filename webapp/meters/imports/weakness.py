"""Key lint at import (K-6): warnings when a file is checked, findings of the devices when they are made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import LargeBinary, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from webapp.core.bulk import one_of
from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.imports.subjects import Fault, Row
from webapp.meters import keyring, lint
from webapp.meters.kinds import LABELS as KEY_LABELS
from webapp.meters.kinds import KeyKind
from webapp.meters.lint import Finding
from webapp.meters.many import among
from webapp.meters.models import KeyFinding, Meter, MeterKey
from webapp.meters.stock import NewMeter

FINDINGS: Final = "_findings"
PRINTS: Final = "_prints"
"""In a row's values, kept with the line: kind → findings; the fingerprints of its keys. Neither tells a key."""
_OPTIONS: Final = {"synchronize_session": False}
_IDENTIFIERS: Final = ("serial", "dev_eui", "join_eui", "dev_addr", "mbus_id")
KINDS: Final = tuple(kind.value for kind in KeyKind)


def keys_of(values: Mapping[str, Any]) -> dict[str, bytes]:
    return {kind: bytes.fromhex(values[kind]) for kind in KINDS if values.get(kind)}


def warn(rows: Sequence[Row], *, organisation_id: int | None) -> Iterator[Fault]:
    """Warnings for lines that were not looked at yet; equal keys within the organisation, or anywhere for None."""
    fresh = [row for row in rows if FINDINGS not in row.values]
    if not fresh:
        return
    prints = keyring.fingerprints()
    held: dict[bytes, list[tuple[Row, str]]] = defaultdict(list)
    mirrored: dict[bytes, list[tuple[Row, str]]] = defaultdict(list)
    for row in fresh:
        identifiers = [row.values[name] for name in _IDENTIFIERS if row.values.get(name)]
        found: dict[str, list[str]] = {}
        row.values[PRINTS] = []
        for kind, value in keys_of(row.values).items():
            weak = lint.examine(value, identifiers)
            if weak:
                found[kind] = sorted(weak)
                yield from (_warning(row, kind, finding) for finding in sorted(weak))
            one, other = prints.of(value), prints.of(value[::-1])
            row.values[PRINTS].append(one.hex())
            held[one].append((row, kind))
            if other != one:
                mirrored[other].append((row, kind))
        row.values[FINDINGS] = found
    yield from _known(held, Finding.SHARED, organisation_id)
    yield from _known(mirrored, Finding.REVERSED, organisation_id)


def _warning(row: Row, kind: str, finding: Finding) -> Fault:
    words = _(
        "%(key)s looks weak: %(finding)s.",
        key=KEY_LABELS[KeyKind(kind)],
        finding=lint.LABELS[finding],
    )
    return Fault(row.line, words, kind, is_warning=True)


def _known(
    sought: Mapping[bytes, Sequence[tuple[Row, str]]], finding: Finding, organisation_id: int | None
) -> Iterator[Fault]:
    statement = select(MeterKey.fingerprint).distinct().where(_one_of(sought))
    if organisation_id is not None:
        statement = statement.where(MeterKey.organisation_id == organisation_id)
    with unscoped("equal keys are looked for over all organisations, or in the one named"):
        known = db.session.scalars(statement).all()
    for fingerprint in known:
        for row, kind in sought[fingerprint]:
            yield _warning(row, kind, finding)


def _one_of(prints: Mapping[bytes, Any]) -> Any:
    return one_of(MeterKey.fingerprint, prints, LargeBinary)


def record(
    ids: Sequence[int],
    meters: Sequence[NewMeter],
    found: Sequence[Mapping[str, list[str]]],
    *,
    now: datetime,
) -> None:
    """Write the findings of devices that were just made, and of those in the stock that have an equal key."""
    weak = {
        (meter_id, kind): [*names]
        for meter_id, kinds in zip(ids, found, strict=True)
        for kind, names in kinds.items()
    }
    others = _pairs(ids, meters, weak)
    if weak:
        _write(_placed(weak), now)
    if others:
        _write(others, now)


Placed = tuple[int, int, int, str]
"""Organisation, meter, key, finding."""


Holders = Mapping[bytes, Sequence[tuple[int, str]]]
"""Fingerprint → meters and kinds of keys."""


def _pairs(
    ids: Sequence[int], meters: Sequence[NewMeter], weak: dict[tuple[int, str], list[str]]
) -> list[Placed]:
    """Adds to `weak`; gives the other sides, in the stock."""
    held, mirrored = _by_print(ids, meters)
    for places in held.values():
        if len({meter_id for meter_id, _kind in places}) > 1:
            for place in places:
                _add(weak, place, Finding.SHARED)
    return [
        *_with_stock(held, Finding.SHARED, weak, before=min(ids)),
        *_with_stock(mirrored, Finding.REVERSED, weak),
    ]


def _by_print(ids: Sequence[int], meters: Sequence[NewMeter]) -> tuple[Holders, Holders]:
    """By the values' fingerprints, and by those of the values in reverse."""
    prints = keyring.fingerprints()
    held: dict[bytes, list[tuple[int, str]]] = defaultdict(list)
    mirrored: dict[bytes, list[tuple[int, str]]] = defaultdict(list)
    for meter_id, meter in zip(ids, meters, strict=True):
        for kind, value in meter.keys.items():
            one, other = prints.of(value), prints.of(value[::-1])
            held[one].append((meter_id, kind.value))
            if other != one:
                mirrored[other].append((meter_id, kind.value))
    return held, mirrored


def _with_stock(
    sought: Holders,
    finding: Finding,
    weak: dict[tuple[int, str], list[str]],
    *,
    before: int | None = None,
) -> Iterator[Placed]:
    for key in _counterparts(sought, before=before):
        mine = [place for place in sought[key.fingerprint] if place[0] != key.meter_id]
        for place in mine:
            _add(weak, place, finding)
        if mine:
            yield key.organisation_id, key.meter_id, key.id, finding.value


def _add(weak: dict[tuple[int, str], list[str]], place: tuple[int, str], finding: Finding) -> None:
    names = weak.setdefault(place, [])
    if finding.value not in names:
        names.append(finding.value)


def _counterparts(sought: Holders, *, before: int | None) -> Sequence[Any]:
    """Valid keys with these fingerprints, the oldest of each; of devices older than `before`."""
    statement = (
        select(MeterKey.id, MeterKey.organisation_id, MeterKey.meter_id, MeterKey.fingerprint)
        .ext(distinct_on(MeterKey.fingerprint))
        .where(_one_of(sought), MeterKey.valid_to.is_(None))
        .order_by(MeterKey.fingerprint, MeterKey.id)
    )
    if before is not None:
        statement = statement.where(MeterKey.meter_id < before)
    with unscoped("equal keys concern both owners"):
        return db.session.execute(statement).all()


def _placed(weak: Mapping[tuple[int, str], list[str]]) -> list[Placed]:
    ids = sorted({meter_id for meter_id, _kind in weak})
    statement = select(MeterKey.id, MeterKey.organisation_id, MeterKey.meter_id, MeterKey.kind)
    with unscoped("findings of devices that were just made"):
        rows = db.session.execute(statement.where(among(MeterKey.meter_id, ids))).all()
    return [
        (row.organisation_id, row.meter_id, row.id, name)
        for row in rows
        for name in weak.get((row.meter_id, row.kind), ())
    ]


def _write(placed: Sequence[Placed], now: datetime) -> None:
    """The rows, and how many open ones each device has."""
    names = ("organisation_id", "meter_id", "meter_key_id", "finding")
    unique = sorted(set(placed))
    rows = [{**dict(zip(names, one, strict=True)), "found_at": now} for one in unique]
    with unscoped("both owners of equal keys are warned"):
        db.session.execute(upsert(KeyFinding).on_conflict_do_nothing(), rows)
        recount(sorted({one[1] for one in unique}))


def recount(ids: Sequence[int]) -> None:
    open_ones = (
        select(KeyFinding.meter_id, func.count().label("number"))
        .where(among(KeyFinding.meter_id, ids), KeyFinding.dismissed_at.is_(None))
        .group_by(KeyFinding.meter_id)
        .subquery()
    )
    db.session.execute(
        update(Meter).where(Meter.id == open_ones.c.meter_id).values(findings=open_ones.c.number),
        execution_options=_OPTIONS,
    )
