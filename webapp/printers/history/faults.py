"""Faults that looks at a printer keep seeing: they open a request by themselves where the button wants it (B-13).

A fault must be seen twice, and as long as the alarm rules say, before anything happens; and it must be missing for
`clear` before it counts as gone. A power saver never comes here: the reader does not take it for a fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.alarms.rules import rule_for
from webapp.audit import log as audit
from webapp.core.counters import draw
from webapp.core.db import db
from webapp.core.principal import Principal, acting
from webapp.printers.conditions import PRINTER_FAULT
from webapp.printers.events import PrinterEvent
from webapp.printers.facts import messages
from webapp.printers.history.models import PrinterFault
from webapp.printers.mails import send_request_mails
from webapp.printers.models import (
    PanicButton,
    PanicRequest,
    Printer,
    PrinterReading,
    RequestSource,
    RequestState,
)
from webapp.printers.notices import tell_of_new
from webapp.printers.requests import note
from webapp.printers.work import complete

LOOKS = 2
LONGEST = 200
MOST = 20
WATCHING = ("poll", "agent")
"""Readings that come by themselves. At a press of the button somebody calls anyway."""


def saw(printer: Printer, known: Mapping[str, Any], raw: bytes, *, now: datetime) -> None:
    """A reading that came by itself: what it says is wrong, and with it what isn't any more."""
    said = _folded(known["faults"])
    watched = {row.fault: row for row in _watched(printer)}
    for fault, words in said.items():
        if fault in watched:
            _seen_again(watched[fault], words, now)
        else:
            watched[fault] = _begin(printer, fault, words, now)
    for fault in watched.keys() - said.keys():
        _missing(printer, watched[fault], now)
    _open_what_lasts(printer, [watched[fault] for fault in said], known, raw, now)


def still_the_same(printer: Printer, *, now: datetime) -> None:
    """A quick look found the printer as it was: all its faults are seen once more."""
    watched = _watched(printer)
    there = [row for row in watched if row.gone_at is None]
    for row in there:
        _seen_again(row, row.words, now)
    for row in watched:
        if row.gone_at is not None:
            _missing(printer, row, now)
    if any(row.request_id is None for row in there):
        last = _last_reading(printer)
        if last is not None:
            _open_what_lasts(printer, there, last.decoded, last.raw, now)


def fold(words: str) -> str:
    """What two looks must agree in: letters and digits, however they are spaced or cased."""
    return " ".join(words.casefold().split())[:LONGEST]


def _folded(faults: Iterable[str]) -> dict[str, str]:
    pairs = ((fold(words), words[:LONGEST]) for words in faults)
    return dict(list({fault: words for fault, words in pairs if fault}.items())[:MOST])


def _watched(printer: Printer) -> Sequence[PrinterFault]:
    return db.session.scalars(
        select(PrinterFault)
        .where(PrinterFault.printer_id == printer.id)
        .order_by(PrinterFault.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _begin(printer: Printer, fault: str, words: str, now: datetime) -> PrinterFault:
    """Of two looks at the same moment the unique constraint lets one begin it."""
    first = insert(PrinterFault).values(
        organisation_id=printer.organisation_id,
        printer_id=printer.id,
        fault=fault,
        words=words,
        first_seen_at=now,
        last_seen_at=now,
    )
    db.session.execute(first.on_conflict_do_nothing())
    found: PrinterFault = db.session.scalars(
        select(PrinterFault).where(
            PrinterFault.printer_id == printer.id, PrinterFault.fault == fault
        )
    ).one()
    return found


def _seen_again(row: PrinterFault, words: str, now: datetime) -> None:
    row.words, row.last_seen_at, row.gone_at = words, now, None
    row.looks += 1


def _missing(printer: Printer, row: PrinterFault, now: datetime) -> None:
    """Gone for good when it stays away; until then it may be the same one that comes back."""
    row.gone_at = row.gone_at or now
    if row.request_id is not None and now - row.gone_at < PRINTER_FAULT.clear:
        return
    if row.request_id is not None:
        _close(row, now)
    db.session.delete(row)


def _open_what_lasts(
    printer: Printer,
    rows: Sequence[PrinterFault],
    known: Mapping[str, Any],
    raw: bytes,
    now: datetime,
) -> None:
    button = printer.button
    if button is None or not (button.active and button.opens_on_fault):
        return
    debounce = _debounce(printer)
    for row in rows:
        lasts = row.looks >= LOOKS and now - row.first_seen_at >= debounce
        if lasts and row.request_id is None and not _has_open(printer, row.fault):
            row.request_id = _open(printer, button, row, known, raw, now).id


def _debounce(printer: Printer) -> timedelta:
    rule = rule_for(printer.organisation_id, PRINTER_FAULT.name)
    return PRINTER_FAULT.debounce if rule.debounce is None else rule.debounce


def _has_open(printer: Printer, fault: str) -> bool:
    """One that came and went while somebody still works on its request opens no second one."""
    statement = select(PanicRequest.id).where(
        PanicRequest.printer_id == printer.id,
        PanicRequest.fault == fault,
        PanicRequest.state != RequestState.DONE,
    )
    return db.session.scalar(statement) is not None


def _open(
    printer: Printer,
    button: PanicButton,
    row: PrinterFault,
    known: Mapping[str, Any],
    raw: bytes,
    now: datetime,
) -> PanicRequest:
    facts = {**known, "faults": _first(row.words, known["faults"])}
    request = PanicRequest(
        organisation_id=printer.organisation_id,
        number=draw("request", organisation_id=printer.organisation_id),
        button=button,
        printer=printer,
        email="",
        language=button.language,
        reasons=[{"id": None, "texts": _texts(button, row.words)}],
        reason_ids=[],
        facts={**facts, "messages": messages(facts, raw, button.fault_sources)},
        source=RequestSource.FAULT,
        fault=row.fault,
        created_at=now,
        printer_name=printer.name,
        printer_serial=printer.serial or "",
        location=printer.location or known["location"],
    )
    db.session.add(request)
    db.session.flush()
    note(request, "opened_by_fault", by=acting(), now=now, text=row.words)
    send_request_mails(request)
    tell_of_new(request, now=now)
    _record(PrinterEvent.REQUEST_OPENED, request, printer=printer.name, problem=row.words)
    return request


def _close(row: PrinterFault, now: datetime) -> None:
    """Nobody has taken it yet: done. Somebody works on it: they are told, and end it themselves."""
    request = db.session.scalar(
        select(PanicRequest).where(PanicRequest.id == row.request_id).with_for_update()
    )
    if request is None or request.state == RequestState.DONE:
        return
    by: Principal = acting()
    note(request, "fault_gone", by=by, now=now, text=row.words)
    if request.state == RequestState.NEW:
        complete(request, by=by, now=now)


def _first(words: str, faults: Sequence[str]) -> list[str]:
    return [words, *(other for other in faults if fold(other) != fold(words))]


def _texts(button: PanicButton, words: str) -> dict[str, str]:
    found = {}
    for language in dict.fromkeys([button.language, *button.languages, "en"]):
        with force_locale(language):
            found[language] = _("Fault: %(words)s", words=words)
    return found


def _last_reading(printer: Printer) -> PrinterReading | None:
    return db.session.scalar(
        select(PrinterReading)
        .where(PrinterReading.printer_id == printer.id, PrinterReading.source.in_(WATCHING))
        .order_by(PrinterReading.at.desc(), PrinterReading.id.desc())
        .limit(1)
    )


def _record(event: PrinterEvent, request: PanicRequest, **detail: object) -> None:
    audit.record(
        event,
        organisation_id=request.organisation_id,
        kind="request",
        id=request.public_id,
        label=f"#{request.number}",
        detail=detail,
    )
