"""From the app's message to the request: launch, code, start, answers, finish.

States (docs/data-model/printers.md): unbound → bound → started → finished, or expired from any of the first
three. All of it follows from the row: no printer, no `started_at`, no `request_id`, `expires_at`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.audit import log as audit
from webapp.core.crypto import digest, token
from webapp.core.db import aside, db
from webapp.core.errors import Problem, Refusal
from webapp.core.principal import acting
from webapp.core.throttle import Limit, take
from webapp.devices.access import replaced
from webapp.devices.models import Credential, Device
from webapp.devices.replacing import replacement_of
from webapp.printers import codes, facts
from webapp.printers.addresses import is_address
from webapp.printers.events import PrinterEvent
from webapp.printers.messages import Launch
from webapp.printers.models import PanicButton, PanicLaunch, Printer
from webapp.printers.readings import keep_reading

LINK_LIVES = timedelta(minutes=30)
SESSION_LIVES = timedelta(minutes=30)
TRIES_A_LAUNCH = 5
GUESSES = Limit("printer-code", tries=30, window_seconds=900)


@dataclass(frozen=True)
class Opened:
    """A launch and the token of its link, which is told once and not stored."""

    launch: PanicLaunch
    token: str


def launch_printer(message: Launch, credential: Credential, *, now: datetime) -> Opened:
    """Note a press of the button. The same `launch_id` again is the same launch with a new link."""
    earlier = _earlier(message, now)
    if earlier is not None:
        return _with_new_link(earlier, now)
    reading = facts.parse_reading(message.reading)
    known = facts.merge(message.facts, reading)
    printer = _speaking(credential, known, now)
    secret = token()
    launch = PanicLaunch(
        organisation_id=credential.organisation_id,
        launch_id=str(message.launch_id),
        credential_id=credential.id,
        printer=printer,
        facts=known,
        raw=facts.pack(reading) if reading else None,
        start_digest=digest(secret),
        created_at=now,
        expires_at=now + LINK_LIVES,
        address=acting().via,
        answers={"email": _address_of(message.badge_email)},
    )
    db.session.add(launch)
    if printer is not None:
        keep_reading(printer, launch.facts, launch.raw, source="launch", now=now)
    db.session.flush()
    return Opened(launch, secret)


def _speaking(credential: Credential, known: dict[str, Any], now: datetime) -> Printer | None:
    """By its own credential, else by its serial. A machine whose place another has taken is told so (P-43)."""
    if credential.device_id is not None:
        return _owner_of(credential, known, now)
    printer = printer_by_serial(known["maker"], known["serial"])
    if printer is None and not _is_known(known["serial"]):
        fenced = replacement_of(known["serial"])
        if fenced is not None:
            raise replaced(fenced)
    return printer


def _owner_of(credential: Credential, known: dict[str, Any], now: datetime) -> Printer | None:
    """A launch with another serial is another machine: its credential was carried over by hand."""
    printer = db.session.scalars(select(Printer).where(Printer.id == credential.device_id)).one()
    serial = known["serial"]
    if serial and printer.serial and serial != printer.serial:
        words = f"This credential is of {printer.serial}, not of {serial}. Replace the printer in the portal."
        raise Problem(409, "serial_differs", words)
    if serial and printer.serial is None:
        bind(printer, known, now=now)
    return printer if printer.button_id is not None else None


def _is_known(serial: str) -> bool:
    """Bound again, as another printer or to the same: no longer fenced."""
    return (
        bool(serial)
        and db.session.scalar(select(Printer.id).where(Printer.serial == serial).limit(1))
        is not None
    )


def printer_by_serial(maker: str, serial: str) -> Printer | None:
    """The organisation's printer with this serial; the maker decides only between several."""
    if not serial:
        return None
    found = db.session.scalars(
        select(Printer).where(Printer.serial == serial, Printer.button_id.is_not(None))
    ).all()
    same_maker = [p for p in found if maker in ("", p.maker) or p.maker == ""]
    return same_maker[0] if len(same_maker) == 1 else None


def start(launch: PanicLaunch, *, now: datetime) -> str:
    """Use the link, once; the token of the path that the pages live under."""
    secret = token()
    launch.started_at = now
    launch.session_digest = digest(secret)
    launch.expires_at = now + SESSION_LIVES
    return secret


def enter_code(launch: PanicLaunch, typed: str, *, now: datetime) -> Printer:
    """Bind the launch's serial to the printer of this code. Guesses are throttled and few a launch."""
    take(GUESSES, launch.organisation_id, acting().via)
    printer = db.session.scalar(
        select(Printer).where(Printer.code_digest == codes.digest_of(typed)).with_for_update()
    )
    serial = launch.facts["serial"]
    if printer is None or printer.button_id is None or _is_other(printer, serial):
        raise Refusal("code_unknown", field="code")
    launch.printer = printer
    if serial and printer.serial is None:
        bind(printer, launch.facts, now=now)
    keep_reading(printer, launch.facts, launch.raw, source="launch", now=now)
    return printer


def count_wrong_code(launch_number: int) -> int:
    """The tries left. Counted aside and after the rollback of the refused request, which held the row."""
    with aside() as session:
        row = session.scalars(
            select(PanicLaunch).where(PanicLaunch.id == launch_number).with_for_update()
        ).one()
        row.tries = min(row.tries + 1, TRIES_A_LAUNCH)
        audit.record(
            PrinterEvent.CODE_REFUSED,
            organisation_id=row.organisation_id,
            kind="launch",
            id=row.id,
            label=row.facts["serial"],
            session=session,
        )
        return TRIES_A_LAUNCH - row.tries


def bind(printer: Printer, known: dict[str, Any], *, now: datetime) -> None:
    """The printer has this serial from now on; what the admin typed stays."""
    printer.serial = known["serial"]
    printer.serial_end = known["serial"][::-1]
    printer.serial_raw = known["serial_raw"]
    printer.maker = known["maker"] or printer.maker
    printer.model = printer.model or known["model"]
    printer.bound_at = now
    try:
        db.session.flush()
    except IntegrityError as error:
        raise Refusal("code_unknown", field="code") from error
    device = db.session.scalars(select(Device).where(Device.id == printer.id)).one()
    device.serial = printer.serial
    audit.record(
        PrinterEvent.PRINTER_BOUND,
        organisation_id=printer.organisation_id,
        kind="printer",
        id=printer.public_id,
        label=printer.name,
        detail={"serial": printer.serial, "maker": printer.maker},
    )


def keep_answers(launch: PanicLaunch, **answers: Any) -> None:
    """Back keeps everything: what was typed stands in the launch's row."""
    launch.answers = {**launch.answers, **answers}


def button_of(launch: PanicLaunch) -> PanicButton | None:
    return launch.printer.button if launch.printer is not None else None


def _earlier(message: Launch, now: datetime) -> PanicLaunch | None:
    """The same press of the button, if it was not long ago; else its id is forgotten."""
    launch = db.session.scalar(
        select(PanicLaunch).where(PanicLaunch.launch_id == str(message.launch_id)).with_for_update()
    )
    if launch is not None and (launch.request_id or launch.created_at < now - LINK_LIVES):
        launch.launch_id = None
        db.session.flush()
        return None
    return launch


def _with_new_link(launch: PanicLaunch, now: datetime) -> Opened:
    """Nobody heard the first answer: the newest link is good, the older ones are not."""
    secret = token()
    launch.start_digest = digest(secret)
    launch.started_at, launch.session_digest = None, None
    launch.expires_at = now + LINK_LIVES
    return Opened(launch, secret)


def _is_other(printer: Printer, serial: str) -> bool:
    """The code's printer is bound to another serial: the admin unbinds it first."""
    return printer.serial is not None and bool(serial) and printer.serial != serial


def _address_of(badge: str | None) -> str:
    """A badge may hold a login name instead of an address: dropped, not refused."""
    return badge.strip() if badge and is_address(badge.strip()) else ""
