"""Octets of a printer → text a person can read.

Printers declare a character set and send another, end strings with NUL, cut them inside a UTF-8
character, and prefix them with the two bytes of HP's PML encoding (0x01 0x15).
"""

import re
from typing import Final

MAX_TEXT: Final = 1_000

# IANA charset numbers as in prtLocalizationCharacterSet (RFC 3805) → Python's codec.
_CODECS: Final = {
    4: "iso8859-1",
    5: "iso8859-2",
    6: "iso8859-3",
    7: "iso8859-4",
    8: "iso8859-5",
    10: "iso8859-7",
    12: "iso8859-9",
    17: "shift_jis",
    18: "euc_jp",
    38: "euc_kr",
    2004: "hp-roman8",
    2009: "cp850",
    2025: "gb2312",
    2026: "big5",
    2250: "cp1250",
    2251: "cp1251",
    2252: "cp1252",
}
_PML_PREFIX: Final = b"\x01\x15"
_ID_FIELD = re.compile(r"\s*([^:;]{1,40}?)\s*:([^;]*)")


def sentence(octets: bytes, charset: int | None = None) -> str:
    """All of the text on one line."""
    return _printable(_decoded(_without_prefix(octets), charset))


def label(octets: bytes, charset: int | None = None) -> str:
    """The first line: names and serials have no second one, dumps of their bytes do."""
    octets = _without_prefix(octets)
    for line in re.split(rb"[\r\n]", octets):
        if text := _printable(_decoded(line, charset)):
            return text
    return ""


def device_id(text: str) -> dict[str, str]:
    """The fields of an IEEE 1284 device id (`MFG:…;MDL:…;DES:…;`), keys in upper case."""
    return {
        found[1].upper(): found[2].strip()
        for found in _ID_FIELD.finditer(text[:MAX_TEXT])
        if found[2].strip()
    }


def _without_prefix(octets: bytes) -> bytes:
    return octets[: 4 * MAX_TEXT].removeprefix(_PML_PREFIX)


def _decoded(octets: bytes, charset: int | None) -> str:
    """UTF-8 where it is (whatever was declared), also with its last character cut off."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as problem:
        whole = octets[: problem.start].decode("utf-8")
        cut = problem.reason == "unexpected end of data"
        if cut and (charset not in _CODECS or not whole.isascii()):
            return whole
    try:
        return octets.decode(_CODECS.get(charset or 0, "cp1252"))
    except UnicodeDecodeError:
        return octets.decode("iso8859-1")


def _printable(text: str) -> str:
    kept = text
    if not text.isprintable():
        kept = "".join(letter if letter.isprintable() else _gap(letter) for letter in text)
    return " ".join(kept.split())[:MAX_TEXT]


def _gap(letter: str) -> str:
    return " " if letter.isspace() else ""
