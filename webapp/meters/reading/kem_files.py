"""Kamstrup's KEM and KEM2: lists of meters with keys, encrypted by XML Encryption under a password.

The file, often in a ZIP archive, holds one `CipherValue` (https://www.w3.org/TR/xmlenc-core/): AES-128-CBC; key and
start value are both the password padded with zero bytes. Inside KEM has `MetersInOrder/Meter` (SerialNo, VendorId,
EncKeys/DEK), KEM2 `Devices/Device` (SerialNumber, ManufacturerId, Keys … Value). The maker publishes no description;
the names follow published readers of such files. XML is read by expat; a document type declaration is refused, so that
no entity is ever expanded and nothing is fetched.
"""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Final
from xml.parsers import expat

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from webapp.meters.kinds import KeyKind
from webapp.meters.reading.building import build
from webapp.meters.reading.rows import FileError, Found
from webapp.meters.reading.texts import is_zip

KEY_BYTES: Final = 16
LARGEST_MB: Final = 64
DEEPEST: Final = 32
METHOD: Final = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
LISTS: Final = {"MetersInOrder": "Meter", "Devices": "Device"}
NUMBERS: Final = ("SerialNo", "SerialNumber", "MeterNo", "CustomerDeviceNumber")
VENDORS: Final = ("VendorId", "ManufacturerId")
TYPES: Final = ("MeterName", "ShortName")
KEYS: Final = ("DEK", "Value")
COLUMNS: Final = {"mbus_id": "SerialNo", "mbus_maker": "VendorId", str(KeyKind.OMS_AES128): "DEK"}


def read_kem(stream: IO[bytes], password: str, defaults: Mapping[str, str]) -> Iterator[Found]:
    """Devices of a KEM or KEM2 file, packed or not. The "line" of each is its number in the list."""
    for number, values in enumerate(devices(stream, password), 1):
        yield from build(number, {**defaults, **values}, COLUMNS)


def devices(stream: IO[bytes], password: str) -> Iterator[dict[str, str]]:
    """The texts of each device by field, as the file has them."""
    plain = _decrypted(_unpacked(stream), password)
    meters = _Meters()
    if not _parsed(plain, meters) or meters.item is None:
        raise FileError("kem_password" if not meters.seen else "kem_content")
    if not meters.found:
        raise FileError("file_no_rows")
    yield from map(_values, meters.found)


@dataclass(slots=True)
class _Envelope:
    """Handlers for the outer file: the method, and the ciphertext as base64."""

    method: str = ""
    cipher: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    seen: bool = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.seen = True
        self.path.append(_local(name))
        if self.path[-1] == "EncryptionMethod" and not self.method:
            self.method = attributes.get("Algorithm", "")

    def end(self, _name: str) -> None:
        self.path.pop()

    def text(self, text: str) -> None:
        if self.path and self.path[-1] == "CipherValue":
            self.cipher.append(text)


@dataclass(slots=True)
class _Meters:
    """Handlers for the inner file: the texts of each meter, by element."""

    item: str | None = None
    found: list[dict[str, str]] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    current: dict[str, str] | None = None
    seen: bool = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        plain = _local(name)
        if not self.seen:
            self.seen, self.item = True, LISTS.get(plain)
        self.path.append(plain)
        if plain == self.item:
            self.current = {}

    def end(self, name: str) -> None:
        self.path.pop()
        if _local(name) == self.item and self.current is not None:
            self.found.append(self.current)
            self.current = None

    def text(self, text: str) -> None:
        """The first element of a name wins: of several keys that is the one for data."""
        if self.current is None or not (plain := text.strip()):
            return
        self.current[self.path[-1]] = self.current.get(self.path[-1], "") or plain


def _values(texts: Mapping[str, str]) -> dict[str, str]:
    values = {
        "mbus_id": _first(texts, NUMBERS),
        "serial": _first(texts, NUMBERS),
        "mbus_maker": _first(texts, VENDORS),
        "name": _first(texts, TYPES),
        str(KeyKind.OMS_AES128): _first(texts, KEYS),
    }
    return {name: value for name, value in values.items() if value}


def _first(texts: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((texts[name] for name in names if texts.get(name)), "")


def _unpacked(stream: IO[bytes]) -> bytes:
    if not is_zip(stream):
        return _limited(stream)
    try:
        with zipfile.ZipFile(stream) as archive:
            inside = [
                i for i in archive.infolist() if i.filename.lower().endswith((".kem", ".kem2"))
            ]
            if len(inside) != 1:
                raise FileError("kem_several" if inside else "kem_none", count=len(inside))
            if inside[0].flag_bits & 1:
                raise FileError("kem_encrypted")
            with archive.open(inside[0]) as packed:
                return _limited(packed)
    except (zipfile.BadZipFile, OSError, NotImplementedError, EOFError, binascii.Error) as error:
        raise FileError("file_archive", kind="ZIP") from error


def _limited(stream: IO[bytes]) -> bytes:
    data = stream.read(LARGEST_MB * 1024 * 1024 + 1)
    if len(data) > LARGEST_MB * 1024 * 1024:
        raise FileError("file_too_large", most=LARGEST_MB)
    return data


def _decrypted(data: bytes, password: str) -> bytes:
    envelope = _Envelope()
    if not _parsed(data, envelope):
        raise FileError("kem_xml")
    if not envelope.cipher:
        raise FileError("kem_not_sealed")
    if envelope.method != METHOD:
        raise FileError("kem_method", method=envelope.method.rpartition("#")[2][:40] or "?")
    key = _key(password)
    try:
        sealed = base64.b64decode("".join("".join(envelope.cipher).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FileError("kem_xml") from error
    if not sealed or len(sealed) % KEY_BYTES:
        raise FileError("kem_password")
    decryptor = Cipher(AES(key), CBC(key)).decryptor()
    return _trimmed(decryptor.update(sealed) + decryptor.finalize())


def _key(password: str) -> bytes:
    if not password:
        raise FileError("kem_password_missing")
    if len(raw := password.encode()) > KEY_BYTES:
        raise FileError("kem_password_long")
    return raw.ljust(KEY_BYTES, b"\0")


def _trimmed(plain: bytes) -> bytes:
    """Without the padding behind the last element, whatever it is made of."""
    return plain[: plain.rfind(b">") + 1]


def _parsed(data: bytes, handlers: _Envelope | _Meters) -> bool:
    """False where it is no XML. `FileError` for a document type declaration."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = handlers.start
    parser.EndElementHandler = handlers.end
    parser.CharacterDataHandler = handlers.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.ParseFile(io.BytesIO(data))
    except FileError:
        raise
    except (
        expat.ExpatError,
        ValueError,
        LookupError,
    ):  # the latter two for encodings it can't read
        return False
    return True


def _refuse_doctype(*_arguments: object) -> None:
    raise FileError("kem_doctype")


def _local(name: str) -> str:
    return name.rpartition(":")[2]
