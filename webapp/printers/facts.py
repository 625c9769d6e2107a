"""What is known of a printer at one moment: the app's own facts over what its reading says."""

from __future__ import annotations

import ipaddress
import json
import re
import zlib
from typing import Any

import msgspec

from webapp.core.errors import Problem
from webapp.printers.messages import LaunchFacts
from webapp.printers.snmp import raw
from webapp.printers.snmp.decode import Decoded, decode, reading_text
from webapp.printers.snmp.raw import BadReading, RawValue
from webapp.printers.snmp.supplies import Supply

MESSAGES = 4
MESSAGE_NAMES = ("OID1", "OID2", "OID3", "OID4")
FAULT = "fault "
LONGEST_SHOWN = 120
_NO_SERIAL = re.compile(r"(?:0+|X+|-+|N/?A|NONE|NULL|UNKNOWN|DEFAULT)?")


def parse_reading(wire: dict[str, tuple[str, Any]]) -> dict[str, RawValue]:
    """The reading of a message; a `Problem` 422 names the entry that does not keep the form."""
    try:
        return raw.parse(wire)
    except BadReading as error:
        oid, _, words = str(error).partition(": ")
        where = f"reading.{oid}" if words else "reading"
        raise Problem(
            422,
            "invalid_message",
            str(error),
            errors=[{"where": where, "message": words or str(error)}],
        ) from error


def pack(reading: dict[str, RawValue]) -> bytes:
    """A reading as it is stored: wire form, JSON, zlib."""
    return zlib.compress(json.dumps(raw.to_wire(reading)).encode(), 6)


def unpack(packed: bytes) -> dict[str, RawValue]:
    return raw.parse(json.loads(zlib.decompress(packed)))


def merge(said: LaunchFacts, reading: dict[str, RawValue]) -> dict[str, Any]:
    """Plain facts for storing, mails and screens. Texts are free of control characters."""
    decoded = decode(reading)
    identity = decoded.identity
    counters = said.counters
    return {
        "serial": usable_serial(said.serial) or identity.serial,
        "serial_raw": said.serial or identity.raw_serial,
        "maker": identity.maker,
        "model": _clean(said.model) or identity.model,
        "name": _clean(said.name) or identity.name,
        "location": _clean(said.location) or identity.location,
        "ip": canonical_address(said.ip),
        "counters": {
            name: _first(getattr(counters, name, None), _count(decoded, name))
            for name in ("total", "black", "colour", "large")
        },
        "faults": _faults(said, decoded),
        "warning": any(f.severity != "critical" for f in decoded.faults[:MESSAGES]),
        "supplies": _supplies(said, decoded),
        "missing": [[m.what, m.why] for m in decoded.missing],
        "doubtful": list(decoded.doubtful),
        "said": _said_by_app(said),
        "sources": _sources(decoded),
    }


def decode_again(known: dict[str, Any], packed: bytes) -> dict[str, Any] | None:
    """The facts of a stored reading by the present profiles; None where the app's own part of them isn't known apart
    (readings of before it was kept)."""
    if "said" not in known:
        return None
    said = msgspec.convert(known["said"], LaunchFacts)
    gaps = {"gaps": known["gaps"]} if "gaps" in known else {}
    return merge(said, unpack(packed)) | gaps


def messages(known: dict[str, Any], packed: bytes | None, sources: dict[str, str]) -> list[str]:
    """The four texts of `[[[OID1]]]` to `[[[OID4]]]`: the fault messages in the order shown, but where the button
    maps one to another reading (`{"OID2": "1.3.6…"}`), what the printer said there."""
    faults = [*known["faults"], "", "", "", ""][:MESSAGES]
    reading = unpack(packed) if packed and sources else {}
    return [
        _of_source(sources.get(name, f"{FAULT}{place + 1}"), faults, reading)
        for place, name in enumerate(MESSAGE_NAMES)
    ]


def _of_source(source: str, faults: list[str], reading: dict[str, RawValue]) -> str:
    """`fault 2` is the second fault message; all else is an OID."""
    if source.startswith(FAULT):
        return faults[int(source.removeprefix(FAULT)) - 1]
    return _said(reading, source)


def readable(packed: bytes) -> list[tuple[str, str]]:
    """(OID, what it says) of a stored reading, in the order of the OIDs; what says nothing is left out."""
    reading = unpack(packed)
    found = [(oid, _said(reading, oid)) for oid in sorted(reading, key=_arcs)]
    return [(oid, words[:LONGEST_SHOWN]) for oid, words in found if words]


def _arcs(oid: str) -> list[int]:
    return [int(arc) for arc in oid.split(".")]


def _said(reading: dict[str, RawValue], oid: str) -> str:
    value = reading.get(oid)
    if value is None:
        return ""
    return str(value.number) if value.number is not None else _clean(reading_text(reading, oid))


def usable_serial(text: str | None) -> str:
    """Trimmed, upper case, without NULs; empty when it is none (zeros, X…X, N/A)."""
    cleaned = "".join(c for c in (text or "") if c.isprintable()).strip().upper()
    return "" if _NO_SERIAL.fullmatch(cleaned) else cleaned


def _faults(said: LaunchFacts, decoded: Decoded) -> list[str]:
    if said.faults is not None:
        return [text for text in map(_clean, said.faults) if text]
    return [text for text in decoded.messages if text]


def _supplies(said: LaunchFacts, decoded: Decoded) -> list[dict[str, Any]]:
    if said.supplies is not None:
        return [msgspec.to_builtins(supply) for supply in said.supplies]
    return [
        {"name": s.description, "level_percent": s.percent, "state": _supply_state(s)}
        for s in decoded.supplies
    ]


def _supply_state(supply: Supply) -> str:
    return {"ok": "ok", "low": "low", "empty": "empty", "full": "empty"}.get(
        supply.state, "unknown"
    )


def _count(decoded: Decoded, name: str) -> int | None:
    counter = getattr(decoded.counters, name)
    return counter.value if counter is not None else None


def _first(said: int | None, read: int | None) -> int | None:
    return said if said is not None else read


def canonical_address(text: str | None) -> str:
    """The address in canonical form; what is none is dropped, for the app can't mend it."""
    try:
        return str(ipaddress.ip_address((text or "").strip()))
    except ValueError:
        return ""


def _said_by_app(said: LaunchFacts) -> dict[str, Any]:
    """What did not come from the reading: kept, so that the reading can be decoded again under it."""
    told: dict[str, Any] = msgspec.to_builtins(said)
    return {name: value for name, value in told.items() if value is not None}


def _sources(decoded: Decoded) -> dict[str, Any]:
    """What the four places that know of faults say, side by side."""
    state = decoded.state
    return {
        "device_status": state.device_status,
        "printer_status": state.printer_status,
        "bits": list(state.error_state) if state.error_state is not None else None,
        "panel": list(state.panel),
        "saving_power": state.is_saving_power,
        "alerts": [
            {"text": fault.text, "severity": fault.severity}
            for fault in decoded.faults
            if fault.source == "alert"
        ],
    }


def _clean(text: str | None) -> str:
    """One line without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text or "").split())
