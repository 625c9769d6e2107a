"""Which printer it is: maker, model, serial, name, place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from webapp.printers.snmp.profiles import STANDARD, Named, Profile, all_profiles, find_profile
from webapp.printers.snmp.raw import RawValue
from webapp.printers.snmp.rows import Rows
from webapp.printers.snmp.texts import device_id

SYS_DESCR: Final = "1.3.6.1.2.1.1.1.0"  # RFC 3418
SYS_OBJECT_ID: Final = "1.3.6.1.2.1.1.2.0"
SYS_NAME: Final = "1.3.6.1.2.1.1.5.0"
SYS_LOCATION: Final = "1.3.6.1.2.1.1.6.0"
DEVICE_TYPE: Final = "1.3.6.1.2.1.25.3.2.1.2"  # hrDeviceType, RFC 2790
DEVICE_DESCR: Final = "1.3.6.1.2.1.25.3.2.1.3"
DEVICE_STATUS: Final = "1.3.6.1.2.1.25.3.2.1.5"
IS_PRINTER: Final = "1.3.6.1.2.1.25.3.1.5"  # hrDevicePrinter
PRINTER_STATUS: Final = "1.3.6.1.2.1.25.3.5.1.1"
ERROR_STATE: Final = "1.3.6.1.2.1.25.3.5.1.2"
PRINTER_NAME: Final = "1.3.6.1.2.1.43.5.1.1.16"  # prtGeneralPrinterName, RFC 3805
SERIAL: Final = "1.3.6.1.2.1.43.5.1.1.17"  # prtGeneralSerialNumber

MAX_SERIAL: Final = 64
_NO_SERIAL: Final = frozenset({"NOTAVAILABLE", "UNKNOWN", "NONE", "NA", "NULL", "DEFAULT"})


@dataclass(frozen=True)
class Identity:
    """`raw_serial` is the serial as answered, hex where it is no text; `aliases` are other forms of
    it that this printer or its label uses. Empty text means that nothing usable was answered."""

    profile: str
    maker: str
    model: str
    serial: str
    raw_serial: str
    aliases: tuple[str, ...]
    name: str
    location: str
    object_id: str
    descr: str


def read_identity(rows: Rows) -> tuple[Identity, Profile]:
    descr = rows.sentence(rows.reading.get(SYS_DESCR))
    object_id = _object_id(rows)
    known = " / ".join(filter(None, [descr, *_standard_models(rows), *_device_ids(rows)]))
    profile_name, profile = find_profile(object_id, descr, other=known)
    if profile_name == STANDARD or not (descr or object_id):
        profile_name, profile = _by_private_rows(rows, profile_name, profile)
    serials = list(_serials(rows, profile, descr))
    raw = serials[0][1] if serials else _refused_serial(rows, profile)
    names = list(dict.fromkeys(name for name, _ in serials))
    identity = Identity(
        profile=profile_name,
        maker=profile.brand(descr or known),
        model=_model(rows, profile, descr),
        serial=names[0] if names else "",
        raw_serial=raw,
        aliases=tuple(dict.fromkeys([*names[1:], *_other_forms(profile, names[:1])])),
        name=rows.sentence(rows.reading.get(SYS_NAME)),
        location=rows.sentence(rows.reading.get(SYS_LOCATION)),
        object_id=object_id,
        descr=descr,
    )
    return identity, profile


def clean_serial(text: str) -> str:
    """The serial in its one form, or nothing if it is no serial: zeros, X…X, "not available"."""
    serial = " ".join(text.split()).upper()
    letters = re.sub(r"[\W_]", "", serial)
    if len(serial) > MAX_SERIAL or not letters or set(letters) <= {"0"} or set(letters) <= {"X"}:
        return ""
    return "" if letters in _NO_SERIAL else serial


def printer_index(rows: Rows) -> int | None:
    """hrDeviceIndex of the printer: by its type, else by its status rows, else the lowest device."""
    for index, raw in rows.column(DEVICE_TYPE).items():
        if raw.value == IS_PRINTER and len(index) == 1:
            return index[0]
    for column in (PRINTER_STATUS, ERROR_STATE, DEVICE_DESCR, DEVICE_STATUS):
        for index in rows.column(column):
            return index[0]
    return None


def _object_id(rows: Rows) -> str:
    raw = rows.reading.get(SYS_OBJECT_ID)
    return raw.value if raw is not None and raw.kind == "oid" and isinstance(raw.value, str) else ""


def _standard_models(rows: Rows) -> Iterator[str]:
    index = printer_index(rows)
    if index is not None:
        yield rows.label(rows.reading.get(f"{DEVICE_DESCR}.{index}"))
    for raw in rows.column(PRINTER_NAME).values():
        yield rows.label(raw)


def _device_ids(rows: Rows) -> Iterator[str]:
    """MFG of any IEEE 1284 id that a private tree carries, for printers without sysDescr."""
    for oid, raw in rows.reading.items():
        if raw.kind == "string" and oid.startswith("1.3.6.1.4.1.") and b"MFG:" in raw.octets[:200]:
            yield device_id(rows.sentence(raw)).get("MFG", "")


def _by_private_rows(rows: Rows, name: str, profile: Profile) -> tuple[str, Profile]:
    """The maker whose private rows were answered, when neither text nor object id say."""
    if name != STANDARD:
        return name, profile
    counts = {
        other: sum(len(rows.column(tree)) for tree in candidate.gather.subtrees)
        for other, candidate in all_profiles().items()
        if other != STANDARD
    }
    best = max(counts, key=lambda other: counts[other], default=name)
    return (best, all_profiles()[best]) if counts.get(best) else (name, profile)


def _serials(rows: Rows, profile: Profile, descr: str) -> Iterator[tuple[str, str]]:
    """(clean, as answered), best source first."""
    for raw in _values(rows, profile.serial, SERIAL):
        if serial := clean_serial(rows.label(raw)):
            yield serial, _as_answered(raw)
    found = re.search(profile.serial.descr, descr) if profile.serial.descr else None
    if found and (serial := clean_serial(found[1])):
        yield serial, found[1]


def _refused_serial(rows: Rows, profile: Profile) -> str:
    return next((_as_answered(raw) for raw in _values(rows, profile.serial, SERIAL)), "")


def _other_forms(profile: Profile, serials: list[str]) -> Iterator[str]:
    for pattern in profile.serial.alias:
        for serial in serials:
            if (found := re.search(pattern, serial)) and found[1] and found[1] != serial:
                yield found[1]


def _values(rows: Rows, named: Named, standard: str) -> Iterator[RawValue]:
    for oid in named.oids:
        if oid == STANDARD:
            yield from rows.column(standard).values()
        elif found := rows.first(oid):
            yield found[1]


def _as_answered(raw: RawValue) -> str:
    if not isinstance(raw.value, bytes):
        return str(raw.value)
    octets = raw.value[:256]
    text = octets.decode("latin-1")
    return text if text.isascii() and text.isprintable() else octets.hex()


def _model(rows: Rows, profile: Profile, descr: str) -> str:
    for oid in profile.model.oids:
        texts = _standard_models(rows) if oid == STANDARD else _private_model(rows, oid)
        for text in texts:
            if model := _short(text):
                return model
    if not profile.model.descr:
        return _short(descr)
    found = re.search(profile.model.descr, descr[:500])
    return _short(found[1]) if found else ""


def _private_model(rows: Rows, oid: str) -> Iterator[str]:
    found = rows.first(oid)
    if found is None:
        return
    text = rows.label(found[1])
    fields = device_id(text)
    if fields.keys() & {"MFG", "MDL", "MODEL", "MANUFACTURER"}:
        text = fields.get("MDL") or fields.get("MODEL") or fields.get("DES", "")
    yield text


def _short(text: str) -> str:
    """A model without the versions, services and page languages that follow its name."""
    text = re.split(r"[;,]| / | version | /P\b", text, maxsplit=1)[0].strip()
    return text[:100]
