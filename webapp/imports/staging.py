"""Lines between file and table: written by COPY, read back batch by batch, marked set-wise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from flask_babel import gettext as _
from sqlalchemy import Integer, delete, func, insert, select, update
from sqlalchemy.types import BigInteger

from webapp.core import bulk
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.imports.columns import Reading
from webapp.imports.models import Import, ImportFault, ImportRow
from webapp.imports.subjects import BATCH, Context, Fault, MadeRow, Row, Same, Sealing, Subject

MOST_FAULTS: Final = 50_000
_COPY: Final = "COPY import_rows (organisation_id, import_id, line, values, values_sealed, keys, faulty) FROM STDIN"


def context_of(row: Import, now: datetime) -> Context:
    return Context(
        row.organisation_id, row.public_id, row.file_name, row.user_id, now, row.parameters
    )


def clear(row: Import) -> None:
    """Nothing is staged: before checking anew."""
    for table in (ImportRow, ImportFault):
        db.session.execute(
            delete(table).where(table.import_id == row.id),
            execution_options={"synchronize_session": False},
        )
    row.rows = row.faulty = row.warnings = row.faults_kept = 0


def stage(
    row: Import, subject: Subject, readings: Sequence[Reading], faults: Iterable[Fault]
) -> None:
    """Write a batch of lines and what speaks against them."""
    found = list(faults)
    faulty = {fault.line for fault in found if not fault.is_warning}
    secret = {field.name for field in subject.fields if field.secret}
    seal = subject.sealer(context_of(row, utcnow())) if secret else None
    connection: Any = db.session.connection().connection
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for reading in readings:
            copy.write_row(_columns(row, subject, reading, reading.line in faulty, secret, seal))
    row.rows += len(readings)
    row.faulty += len(faulty)
    values = {reading.line: reading.values for reading in readings}
    keep_faults(row, subject, found, values)


def _columns(
    row: Import,
    subject: Subject,
    reading: Reading,
    faulty: bool,
    secret: set[str],
    seal: Sealing | None,
) -> tuple[Any, ...]:
    values, sealed = reading.values, None
    if seal is not None:
        hidden = {name: value for name, value in values.items() if name in secret}
        values = {name: value for name, value in values.items() if name not in secret}
        if not faulty:
            plain = msgspec.json.encode(hidden)
            sealed = seal(plain, _bound(row, reading.line))
    keys = _array(None if faulty else same.of(reading.values) for same in subject.sames)
    text = msgspec.json.encode(values).decode()
    return row.organisation_id, row.id, reading.line, text, sealed, keys, faulty


def _array(texts: Iterable[str | None]) -> str:
    """As PostgreSQL reads it; psycopg's own writer takes far longer."""
    return "{" + ",".join(map(bulk.element, texts)) + "}"


def _bound(row: Import, line: int) -> str:
    return f"import_rows.values_sealed:{row.public_id}:{line}"


def keep_faults(
    row: Import, subject: Subject, faults: Sequence[Fault], values: Mapping[int, Mapping[str, Any]]
) -> None:
    """Count them all; keep the first 50,000 for the list."""
    row.warnings += sum(fault.is_warning for fault in faults)
    kept = [_fault(row, subject, f, values) for f in faults[: MOST_FAULTS - row.faults_kept]]
    row.faults_kept += len(kept)
    if kept:
        db.session.execute(insert(ImportFault), kept)


def _fault(
    row: Import, subject: Subject, fault: Fault, values: Mapping[int, Mapping[str, Any]]
) -> dict[str, Any]:
    field = subject.field(fault.field) if fault.field else None
    value = None if field is None or field.secret else values.get(fault.line, {}).get(field.name)
    return {
        "organisation_id": row.organisation_id,
        "import_id": row.id,
        "line": fault.line,
        "name": str(values.get(fault.line, {}).get(subject.named_by or "") or "")[:120],
        "field": fault.field,
        "value": "" if value is None else _shown(value)[:120],
        "words": fault.words[:500],
        "is_warning": fault.is_warning,
    }


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def mark_same(row: Import, subject: Subject) -> None:
    """Of lines that are the same in something all but the first are faulty: one statement each."""
    for place, same in enumerate(subject.sames, start=1):
        _mark_same(row, subject, place, same)


def _mark_same(row: Import, subject: Subject, place: int, same: Same) -> None:
    """The lines that are told are those that the list keeps: millions are counted, not fetched."""
    key = ImportRow.keys[place]
    twice = (
        select(key.label("key"), func.min(ImportRow.line).label("first"))
        .where(ImportRow.import_id == row.id, key.is_not(None), ImportRow.faulty.is_(False))
        .group_by(key)
        .having(func.count() > 1)
        .subquery()
    )
    value = ImportRow.values[same.field or ""].astext.label("value")
    name = ImportRow.values[subject.named_by or ""].astext.label("name")
    which = (
        ImportRow.import_id == row.id,
        ImportRow.faulty.is_(False),
        key == twice.c.key,
        ImportRow.line > twice.c.first,
    )
    told: Any = (
        select(ImportRow.line, twice.c.first, value, name).where(*which)
        if same.is_warning
        else update(ImportRow)
        .where(*which)
        .values(faulty=True)
        .returning(ImportRow.line, twice.c.first, value, name)
    )
    found = told.cte("found")
    statement = select(found, func.count().over()).order_by(found.c.line).limit(MOST_FAULTS)
    options = {"synchronize_session": False}
    lines = db.session.execute(statement, execution_options=options).all()
    words = str(same.words) or _("The same stands in line %(line)s already.")
    faults = [
        Fault(line, words % {"line": first}, same.field, same.is_warning)
        for line, first, _value, _name, _count in lines
    ]
    values = {
        line: {subject.named_by or "": named, same.field or "": said}
        for line, _first, said, named, _count in lines
    }
    keep_faults(row, subject, faults, values)
    number = lines[0][4] if lines else 0
    if same.is_warning:
        row.warnings += number - len(lines)
    else:
        row.faulty += number


def good_rows(row: Import, subject: Subject, *, after: int, limit: int = BATCH) -> list[Row]:
    """The next lines to be made."""
    statement = _staged(row, after, limit).where(
        ImportRow.faulty.is_(False), ImportRow.made_id.is_(None)
    )
    unseal = subject.unsealer(context_of(row, utcnow()))
    return [
        Row(line, _values(row, unseal, line, values, sealed))
        for line, values, sealed, _made in db.session.execute(statement)
    ]


def made_rows(row: Import, subject: Subject, *, after: int, limit: int = BATCH) -> list[MadeRow]:
    """The next lines of which something was made."""
    statement = _staged(row, after, limit).where(ImportRow.made_id.is_not(None))
    unseal = subject.unsealer(context_of(row, utcnow()))
    return [
        MadeRow(line, _values(row, unseal, line, values, sealed), made or 0)
        for line, values, sealed, made in db.session.execute(statement)
    ]


def made_rows_bare(row: Import, *, after: int, limit: int = BATCH) -> list[MadeRow]:
    """Lines and ids alone, for undoing: the secrets may be gone already."""
    statement = (
        select(ImportRow.line, ImportRow.made_id)
        .where(ImportRow.import_id == row.id, ImportRow.line > after)
        .where(ImportRow.made_id.is_not(None))
        .order_by(ImportRow.line)
        .limit(limit)
    )
    found = db.session.execute(statement)
    return [MadeRow(line, {}, made or 0) for line, made in found]


def _staged(row: Import, after: int, limit: int) -> Any:
    return (
        select(ImportRow.line, ImportRow.values, ImportRow.values_sealed, ImportRow.made_id)
        .where(ImportRow.import_id == row.id, ImportRow.line > after)
        .order_by(ImportRow.line)
        .limit(limit)
    )


def _values(
    row: Import, unseal: Sealing, line: int, values: dict[str, Any], sealed: bytes | None
) -> dict[str, Any]:
    if sealed is None:
        return values
    plain = unseal(sealed, _bound(row, line))
    return {**values, **msgspec.json.decode(plain)}


def mark_made(
    row: Import, lines: Sequence[int], ids: Sequence[int | None], *, wipe: bool = False
) -> None:
    """What became of each line, in the transaction that made it; `wipe`: its secrets are gone for good."""
    made = (
        func.unnest(
            bulk.array_of(lines, Integer),
            bulk.array_of(ids, BigInteger),
        )
        .table_valued("line", "made_id", name="made")
        .render_derived()
    )
    values: dict[str, Any] = {"made_id": made.c.made_id}
    if wipe:
        values["values_sealed"] = None
    _update(
        update(ImportRow)
        .where(ImportRow.import_id == row.id, ImportRow.line == made.c.line)
        .values(values)
    )


def mark_faulty(row: Import, lines: Sequence[int]) -> None:
    _update(
        update(ImportRow)
        .where(ImportRow.import_id == row.id, ImportRow.line.in_(lines))
        .values(faulty=True)
    )
    row.faulty += len(lines)


def wipe_secrets(row: Import, *, until: int) -> None:
    """What was sealed is gone for good, up to a line."""
    _update(
        update(ImportRow)
        .where(ImportRow.import_id == row.id, ImportRow.line <= until)
        .where(ImportRow.values_sealed.is_not(None))
        .values(values_sealed=None)
    )


def _update(statement: Any) -> None:
    db.session.execute(statement, execution_options={"synchronize_session": False})
