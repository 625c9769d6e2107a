"""Devices by serial (begins or ends with), code (begins with) or words of the name.

What one index answers in order (serial, code, beginning of the name) is asked in one statement: a branch for each way
and each place, here and below, that stops after a handful of rows. So a search costs the same among a thousand
devices and a million. Below a few organisations each has its own stretch of the index; where they are many the whole
index is walked. Words of names, which lie scattered, are asked only when that has not found enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from flask_babel import gettext as _
from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import BigInteger

from webapp.core.db import Base, db, statement_timeout
from webapp.core.listing import Ends, Starts, Words
from webapp.core.names import sort_name
from webapp.core.tenancy import unscoped
from webapp.devices.models import Device
from webapp.devices.pages import page_of
from webapp.orgs.models import Organisation
from webapp.search.hits import Group, Hit
from webapp.search.reach import Reach

log = structlog.get_logger(__name__)

DEVICES = Base.metadata.tables["devices"]
"""For statements that name the organisations themselves: no scope's criteria stand between them and their index."""
ORGANISATIONS = Base.metadata.tables["organisations"]

SHOWN = 8
"""Hits of a kind; whoever sees one more is told that there are more."""

FEW_ORGANISATIONS = 300
FEW_DEVICES = 1500
PATIENCE_MS = 30
"""For the beginning of a word: the words' index collects all that begin so before it gives the first."""
MOST_WORD_MATCHES = 2000
"""Of a word that a million names share, the index gives about as many at random: enough to show some."""


@dataclass(frozen=True)
class Way:
    """One way of finding devices, and the column whose index it walks."""

    condition: ColumnElement[bool]
    order: Any


@dataclass(frozen=True)
class Ground:
    """The organisations of a reach: the upper one (None: all there are), and those below it while they are few."""

    here: Organisation | None
    below: Sequence[int] = ()
    are_many: bool = False

    @classmethod
    def of(cls, reach: Reach) -> Ground:
        if reach.organisation is None:
            return cls(None)
        open_ones = _all_below(reach.organisation).where(ORGANISATIONS.c.closed_at.is_(None))
        below = db.session.scalars(open_ones.limit(FEW_ORGANISATIONS + 1)).all()
        if len(below) > FEW_ORGANISATIONS:
            return cls(reach.organisation, are_many=True)
        return cls(reach.organisation, below)

    def owns(self, owner_id: Any) -> ColumnElement[bool]:
        """Not asked where everything is in reach."""
        assert self.here is not None  # noqa: S101
        if self.are_many:
            low, high = self.here.path, self.here.path[:-1] + "0"
            path = ORGANISATIONS.c.path
            of_tree = select(ORGANISATIONS.c.id).where(ORGANISATIONS.c.id == owner_id)
            return of_tree.where(path >= low, path < high).exists()
        condition: ColumnElement[bool] = owner_id.in_([self.here.id, *self.below])
        return condition


Places = Callable[[Way, Sequence[str]], Select[Any]]
"""The rows of one way in one place: columns `id` and `by`, at most one more than is shown."""


def find_devices(typed: str, reach: Reach) -> Group:
    """Those that the visitor may see, here and below; whoever may see no kind of device finds none."""
    kinds = reach.kinds
    if not kinds:
        return Group("devices", _("Devices"))
    ids = _ids(typed, reach, kinds)
    rows = {row.id: row for row in _loaded(ids, reach)}
    hits = [_hit(rows[i], typed, reach) for i in ids[:SHOWN] if i in rows]
    return Group("devices", _("Devices"), hits, has_more=len(ids) > SHOWN)


def _ids(typed: str, reach: Reach, kinds: Sequence[str]) -> list[int]:
    """In order of how they were found, without doubles; one more than is shown."""
    ground = Ground.of(reach)
    found = dict.fromkeys(_in_order(typed, ground, kinds))
    mine = _few_devices(ground) if len(found) <= SHOWN else None
    for words, is_last in _word_conditions(typed):
        if len(found) > SHOWN or (is_last and found):
            break
        statement = _named(words, ground, kinds, mine)
        found.update(dict.fromkeys(_in_haste(statement) if is_last else _asked(statement)))
    return list(found)[: SHOWN + 1]


def _asked(statement: Select[Any]) -> Sequence[int]:
    with unscoped("the statement names the organisations of the reach"):
        return db.session.scalars(statement).all()


def _in_haste(statement: Select[Any]) -> Sequence[int]:
    """As far as it comes in a moment. The savepoint is rolled back in any case, and with it the short time-out."""
    attempt = db.session.begin_nested()
    try:
        with statement_timeout(PATIENCE_MS):
            return _asked(statement)
    except OperationalError:
        log.info("search_word_too_frequent")
        return []
    finally:
        attempt.rollback()


# By the indexes that give them in order -----------------------------------------------------------------------------


def _in_order(typed: str, ground: Ground, kinds: Sequence[str]) -> Sequence[int]:
    """One statement: what is exactly so anywhere comes before what only begins so here, that before below."""
    places = list(_places(ground))
    ways = [(way, place) for group in _ways(typed) for place in places for way in group]
    branches = [
        _branch(place(way, kinds).subquery(), rank) for rank, (way, place) in enumerate(ways)
    ]
    together = union_all(*branches).subquery()
    return _asked(select(together.c.id).order_by(together.c.rank, together.c.by))


def _branch(found: Any, rank: int) -> Select[Any]:
    return select(found.c.id, literal_column(str(rank)).label("rank"), found.c.by)


def _ways(typed: str) -> tuple[list[Way], list[Way]]:
    """The exact ones; then from the surest to the vaguest."""
    code, name = _code(typed), sort_name(typed)
    serial, reversed_serial = DEVICES.c.serial, func.reverse(DEVICES.c.serial)
    exact = [Way(serial == code, serial), Way(DEVICES.c.code == code, DEVICES.c.code)]
    vague = [
        Way(_some(Starts(serial)(code)), serial),
        Way(_some(Starts(DEVICES.c.code)(code)), DEVICES.c.code),
        Way(_some(Starts(DEVICES.c.sort_name, fold=str)(name)), DEVICES.c.sort_name),
        Way(_some(Ends(reversed_serial)(code)), reversed_serial),
    ]
    return exact, vague


def _places(ground: Ground) -> Iterator[Places]:
    here, below = ground.here, ground.below
    if here is None:
        yield lambda way, kinds: _few(way, kinds)
        return
    yield lambda way, kinds: _few(way, kinds, DEVICES.c.organisation_id == here.id)
    if ground.are_many:
        yield lambda way, kinds: _few(way, kinds, DEVICES.c.organisation_id.in_(_all_below(here)))
    elif below:
        yield lambda way, kinds: _in_each(below, way, kinds)


def _few(way: Way, kinds: Sequence[str], *whose: ColumnElement[bool]) -> Select[Any]:
    return (
        select(DEVICES.c.id, cast(way.order, Text).label("by"))
        .where(*whose, way.condition, DEVICES.c.kind.in_(kinds))
        .order_by(way.order)
        .limit(SHOWN + 1)
    )


def _in_each(ids: Sequence[int], way: Way, kinds: Sequence[str]) -> Select[Any]:
    """A few rows of each organisation, by its own stretch of the index."""
    listed = literal(list(ids), ARRAY(BigInteger))
    owner = func.unnest(listed).table_valued(column("id", BigInteger)).render_derived("owner")
    each = _few(way, kinds, DEVICES.c.organisation_id == owner.c.id).lateral("each")
    return (
        select(each.c.id, each.c.by)
        .select_from(owner.join(each, true()))
        .order_by(each.c.by)
        .limit(SHOWN + 1)
    )


def _all_below(organisation: Organisation) -> Select[Any]:
    """By the range of paths that begin with this one."""
    low, high = organisation.path, organisation.path[:-1] + "0"
    path = ORGANISATIONS.c.path
    return select(ORGANISATIONS.c.id).where(path > low, path < high)


def _some(condition: ColumnElement[bool] | None) -> ColumnElement[bool]:
    assert condition is not None  # noqa: S101 - only Words and Number may find nothing to ask
    return condition


def _code(typed: str) -> str:
    """As serials are stored: upper case, nothing between."""
    return "".join(typed.split()).upper()


# By the words of names ----------------------------------------------------------------------------------------------


def _word_conditions(typed: str) -> list[tuple[ColumnElement[bool], bool]]:
    """Whole words, then, as the last resort, words that begin so."""
    name = sort_name(typed)
    whole = Words(DEVICES.c.sort_name, fold=str, whole=True)(name)
    begins = Words(DEVICES.c.sort_name, fold=str)(name)
    return [(c, c is begins) for c in (whole, begins) if c is not None]


def _named(
    words: ColumnElement[bool], ground: Ground, kinds: Sequence[str], mine: Sequence[int] | None
) -> Select[Any]:
    """Here first. Where few devices are in reach they are looked through; else the words' own index comes first.

    Said by materialised CTEs, since the planner takes any word for a frequent one and would hope to meet it soon by
    reading the whole table, or organisation by organisation.
    """
    if mine is None:
        named = select(DEVICES.c.id).where(words).limit(MOST_WORD_MATCHES)
        among = select(named.cte("named").prefix_with("MATERIALIZED").c.id)
    else:
        among = select(DEVICES.c.id).where(DEVICES.c.id.in_(mine), words)
    rows = select(DEVICES.c.id, DEVICES.c.organisation_id)
    rows = rows.where(DEVICES.c.id.in_(among), DEVICES.c.kind.in_(kinds))
    theirs = rows.cte("theirs").prefix_with("MATERIALIZED")
    wanted = select(theirs.c.id).limit(SHOWN + 1)
    if ground.here is None:
        return wanted
    whose = theirs.c.organisation_id
    return wanted.where(ground.owns(whose)).order_by((whose == ground.here.id).desc())


def _few_devices(ground: Ground) -> list[int] | None:
    """All of the reach, or None when they are many."""
    if ground.here is None or ground.are_many:
        return None
    owners = [ground.here.id, *ground.below]
    first = select(DEVICES.c.id).where(DEVICES.c.organisation_id.in_(owners))
    found = list(_asked(first.limit(FEW_DEVICES + 1)))
    return found if len(found) <= FEW_DEVICES else None


# What is shown ------------------------------------------------------------------------------------------------------


def _loaded(ids: Sequence[int], reach: Reach) -> Sequence[Any]:
    """The rows under the scope of the reach: what a way had found by mistake would be missing here."""
    if not ids:
        return []
    statement = (
        select(
            Device.id,
            Device.public_id,
            Device.kind,
            Device.serial,
            Device.code,
            Device.name,
            Device.state,
            Organisation.id.label("owner_id"),
            Organisation.public_id.label("owner"),
            Organisation.name.label("owner_name"),
        )
        .join(Organisation, Organisation.id == Device.organisation_id)
        .where(Device.id.in_(ids), Organisation.closed_at.is_(None))
    )
    with reach.entered():
        return db.session.execute(statement).all()


def _hit(row: Any, typed: str, reach: Reach) -> Hit:
    page = page_of(row.kind)
    assert page is not None  # noqa: S101 - kinds without a page are not asked for
    return Hit(
        url=reach.device_url(row, page),
        icon=page.icon,
        title=row.name,
        kind=str(page.label),
        code=row.serial or row.code or "",
        state=row.state,
        where=reach.where(row.owner_id, row.owner_name),
        is_exact=_code(typed) in (row.serial, row.code) or sort_name(typed) == sort_name(row.name),
    )
