"""Profiles, who reads which printer, what is never polled, searches: as an administrator makes and changes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from webapp.audit import log as audit
from webapp.core.db import db, new_public_id
from webapp.core.drains import wake
from webapp.core.errors import Refusal
from webapp.core.names import sort_name
from webapp.core.principal import Principal
from webapp.printers.events import PrinterEvent
from webapp.printers.models import PanicButton, PolledBy, Printer
from webapp.printers.polling import drain, reach
from webapp.printers.polling.models import (
    PollRules,
    PrinterDiscovery,
    PrinterPoll,
    SnmpProfile,
)
from webapp.printers.polling.targets import SECRETS, V3, keep_secret
from webapp.printers.services import add_printer

SEARCHES = "printer discoveries"
MOST_FORBIDDEN = 100


@dataclass(frozen=True, kw_only=True)
class ProfileFacts:
    """`secrets` holds what was typed: an empty one of a profile that is changed stays as it is."""

    name: str
    snmp_version: str
    port: int
    user_name: str
    auth_protocol: str
    privacy_protocol: str
    key_extension: str
    time_out_ms: int
    retries: int
    quick_minutes: int
    full_hours: int
    secrets: dict[str, str]


def save_profile(
    profile: SnmpProfile | None, facts: ProfileFacts, *, organisation_id: int, now: datetime
) -> SnmpProfile:
    """A new one where there is none."""
    values: dict[str, Any] = {
        name: value for name, value in vars(facts).items() if name != "secrets"
    } | {"sort_name": sort_name(facts.name)}
    event = PrinterEvent.PROFILE_CHANGED
    if profile is None:
        event = PrinterEvent.PROFILE_CREATED
        profile = SnmpProfile(
            public_id=new_public_id(), organisation_id=organisation_id, created_at=now, **values
        )
    try:
        with db.session.begin_nested():
            for name, value in values.items():
                setattr(profile, name, value)
            _keep_secrets(profile, facts.secrets)
            db.session.add(profile)
    except IntegrityError as error:
        words = _("There is already a reading profile of this name.")
        raise Refusal(words, field="name") from error
    _record(event, profile.organisation_id, "snmp_profile", profile.public_id, profile.name)
    return profile


def remove_profile(profile: SnmpProfile) -> None:
    """Only one that no printer is read with."""
    used = db.session.scalar(
        select(func.count()).select_from(Printer).where(Printer.poll_profile_id == profile.id)
    )
    if used:
        words = ngettext(
            "%(num)s printer is read with it. Choose another profile there first.",
            "%(num)s printers are read with it. Choose another profile there first.",
            used,
        )
        raise Refusal(words, status=409)
    _record(
        PrinterEvent.PROFILE_REMOVED,
        profile.organisation_id,
        "snmp_profile",
        profile.public_id,
        profile.name,
    )
    db.session.delete(profile)


def read_by(
    printer: Printer,
    polled_by: str,
    *,
    profile: SnmpProfile | None,
    address: str | None,
    now: datetime,
) -> None:
    """Who reads the printer from now on; the first reading follows at once."""
    if polled_by == PolledBy.PORTAL:
        _check_pollable(profile, address)
    changed = (polled_by, profile.id if profile is not None else None, address) != (
        printer.polled_by,
        printer.poll_profile_id,
        str(printer.address) if printer.address else None,
    )
    printer.polled_by, printer.address = polled_by, address
    printer.poll_profile_id = profile.id if profile is not None else None
    if not changed:
        return
    db.session.flush()
    db.session.execute(delete(PrinterPoll).where(PrinterPoll.printer_id == printer.id))
    if polled_by == PolledBy.PORTAL:
        db.session.add(_new_poll(printer, now))
        wake("long", drain.DRAIN)
    _record(
        PrinterEvent.PRINTER_CHANGED,
        printer.organisation_id,
        "printer",
        printer.public_id,
        printer.name,
        polled_by=polled_by,
    )


def read_now(printer: Printer, *, now: datetime) -> None:
    """Everything, as soon as a worker is free."""
    poll = poll_of(printer)
    if poll is None:
        raise Refusal(_("The portal does not read this printer by itself."), status=409)
    poll.full_at = poll.due_at = now
    poll.failures = 0
    wake("long", drain.DRAIN)


def poll_of(printer: Printer) -> PrinterPoll | None:
    found: PrinterPoll | None = db.session.scalar(
        select(PrinterPoll).where(PrinterPoll.printer_id == printer.id)
    )
    return found


def forbid(never: Sequence[str], *, organisation_id: int) -> None:
    """The models that the organisation never polls: parts of their names."""
    kept = list(dict.fromkeys(filter(None, (" ".join(line.split()) for line in never))))
    if len(kept) > MOST_FORBIDDEN or any(len(line) > 100 or len(line) < 3 for line in kept):
        words = _("At most %(most)s lines of 3 to 100 characters, please.", most=MOST_FORBIDDEN)
        raise Refusal(words, field="never")
    statement = insert(PollRules).values(organisation_id=organisation_id, never=kept)
    db.session.execute(
        statement.on_conflict_do_update(index_elements=["organisation_id"], set_={"never": kept})
    )


def forbidden() -> list[str]:
    rules = db.session.scalar(select(PollRules))
    return list(rules.never) if rules is not None else []


def search(network: str, profile: SnmpProfile, *, by: Principal, now: datetime) -> PrinterDiscovery:
    """Have a network searched; a worker does it."""
    wanted = reach.searched(network)
    discovery = PrinterDiscovery(
        public_id=new_public_id(),
        organisation_id=profile.organisation_id,
        network=str(wanted),
        profile_id=profile.id,
        due_at=now,
        created_at=now,
        created_by=by.label,
    )
    db.session.add(discovery)
    wake("long", SEARCHES)
    _record(
        PrinterEvent.NETWORK_SEARCHED,
        profile.organisation_id,
        "printer_discovery",
        discovery.public_id,
        discovery.network,
    )
    return discovery


def add_found(
    discovery: PrinterDiscovery,
    addresses: Sequence[str],
    *,
    button: PanicButton | None,
    now: datetime,
) -> list[Printer]:
    """The ticked ones become printers that the portal reads; those that are there already are passed over."""
    added = []
    for found in discovery.found:
        if found["address"] not in addresses or known_printer(found) is not None:
            continue
        printer = add_printer(
            found["name"] or found["model"] or found["address"],
            organisation_id=discovery.organisation_id,
            button=button,
            serial=found["serial"],
            maker=found["maker"],
            model=found["model"],
            location=found["location"],
            now=now,
        )
        read_by(
            printer,
            PolledBy.PORTAL,
            profile=discovery.profile,
            address=found["address"],
            now=now,
        )
        added.append(printer)
    return added


def known_printer(found: dict[str, Any]) -> Printer | None:
    """The organisation's printer of this serial; without a serial, the one at this address."""
    by = Printer.serial == found["serial"] if found["serial"] else None
    if by is None:
        by = Printer.address == found["address"]
    return db.session.scalars(select(Printer).where(by).limit(1)).first()


def _check_pollable(profile: SnmpProfile | None, address: str | None) -> None:
    if profile is None:
        raise Refusal(_("Choose the reading profile to ask it with."), field="profile")
    if not address:
        raise Refusal(_("Enter the printer's network address."), field="address")
    if not reach.may_ask(address):
        words = _(
            "The portal may not ask this address. Its operator names the networks in SNMP_NETWORKS; for any other, a"
            " site agent in that network does it."
        )
        raise Refusal(words, field="address")


def _new_poll(printer: Printer, now: datetime) -> PrinterPoll:
    return PrinterPoll(
        organisation_id=printer.organisation_id, printer_id=printer.id, due_at=now, full_at=now
    )


def _keep_secrets(profile: SnmpProfile, typed: dict[str, str]) -> None:
    """What the version does not need is forgotten."""
    needed = {
        "community": profile.snmp_version != V3,
        "auth": profile.snmp_version == V3 and bool(profile.auth_protocol),
        "privacy": profile.snmp_version == V3 and bool(profile.privacy_protocol),
    }
    for name in SECRETS:
        if not needed[name]:
            keep_secret(profile, name, "")
        elif typed.get(name):
            keep_secret(profile, name, typed[name])


def _record(
    event: PrinterEvent, organisation_id: int, kind: str, id_: str, label: str, **detail: object
) -> None:
    audit.record(
        event, organisation_id=organisation_id, kind=kind, id=id_, label=label, detail=dict(detail)
    )
