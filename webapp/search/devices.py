"""Devices by serial (begins or ends with), code (begins with) or words of the name.

Each way of finding is one statement over one index that stops after a handful of rows, so that a search costs the
same among a thousand devices and a million. First within the organisation, then over those below it: one short
index scan for each of a few organisations, one walk over the whole index where they are many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, column, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import BigInteger

from webapp.core.db import Base, db, statement_timeout
from webapp.core.listing import Ends, Starts, Words
from webapp.core.names import sort_name
from webapp.core.tenancy import scope, unscoped
from webapp.devices.models import Device
from webapp.devices.pages import all_pages, page_of
from webapp.orgs.access import may
from webapp.orgs.models import Organisation
from webapp.orgs.trades import kinds_on
from webapp.search.hits import Group, Hit

log = structlog.get_logger(__name__)

DEVICES = Base.metadata.tables["devices"]
"""For the words alone: the scope's criteria belong to the statement around them, or the planner leaves their index."""

SHOWN = 8
"""Hits of a kind; whoever sees one more is told that there are more."""

FEW_ORGANISATIONS = 300
FEW_DEVICES = 1500
PATIENCE_MS = 200
MOST_WORD_MATCHES = 4000
"""Of a word that a million names share, the index gives about as many at random: enough to show some."""


@dataclass(frozen=True)
class Way:
    """One way of finding devices, and the column whose index it walks."""

    condition: ColumnElement[bool]
    order: Any | None
    is_words: bool = False
    is_last: bool = False


Ask = Callable[[Way, Sequence[str]], list[int]]
"""Finds devices of these kinds in that way; the scope is the asker's."""


def find_devices(typed: str, organisation: Organisation) -> Group:
    """Those that the visitor may see, here and below; whoever may see no kind of device finds none."""
    kinds = kinds_on(organisation, [p.kind.value for p in all_pages() if may(p.permission)])
    if not kinds:
        return Group("devices", _("Devices"))
    ids = _ids(typed, organisation, kinds)
    rows = {row.id: row for row in _loaded(ids, organisation)}
    hits = [_hit(rows[i], typed, organisation) for i in ids[:SHOWN] if i in rows]
    return Group("devices", _("Devices"), hits, has_more=len(ids) > SHOWN)


def _ids(typed: str, organisation: Organisation, kinds: Sequence[str]) -> list[int]:
    """In order of how they were found, without doubles; one more than is shown."""
    found: dict[int, None] = {}
    for way, ask in _questions(typed, organisation):
        if len(found) > SHOWN:
            break
        if way.is_last and found:
            continue
        answer = _patiently(way, ask, kinds) if way.is_last else ask(way, kinds)
        found.update(dict.fromkeys(answer))
    return list(found)[: SHOWN + 1]


def _patiently(way: Way, ask: Ask, kinds: Sequence[str]) -> list[int]:
    """The beginning of a word in a million names is collected whole by its index: for so long, no longer."""
    try:
        with db.session.begin_nested(), statement_timeout(PATIENCE_MS):
            return ask(way, kinds)
    except OperationalError:
        log.info("search_word_too_frequent")
        return []


def _questions(typed: str, organisation: Organisation) -> Iterator[tuple[Way, Ask]]:
    """What is exactly so anywhere comes before what only begins so here."""
    below = _ids_below(organisation)
    asks = [_here(organisation), *([_below(below, organisation)] if below else [])]
    for ways in (_exact_ways(typed), _vague_ways(typed)):
        yield from ((way, ask) for ask in asks for way in ways)


def _exact_ways(typed: str) -> list[Way]:
    code = _code(typed)
    return [Way(Device.serial == code, None), Way(Device.code == code, None)]


def _vague_ways(typed: str) -> list[Way]:
    """From the surest to the vaguest."""
    code, name = _code(typed), sort_name(typed)
    words = Words(DEVICES.c.sort_name, fold=str)(name)
    whole = Words(DEVICES.c.sort_name, fold=str, whole=True)(name)
    return [
        Way(_some(Starts(Device.serial)(code)), Device.serial),
        Way(_some(Starts(Device.code)(code)), Device.code),
        Way(_some(Starts(Device.sort_name, fold=str)(name)), Device.sort_name),
        Way(_some(Ends(func.reverse(Device.serial))(code)), func.reverse(Device.serial)),
        *([Way(whole, None, is_words=True)] if whole is not None else []),
        *([Way(words, None, is_words=True, is_last=True)] if words is not None else []),
    ]


def _some(condition: ColumnElement[bool] | None) -> ColumnElement[bool]:
    assert condition is not None  # noqa: S101 - only Words and Number may find nothing to ask
    return condition


def _code(typed: str) -> str:
    """As serials are stored: upper case, nothing between."""
    return "".join(typed.split()).upper()


def _select(way: Way, kinds: Sequence[str]) -> Select[Any]:
    if way.is_words:
        return _by_words(way, kinds)
    statement = select(Device.id).where(way.condition, Device.kind.in_(kinds)).limit(SHOWN + 1)
    return statement if way.order is None else statement.order_by(way.order)


def _by_words(way: Way, kinds: Sequence[str]) -> Select[Any]:
    """Where few devices are in scope, they are looked through; else the words' own index comes first.

    Said by a materialised CTE, since the planner takes any word for a frequent one and would hope to
    meet it soon by reading the whole table.
    """
    mine = list(db.session.scalars(select(Device.id).limit(FEW_DEVICES + 1)))
    if len(mine) <= FEW_DEVICES:
        among = Device.id.in_(mine)
        return (
            select(Device.id).where(among, way.condition, Device.kind.in_(kinds)).limit(SHOWN + 1)
        )
    named = select(DEVICES.c.id).where(way.condition).cte("named").prefix_with("MATERIALIZED")
    return (
        select(Device.id)
        .where(Device.id.in_(select(named.c.id)), Device.kind.in_(kinds))
        .limit(SHOWN + 1)
    )


def _here(organisation: Organisation) -> Ask:
    def ask(way: Way, kinds: Sequence[str]) -> list[int]:
        with scope(organisation.id):
            return list(db.session.scalars(_select(way, kinds)))

    return ask


def _ids_below(organisation: Organisation) -> list[int]:
    """The organisations below, one more than are few."""
    return list(
        db.session.scalars(
            select(Organisation.id)
            .where(
                Organisation.path.like(f"{organisation.path}%"),
                Organisation.id != organisation.id,
                Organisation.closed_at.is_(None),
            )
            .limit(FEW_ORGANISATIONS + 1)
        )
    )


def _below(ids: Sequence[int], organisation: Organisation) -> Ask:
    def ask(way: Way, kinds: Sequence[str]) -> list[int]:
        if way.order is not None and len(ids) <= FEW_ORGANISATIONS:
            return _in_each(ids, way, kinds)
        with scope(organisation.id, path=organisation.path):
            return list(db.session.scalars(_select(way, kinds)))

    return ask


def _in_each(ids: Sequence[int], way: Way, kinds: Sequence[str]) -> list[int]:
    """A few rows of each organisation, by its own stretch of the index."""
    listed = literal(list(ids), ARRAY(BigInteger))
    owner = func.unnest(listed).table_valued(column("id", BigInteger)).render_derived("owner")
    each = (
        select(Device.id.label("id"), way.order.label("by"))  # type: ignore[union-attr]
        .where(Device.organisation_id == owner.c.id, way.condition, Device.kind.in_(kinds))
        .order_by(way.order)
        .limit(SHOWN + 1)
        .lateral("each")
    )
    statement = (
        select(each.c.id).select_from(owner.join(each, true())).order_by(each.c.by).limit(SHOWN + 1)
    )
    with unscoped("the statement names the organisations below the one in the URL"):
        return list(db.session.scalars(statement))


def _loaded(ids: Sequence[int], organisation: Organisation) -> Sequence[Any]:
    """The rows under the scope of the tree: what a way had found by mistake would be missing here."""
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
    with scope(organisation.id, path=organisation.path):
        return db.session.execute(statement).all()


def _hit(row: Any, typed: str, organisation: Organisation) -> Hit:
    page = page_of(row.kind)
    assert page is not None  # noqa: S101 - kinds without a page are not asked for
    return Hit(
        url=url_for(page.endpoint, org=row.owner, public_id=row.public_id),
        icon=page.icon,
        title=row.name,
        kind=str(page.label),
        code=row.serial or row.code or "",
        state=row.state,
        where=row.owner_name if row.owner_id != organisation.id else "",
        is_exact=_code(typed) in (row.serial, row.code) or sort_name(typed) == sort_name(row.name),
    )
