"""Page counters: the life count of the standard and what the maker's profile adds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from webapp.printers.snmp.profiles import COUNTERS, Profile, Table, Way
from webapp.printers.snmp.raw import RawValue
from webapp.printers.snmp.rows import Rows

LIFE_COUNT: Final = "1.3.6.1.2.1.43.10.2.1.4"  # prtMarkerLifeCount, RFC 3805
LIFE_UNIT: Final = "1.3.6.1.2.1.43.10.2.1.3"  # prtMarkerCounterUnit
UNITS: Final = {
    3: "ten thousandths of inches",
    4: "micrometres",
    5: "characters",
    6: "lines",
    7: "impressions",
    8: "sheets",
    9: "dot rows",
    11: "hours",
    16: "feet",
    17: "metres",
}
_PAGES: Final = ("", "impressions", "sheets")
_MOST: Final = 2**40

# The self-check never demands equality: recorded sums lie a few pages beside the total.
_TOLERANCE: Final = 0.02
_TOLERANCE_PAGES: Final = 100


@dataclass(frozen=True)
class Counter:
    """A number of pages and the OIDs whose values made it."""

    value: int
    oids: tuple[str, ...]

    @property
    def oid(self) -> str:
        return self.oids[0]


@dataclass(frozen=True)
class Counters:
    """None means that the printer did not answer it. `life_unit` is empty where none is given."""

    total: Counter | None = None
    black: Counter | None = None
    colour: Counter | None = None
    large: Counter | None = None
    life: Counter | None = None
    life_unit: str = ""


def read_counters(rows: Rows, profile: Profile) -> Counters:
    life, unit = _life(rows)
    source = _Source(rows, profile, life if unit in _PAGES else None)
    found: dict[str, Counter | None] = {}
    for name in COUNTERS:
        ways = (source.take(way, found) for way in profile.counters.ways(name))
        found[name] = next(filter(None, ways), None)
    return Counters(**found, life=life, life_unit=unit)


def doubts(counters: Counters, before: Counters | None = None) -> Iterator[str]:
    """Keys of what does not fit; the counters are shown all the same."""
    total, black, colour = counters.total, counters.black, counters.colour
    life = counters.life if counters.life_unit in ("", "impressions") else None
    if black and colour:
        both = black.value + colour.value
        if total and _apart(both, total.value):
            yield "sum_differs_from_total"
        elif life and _apart(both, life.value):
            yield "sum_differs_from_life"
    if total and life and _apart(total.value, life.value):
        yield "total_differs_from_life"
    for name in ("black", "colour", "large"):
        part: Counter | None = getattr(counters, name)
        if total and part and part.value > total.value + _slack(total.value):
            yield f"{name}_exceeds_total"
    yield from _fallen(before or Counters(), counters)


def _fallen(before: Counters, now: Counters) -> Iterator[str]:
    for name in (*COUNTERS, "life"):
        old: Counter | None = getattr(before, name)
        new: Counter | None = getattr(now, name)
        if old and new and new.value < old.value:
            yield f"{name}_fell"


def _apart(one: int, other: int) -> bool:
    return abs(one - other) > _slack(max(one, other))


def _slack(pages: int) -> int:
    return max(_TOLERANCE_PAGES, int(pages * _TOLERANCE))


def _life(rows: Rows) -> tuple[Counter | None, str]:
    """The first marker that counts pages, else the first that counts at all."""
    found = []
    for index, raw in rows.column(LIFE_COUNT).items():
        tail = ".".join(map(str, index))
        unit = UNITS.get(rows.number(f"{LIFE_UNIT}.{tail}") or 0, "")
        if (count := _count(raw)) is not None:
            found.append((Counter(count, (f"{LIFE_COUNT}.{tail}",)), unit))
    pages = [pair for pair in found if pair[1] in _PAGES]
    return next(iter(pages or found), (None, ""))


class _Source:
    """Resolves the terms of a profile against one reading."""

    def __init__(self, rows: Rows, profile: Profile, life: Counter | None) -> None:
        self._rows = rows
        self._life = life
        self._tables = {name: _by_key(rows, table) for name, table in profile.tables.items()}

    def take(self, way: Way, found: dict[str, Counter | None]) -> Counter | None:
        if way.without and self._tables[way.without]:
            return None
        if way.unless and found.get(way.unless):
            return None
        needed = [self._term(term) for term in way.sum]
        if not all(needed):
            return None
        terms = [term for term in (*needed, *map(self._term, way.optional)) if term]
        oids = tuple(oid for term in terms for oid in term.oids)
        return Counter(sum(term.value for term in terms), oids)

    def _term(self, term: str) -> Counter | None:
        table, colon, key = term.partition(":")
        if colon:
            return self._tables[table].get(_same(key))
        if term == "life":
            return self._life
        found = self._rows.first(term)
        count = _count(found[1]) if found else None
        return Counter(count, (found[0],)) if found and count is not None else None


def _by_key(rows: Rows, table: Table) -> dict[str, Counter]:
    """The table's counters by label, type or tag. A key that comes twice counts once, the first."""
    if table.kind == "records":
        return _records(rows, table)
    found: dict[str, Counter] = {}
    values = rows.column(table.value)
    for index, raw in rows.column(table.key).items():
        key = _same(rows.label(raw))
        count = _count(values[index]) if index in values else None
        if key and key not in found and count is not None:
            found[key] = Counter(count, (f"{table.value}.{'.'.join(map(str, index))}",))
    return found


def _records(rows: Rows, table: Table) -> dict[str, Counter]:
    answer = rows.first(table.value)
    if answer is None:
        return {}
    oid, raw = answer
    found: dict[str, Counter] = {}
    octets = raw.octets[:4096]
    for start in range(0, len(octets) - 6, 7):
        tag, value = octets[start : start + 1].hex(), octets[start + 3 : start + 7]
        found.setdefault(tag, Counter(int.from_bytes(value, "big"), (oid,)))
    return found


def _count(raw: RawValue) -> int | None:
    """A number of pages, also where a printer sends it as text."""
    number = raw.number
    digits = raw.octets[:20].strip(b" \0")
    if number is None and digits.isdigit():
        number = int(digits)
    return number if number is not None and 0 <= number <= _MOST else None


def _same(text: str) -> str:
    return " ".join(text.split()).casefold()
