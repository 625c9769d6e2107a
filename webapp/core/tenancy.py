"""Whose rows. Every mapped class has one scope shape; every ORM statement gets the scope's criteria.

A statement on a tenant's table outside a scope raises `OutsideScope`. `unscoped("why")` is the loud way
out, for the operator, for jobs that drain all tenants' rows, and for "where am I a member?".
Core and text SQL pass by here unseen: a rule test keeps them out of the trades.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, ClassVar, cast

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Table, event, false, or_, select
from sqlalchemy.orm import (
    Mapped,
    Mapper,
    ORMExecuteState,
    Session,
    declared_attr,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.orm.interfaces import ORMOption
from sqlalchemy.sql import visitors

from webapp.core.db import Base


class OutsideScope(Exception):
    """A tenant's table was asked without saying for which organisation: a defect, never a user's fault."""


class Shape:
    """Base of the scope shapes; a mapped class has exactly one."""

    is_tenants: ClassVar[bool] = True


class Global(Shape):
    """Belongs to nobody: users, product types, system rows. Who may see it is the query's business."""

    is_tenants = False


class Owned(Shape):
    """Belongs to one organisation."""

    @declared_attr
    def organisation_id(cls) -> Mapped[int]:  # noqa: N805
        return mapped_column(BigInteger, ForeignKey("organisations.id"))


class SiteOwned(Owned):
    """Belongs to one site of one organisation; the mapped class names its `site_id`."""


class TwoParty(Shape):
    """Stands between two organisations: a batch, a request, a statement. Both see it."""

    @declared_attr
    def from_organisation_id(cls) -> Mapped[int]:  # noqa: N805
        return mapped_column(BigInteger, ForeignKey("organisations.id"))

    @declared_attr
    def to_organisation_id(cls) -> Mapped[int]:  # noqa: N805
        return mapped_column(BigInteger, ForeignKey("organisations.id"))


class Linked(Shape):
    """Belongs to whoever a link row names; the mapped class says how in `visible_to`."""

    @classmethod
    def visible_to(cls, organisation_id: int) -> ColumnElement[bool]:
        raise NotImplementedError(f"{cls.__name__} must say to whom it is linked")


@dataclass(frozen=True)
class Scope:
    """What statements may see: one organisation, it and those below (`path`), or everything."""

    organisation_id: int | None = None
    path: str | None = None
    everything_because: str | None = None

    @property
    def sees_everything(self) -> bool:
        return self.everything_because is not None

    def allows_new(self, organisation_id: int | None) -> bool:
        return self.sees_everything or organisation_id == self.organisation_id

    @cached_property
    def options(self) -> tuple[ORMOption, ...]:
        """Loader criteria for each shape, built once a scope."""
        if self.path is not None:
            return _options_below(self.path)
        assert self.organisation_id is not None  # noqa: S101 - sees_everything was asked before
        return _options_for(self.organisation_id)


def _options_for(own: int) -> tuple[ORMOption, ...]:
    return (
        with_loader_criteria(Owned, lambda cls: cls.organisation_id == own, include_aliases=True),
        with_loader_criteria(
            TwoParty,
            lambda cls: or_(cls.from_organisation_id == own, cls.to_organisation_id == own),
            include_aliases=True,
        ),
        *(
            with_loader_criteria(linked, linked.visible_to(own), include_aliases=True)
            for linked in _mapped(Linked)
        ),
    )


def _options_below(path: str) -> tuple[ORMOption, ...]:
    """The subtree: paths that begin with `path`, which ends in a slash, whose successor is "0"."""
    low, high = path, path[:-1] + "0"
    organisations = Base.metadata.tables["organisations"]
    return (
        with_loader_criteria(
            Owned,
            lambda cls: cls.organisation_id.in_(
                select(organisations.c.id).where(
                    organisations.c.path >= low, organisations.c.path < high
                )
            ),
            include_aliases=True,
        ),
        *(
            with_loader_criteria(other, false(), include_aliases=True)
            for shape in (TwoParty, Linked)
            for other in _mapped(shape)
        ),
    )


_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)


def current_scope() -> Scope | None:
    return _scope.get()


def enter(scope_: Scope | None) -> None:
    """Set the scope for the rest of the request; called by access checks and by the request's ends."""
    _scope.set(scope_)


@contextmanager
def scope(organisation_id: int, *, path: str | None = None) -> Iterator[None]:
    """See one organisation's rows; with its `path`, also those of the organisations below it."""
    with _entered(Scope(organisation_id, path)):
        yield


@contextmanager
def unscoped(because: str) -> Iterator[None]:
    """See everything. Say why: the reason is what a reviewer greps for."""
    with _entered(Scope(everything_because=because)):
        yield


@contextmanager
def _entered(scope_: Scope) -> Iterator[None]:
    token = _scope.set(scope_)
    try:
        yield
    finally:
        _scope.reset(token)


@event.listens_for(Session, "do_orm_execute")
def _guard(state: ORMExecuteState) -> None:
    """Add the scope's criteria, or refuse a statement that names a tenant's table outside a scope."""
    current = _scope.get()
    if current is not None and current.sees_everything:
        return
    if current is None:
        _refuse_tenants(state)
    elif not state.is_column_load and not state.is_insert:
        state.statement = state.statement.options(*current.options)


def _refuse_tenants(state: ORMExecuteState) -> None:
    tenants = _tenant_tables()
    for element in visitors.iterate(cast(visitors.ExternallyTraversible, state.statement)):
        if isinstance(element, Table) and element in tenants:
            raise OutsideScope(f"{element.name} was asked outside a scope")
    for mapper in state.all_mappers:
        if mapper.local_table in tenants:
            raise OutsideScope(f"{mapper.class_.__name__} was asked outside a scope")


@event.listens_for(Session, "before_flush")
def _guard_new_rows(session: Session, _context: object, _instances: object) -> None:
    """A new row must belong to the organisation in scope."""
    current = _scope.get()
    for row in session.new:
        if not isinstance(row, Owned):
            continue
        if current is None or not current.allows_new(_owner(row)):
            raise OutsideScope(f"a new {type(row).__name__} does not belong to the scope")


def _owner(row: Any) -> int | None:
    """The owner's id, also when only the relationship was set."""
    if row.organisation_id is not None:
        return int(row.organisation_id)
    organisation = getattr(row, "organisation", None)
    return organisation.id if organisation is not None else None


@cache
def _tenant_tables() -> frozenset[Any]:
    return frozenset(
        mapper.local_table
        for mapper in Base.registry.mappers
        if getattr(mapper.class_, "is_tenants", False)
    )


def _mapped(shape: type[Shape]) -> list[Any]:
    return [m.class_ for m in Base.registry.mappers if issubclass(m.class_, shape)]


class ShapeMissing(Exception):
    """A mapped class has no scope shape, or more than one: the application does not start."""


def check_shapes() -> None:
    """Every mapped class has exactly one shape, or the start stops here."""
    for mapper in Base.registry.mappers:
        shapes = _shapes_of(mapper)
        if len(shapes) != 1:
            raise ShapeMissing(
                f"{mapper.class_.__name__} has {len(shapes)} scope shapes; give it exactly one of "
                "Owned, SiteOwned, TwoParty, Linked, Global"
            )


def _shapes_of(mapper: Mapper[Any]) -> list[type[Shape]]:
    return [s for s in (Owned, TwoParty, Linked, Global) if issubclass(mapper.class_, s)]
