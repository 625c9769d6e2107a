"""Everything an organisation holds, as one ZIP: long work in steps of bounded size (Q-22, Q-33).

The cursor says which table, in which form, after which row; the archive's state goes with it. A worker that dies
is followed by another, which goes on at the last commit: rows, pieces of the file and cursor are one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import undefer

from webapp.accounts.models import User
from webapp.activities.kinds import DownloadKind, register
from webapp.audit import log as audit
from webapp.core.activities import Activity, activity, start
from webapp.core.clock import utcnow
from webapp.core.crashpoints import crash_point
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.exports import Exported, all_exported, kept_back
from webapp.core.files import File
from webapp.core.jobs import OPEN
from webapp.core.large_files import append, begin, complete
from webapp.core.principal import Principal
from webapp.orgs.models import Organisation
from webapp.records import writing
from webapp.records.archive import LARGEST_ENTRY, Archive
from webapp.records.events import RecordEvent

KIND = "organisation_export"
OFFERED_FOR = timedelta(hours=24)
ROWS_A_STEP = 500
FOLDER = "tables"

register(DownloadKind(KIND, _l("Everything of the organisation")))


def begin_export(organisation: Organisation, *, by: Principal, now: datetime) -> Activity:
    """One at a time for each organisation; in the log as soon as it is asked for."""
    if running() is not None:
        raise Refusal(_("An export is being made already; it is under Activity."), status=409)
    work = start(
        KIND,
        title=_("Export of everything of %(org)s", org=organisation.name),
        organisation_id=organisation.id,
        total=len(all_exported()) + 1,
        now=now,
    )
    audit.record(
        RecordEvent.EXPORT_ASKED,
        organisation_id=organisation.id,
        kind="organisation",
        id=organisation.public_id,
        label=organisation.name,
        by=by,
    )
    return work


def running() -> Activity | None:
    """That of the organisation in scope, whoever asked for it."""
    wanted = select(Activity).where(Activity.kind == KIND, Activity.state.in_(OPEN))
    return db.session.scalar(wanted.limit(1))


@activity(KIND, cancelled=lambda work: drop(work))
def export_step(work: Activity) -> bool:
    """Some rows of one table in one form; after the last table the files and the README."""
    if work.cursor is None:
        _begin(work)
    assert work.cursor is not None  # noqa: S101 - just set
    cursor = dict(work.cursor)
    archive = Archive.from_state(cursor["archive"])
    file = _file(work)
    tables = all_exported()
    if cursor["table"] < len(tables):
        append(file, _some_rows(tables[cursor["table"]], cursor, archive, work))
    elif not _some_file(file, cursor, archive):
        append(file, _readme(archive, tables, work, utcnow()) + archive.end())
        complete(file)
        work.finished = work.total
        work.result = {"lines": [_("The file is offered to you alone, for 24 hours.")]}
        return True
    cursor["archive"] = archive.state()
    work.cursor = cursor
    work.finished = min(cursor["table"], work.total)
    crash_point("export.before_commit")
    return False


def drop(work: Activity) -> None:
    """What was written of the file goes with the work."""
    if work.file_id is not None:
        file = _file(work)
        work.file_id = None
        db.session.flush()
        db.session.delete(file)


def _begin(work: Activity) -> None:
    now = utcnow()
    file = begin(
        kind=KIND,
        name=f"outpost-export-{now:%Y-%m-%d}.zip",
        media_type="application/zip",
        organisation_id=work.organisation_id,
        created_by=work.by,
        now=now,
        for_user_id=work.user_id,
        expires_at=now + OFFERED_FOR,
    )
    work.file_id = file.id
    work.cursor = {
        "table": 0,
        "form": 0,
        "after": 0,
        "part": 1,
        "file": 0,
        "rows": {},
        "delimiter": _delimiter_of(work),
        "archive": Archive.begun(now).state(),
    }


def _delimiter_of(work: Activity) -> str:
    """As the maker's spreadsheet wants it."""
    wanted = select(User.csv_delimiter).where(User.id == work.user_id)
    return db.session.scalar(wanted) or ","


def _file(work: Activity) -> File:
    return db.session.scalars(select(File).where(File.id == work.file_id)).one()


def _some_rows(table: Exported, cursor: dict[str, Any], archive: Archive, work: Activity) -> bytes:
    """The next rows, with the entry opened before the first and closed after the last."""
    form, content = writing.FORMATS[cursor["form"]], b""
    habit = {"delimiter": cursor["delimiter"]}
    if archive.current is None:
        content += archive.open(_entry_name(table, form, cursor["part"]))
        content += archive.write(writing.heading(form, table.columns, **habit))
    rows = db.session.execute(_statement(table, cursor["after"], work.organisation_id)).all()
    if rows:
        lines = writing.lines(form, table.columns, [row[1:] for row in rows], **habit)
        content += archive.write(lines)
        cursor["after"] = rows[-1][0]
        _count(cursor, table, form, len(rows))
    if len(rows) < ROWS_A_STEP:
        content += archive.close()
        _next_entry(cursor)
    elif archive.current is not None and archive.current.size > LARGEST_ENTRY - 2**28:
        content += archive.close()
        cursor["part"] += 1
    return content


def _statement(table: Exported, after: int, organisation_id: int) -> Select[Any]:
    model: Any = table.model
    columns = [getattr(model, name) for name in table.columns]
    statement = select(model.id, *columns).where(model.id > after)
    if table.where is not None:
        statement = statement.where(table.where(organisation_id))
    return statement.order_by(model.id).limit(ROWS_A_STEP)


def _entry_name(table: Exported, form: str, part: int) -> str:
    number = "" if part == 1 else f"-{part}"
    return f"{FOLDER}/{table.name}{number}.{form}"


def _count(cursor: dict[str, Any], table: Exported, form: str, rows: int) -> None:
    if form == writing.FORMATS[0]:
        cursor["rows"] = {**cursor["rows"], table.name: cursor["rows"].get(table.name, 0) + rows}


def _next_entry(cursor: dict[str, Any]) -> None:
    cursor["after"], cursor["part"] = 0, 1
    cursor["form"] += 1
    if cursor["form"] == len(writing.FORMATS):
        cursor["form"] = 0
        cursor["table"] += 1


def _some_file(file: File, cursor: dict[str, Any], archive: Archive) -> bool:
    """The content of the next small file; False when there is none."""
    found = db.session.scalar(
        select(File)
        .where(File.id > cursor["file"], File.chunks == 0, File.id != file.id)
        .options(undefer(File.content))
        .order_by(File.id)
        .limit(1)
    )
    if found is None:
        return False
    cursor["file"] = found.id
    if found.content is not None:
        name = found.name.replace("/", "_").replace("\\", "_")
        content = archive.open(f"files/{found.public_id}-{name}")
        append(file, content + archive.write(found.content) + archive.close())
    db.session.expunge(found)
    return True


def _readme(archive: Archive, tables: Sequence[Exported], work: Activity, now: datetime) -> bytes:
    owner = db.session.scalars(
        select(Organisation).where(Organisation.id == work.organisation_id)
    ).one()
    rows = (work.cursor or {}).get("rows", {})
    text = readme(owner.name, tables, rows, began=work.began_at or now, ended=now)
    return archive.open("README.txt") + archive.write(text.encode()) + archive.close()


def readme(
    name: str, tables: Sequence[Exported], rows: dict[str, int], *, began: datetime, ended: datetime
) -> str:
    parts = [_about_export(name, began, ended)]
    for table in tables:
        parts.append(f"\n{table.name} ({rows.get(table.name, 0)} rows)\n  {table.about}\n")
        parts.append(f"  Columns: {', '.join(table.columns)}\n")
        if table.withheld:
            parts.append(f"  Not exported: {table.withheld}\n")
    parts.append("\nTables that are not exported\n")
    parts.extend(f"  {each}: {why}\n" for each, why in sorted(kept_back().items()))
    return "".join(parts)


def _about_export(name: str, began: datetime, ended: datetime) -> str:
    return (
        f"Everything that {name} holds in Outpost, as written between {began:%Y-%m-%d %H:%M:%S} and "
        f"{ended:%Y-%m-%d %H:%M:%S} UTC.\nRows written meanwhile may be in one table and missing in another.\n\n"
        "tables/<name>.jsonl   JSON lines (UTF-8): one row a line, an object of column and value.\n"
        "tables/<name>.csv     The same for spreadsheets (UTF-8 with BOM, CRLF, your delimiter). Texts that a\n"
        "                      spreadsheet would run as a formula begin with an apostrophe; lists and objects\n"
        "                      are JSON texts.\n"
        "files/                The contents of files up to 5 MB, named by their public id.\n\n"
        "Times are UTC (RFC 3339). A column <something>_id holds the id of a row in another table.\n"
        "Very large tables go on in <name>-2 and so on.\n"
    )
