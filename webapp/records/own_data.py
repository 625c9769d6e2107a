"""What the portal knows of a person, for the person: a ZIP of JSON lines, made at once with bounded memory."""

from __future__ import annotations

import zipfile
from datetime import datetime
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO

from webapp.accounts.models import User
from webapp.accounts.queries import home_organisation_id
from webapp.audit import log as audit
from webapp.core.files import MIB
from webapp.core.personal import Subject, tables_of
from webapp.core.tenancy import unscoped
from webapp.records import writing
from webapp.records.erasure import subject_of
from webapp.records.events import RecordEvent

BATCH = 500


def own_archive(user: User, *, now: datetime) -> IO[bytes]:
    """The caller closes it. In the log of the person's first organisation."""
    found = SpooledTemporaryFile(max_size=4 * MIB)  # noqa: SIM115 - the caller closes it
    who = subject_of(user)
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        counts = _tables(archive, who)
        archive.writestr("README.txt", _readme(who, counts, now))
    found.seek(0)
    _record(user)
    return found


def _record(user: User) -> None:
    organisation_id = home_organisation_id(user)
    if organisation_id is not None:
        audit.record(
            RecordEvent.PERSON_EXPORTED,
            organisation_id=organisation_id,
            kind="user",
            id=user.public_id,
            label=user.name,
        )


def _tables(archive: zipfile.ZipFile, who: Subject) -> dict[str, int]:
    """A table that holds data of people in several ways has a file for each."""
    counts: dict[str, int] = {}
    with unscoped("a person's own data, wherever they stand"):
        for name, columns, rows in tables_of(who):
            number = sum(each.split("-")[0] == name for each in counts)
            label = name if not number else f"{name}-{number + 1}"
            counts[label] = 0
            with archive.open(f"{label}.jsonl", "w") as entry:
                while some := list(islice(rows, BATCH)):
                    counts[label] += len(some)
                    entry.write(writing.lines("jsonl", columns, some))
    return counts


def _readme(who: Subject, counts: dict[str, int], now: datetime) -> str:
    listed = "".join(f"  {name}.jsonl: {count}\n" for name, count in counts.items())
    return (
        f"What Outpost knows of {who.name} ({who.username}, {who.email}), {now:%Y-%m-%d %H:%M:%S} UTC.\n\n"
        "One file a table, JSON lines (UTF-8): one row a line. Times are UTC (RFC 3339).\n"
        "Passwords, codes and other secrets are kept as digests or sealed, and are not in it.\n\n"
        f"Rows\n{listed}"
    )
