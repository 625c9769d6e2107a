"""A reading seen as scalars and table columns. Rows are found by what is there, never by number."""

from collections.abc import Iterable
from typing import Final

from webapp.printers.snmp.raw import RawValue, Reading
from webapp.printers.snmp.texts import label, sentence

CHARACTER_SET: Final = "1.3.6.1.2.1.43.7.1.1.4"  # prtLocalizationCharacterSet, RFC 3805

Index = tuple[int, ...]


class Rows:
    """Read access to one reading."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._columns: dict[str, dict[Index, RawValue]] = {}
        self.charset = next(
            (n for n in map(_number, self.column(CHARACTER_SET).values()) if n), None
        )

    def column(self, oid: str) -> dict[Index, RawValue]:
        """The instances under `oid` by the rest of their OID, in the printer's order."""
        if oid not in self._columns:
            self._columns[oid] = dict(self._under(oid))
        return self._columns[oid]

    def has(self, oid: str) -> bool:
        return oid in self.reading or bool(self.column(oid))

    def first(self, *oids: str) -> tuple[str, RawValue] | None:
        """The first of these OIDs that was answered: the very instance, else the lowest below."""
        for oid in oids:
            if oid in self.reading:
                return oid, self.reading[oid]
            for index, raw in self.column(oid).items():
                return f"{oid}.{'.'.join(map(str, index))}", raw
        return None

    def sentence(self, raw: RawValue | None) -> str:
        return self._text(raw, whole=True)

    def label(self, raw: RawValue | None) -> str:
        return self._text(raw, whole=False)

    def number(self, oid: str) -> int | None:
        return _number(self.reading.get(oid))

    def _text(self, raw: RawValue | None, *, whole: bool) -> str:
        if raw is None:
            return ""
        if isinstance(raw.value, bytes):
            return (sentence if whole else label)(raw.value, self.charset)
        return str(raw.value)

    def _under(self, oid: str) -> Iterable[tuple[Index, RawValue]]:
        prefix = oid + "."
        found = (
            (tuple(map(int, key[len(prefix) :].split("."))), raw)
            for key, raw in self.reading.items()
            if key.startswith(prefix)
        )
        return sorted(found, key=lambda pair: pair[0])


def _number(raw: RawValue | None) -> int | None:
    return raw.number if raw is not None else None
