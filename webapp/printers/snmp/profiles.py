"""Maker profiles: what a maker's printers answer beyond the standard, as data.

Each `webapp/printers/profiles/*.toml` is one maker; adding a maker is adding a file. A file says how
the maker is told (`match`), what a collector reads (`gather`), which tables carry a label or a type
for each row (`tables`), and from which readings, in order, each field is taken.

A counter is a list of ways, the first that gives a number wins. A way is a *term*, or
`{sum = [terms], optional = [terms], without = "table", unless = "colour"}`: all of `sum` must be
there, `optional` is added if it is; `without` is for printers that lack that table, `unless` for
those that lack that counter. A term is an OID, `life` (prtMarkerLifeCount) or `table:key`.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from webapp.printers.snmp.raw import BadReading, parse_oid

FOLDER: Final = Path(__file__).parent.parent / "profiles"
STANDARD: Final = "standard"
COUNTERS: Final = ("total", "black", "colour", "large")


class BadProfile(ValueError):
    """A profile is wrong; the message names file and key."""


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`brands` maps a pattern of sysDescr to the name shown, for makers that build for others."""

    object_ids: tuple[str, ...] = ()
    descr: str = ""
    brands: dict[str, str] = {}


class Gather(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a collector reads. `no_poll` are patterns of models that must not be polled at all."""

    subtrees: tuple[str, ...] = ()
    bulk: bool = True
    no_poll: tuple[str, ...] = ()


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Columns `key` and `value` share their index; `records` is one octet string of fixed records
    (tag, two bytes, four-byte value), with its OID in `value` and the tags in hex as keys."""

    kind: Literal["label", "type", "records"]
    value: str
    key: str = ""


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sum: tuple[str, ...]
    optional: tuple[str, ...] = ()
    without: str = ""
    unless: Literal["", "total", "black", "colour"] = ""


class Counters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    total: tuple[str | Way, ...] = ()
    black: tuple[str | Way, ...] = ()
    colour: tuple[str | Way, ...] = ()
    large: tuple[str | Way, ...] = ()

    def ways(self, counter: str) -> tuple[Way, ...]:
        listed: tuple[str | Way, ...] = getattr(self, counter)
        return tuple(way if isinstance(way, Way) else Way(sum=(way,)) for way in listed)


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text: OIDs in order (`standard` stands for the standard's own), else `descr`, a pattern of
    sysDescr with one group. `alias` are patterns with one group: other forms of the same serial."""

    oids: tuple[str, ...] = (STANDARD,)
    descr: str = ""
    alias: tuple[str, ...] = ()


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    maker: str
    match: Match = Match()
    gather: Gather = Gather()
    tables: dict[str, Table] = {}
    serial: Named = Named()
    model: Named = Named()
    counters: Counters = Counters()
    panel: tuple[str, ...] = ()

    def brand(self, descr: str) -> str:
        """The name on the case: a rebadged printer keeps the builder's object id."""
        brands = self.match.brands.items()
        return next((name for pattern, name in brands if _found(pattern, descr)), self.maker)


@cache
def all_profiles() -> dict[str, Profile]:
    """Every profile by the name of its file. Raises BadProfile."""
    return load_folder(FOLDER)


def load_folder(folder: Path) -> dict[str, Profile]:
    found = {path.stem: load_profile(path) for path in sorted(folder.glob("*.toml"))}
    if STANDARD not in found:
        raise BadProfile(f"{folder.name}/{STANDARD}.toml is missing: every reading starts with it.")
    return found


def load_profile(path: Path) -> Profile:
    try:
        profile = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Profile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as problem:
        raise BadProfile(f"{path.name}: {problem}") from problem
    for key, wrong in _problems(profile):
        raise BadProfile(f"{path.name}, {key}: {wrong}")
    return profile


def find_profile(object_id: str, descr: str, *, other: str = "") -> tuple[str, Profile]:
    """The profile of a printer by sysObjectID and sysDescr together; `other` is any further text
    that may name the maker (its model). The text counts more: rebadged printers keep the object id
    of who built them, print servers put theirs in front of another maker's printer."""
    ranked = [
        (_rank(profile, object_id, descr, other), name)
        for name, profile in all_profiles().items()
        if name != STANDARD
    ]
    rank, name = max(ranked, default=(0, STANDARD), key=lambda pair: pair[0])
    name = name if rank else STANDARD
    return name, all_profiles()[name]


def profiles_of_enterprise(number: int) -> list[Profile]:
    """The makers that have something under an enterprise's number (1.3.6.1.4.1.<number>)."""
    prefix = f"1.3.6.1.4.1.{number}."
    return [
        profile
        for profile in all_profiles().values()
        if any(f"{tree}.".startswith(prefix) for tree in profile.gather.subtrees)
    ]


def gather_subtrees() -> dict[str, list[str]]:
    """What a device reads: prefix of sysObjectID → subtrees. The empty prefix is for everybody."""
    subtrees = {"": list(all_profiles()[STANDARD].gather.subtrees)}
    for name, profile in all_profiles().items():
        if name != STANDARD and profile.gather.subtrees:
            for prefix in profile.match.object_ids:
                subtrees[prefix] = list(profile.gather.subtrees)
    return subtrees


def is_polled(profile: Profile, descr: str) -> bool:
    """Whether a model may be polled; some fall over when they are asked much."""
    return not any(_found(pattern, descr) for pattern in profile.gather.no_poll)


def _rank(profile: Profile, object_id: str, descr: str, other: str) -> int:
    match = profile.match
    pattern = match.descr
    prefixes = [len(oid) for oid in match.object_ids if f"{object_id}.".startswith(f"{oid}.")]
    by_text = 4_000 if _found(pattern, descr) else 1_000 if _found(pattern, other) else 0
    by_id = 2_000 + max(prefixes) if prefixes else 0
    return by_text + by_id


def _found(pattern: str, text: str) -> bool:
    return bool(pattern) and re.search(pattern, text[:500], re.IGNORECASE) is not None


def _problems(profile: Profile) -> Iterator[tuple[str, str]]:
    yield from _bad_patterns(profile)
    yield from _bad_tables(profile)
    yield from _bad_oids(profile)
    for counter in COUNTERS:
        for way in profile.counters.ways(counter):
            yield from _bad_way(profile, f"counters.{counter}", way)


def _bad_patterns(profile: Profile) -> Iterator[tuple[str, str]]:
    grouped = {"model.descr": profile.model.descr, "serial.descr": profile.serial.descr}
    grouped |= {f"serial.alias[{n}]": text for n, text in enumerate(profile.serial.alias)}
    plain = {"match.descr": profile.match.descr}
    plain |= {f"match.brands.{text}": text for text in profile.match.brands}
    plain |= {f"gather.no_poll[{n}]": text for n, text in enumerate(profile.gather.no_poll)}
    for key, text in (grouped | plain).items():
        try:
            groups = re.compile(text).groups
        except re.error as problem:
            yield key, f"is not a pattern: {problem}"
            continue
        if key in grouped and text and groups != 1:
            yield key, "needs exactly one group, around the text that is meant"


def _bad_tables(profile: Profile) -> Iterator[tuple[str, str]]:
    for name, table in profile.tables.items():
        if bool(table.key) == (table.kind == "records"):
            yield f"tables.{name}.key", "a table of labels or types has a key column, records none"
        for part in (table.key, table.value):
            if part:
                yield from _bad_oid(profile, f"tables.{name}", part)


def _bad_oids(profile: Profile) -> Iterator[tuple[str, str]]:
    for key, oids in (("match.object_ids", profile.match.object_ids),
                      ("gather.subtrees", profile.gather.subtrees)):  # fmt: skip
        for oid in oids:
            if not _is_oid(oid):
                yield key, f"{oid!r} is not an OID"
    texts = {"serial.oids": profile.serial.oids, "model.oids": profile.model.oids}
    for key, oids in (texts | {"panel": profile.panel}).items():
        for oid in oids:
            if oid != STANDARD:
                yield from _bad_oid(profile, key, oid)


def _bad_way(profile: Profile, key: str, way: Way) -> Iterator[tuple[str, str]]:
    if not way.sum:
        yield key, "sum is empty"
    if way.without and way.without not in profile.tables:
        yield key, f"there is no table {way.without!r}"
    for term in (*way.sum, *way.optional):
        table, colon, _ = term.partition(":")
        if colon and table not in profile.tables:
            yield key, f"there is no table {table!r}"
        elif not colon and term != "life":
            yield from _bad_oid(profile, key, term)


def _bad_oid(profile: Profile, key: str, oid: str) -> Iterator[tuple[str, str]]:
    """An OID that a profile reads must lie in what its collector gathers."""
    if not _is_oid(oid):
        yield key, f"{oid!r} is not an OID"
    elif not any(f"{oid}.".startswith(f"{root}.") for root in _gathered(profile)):
        yield key, f"{oid} lies in none of gather.subtrees, so no collector would read it"


def _gathered(profile: Profile) -> tuple[str, ...]:
    return (*profile.gather.subtrees, "1.3.6.1.2.1.1", "1.3.6.1.2.1.25.3", "1.3.6.1.2.1.43")


def _is_oid(text: str) -> bool:
    try:
        return parse_oid(text) == text
    except BadReading:
        return False
