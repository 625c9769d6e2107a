"""The tiles of an organisation's first page: each trade registers one with the numbers that matter now (P-34)."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError

from webapp.core.db import db
from webapp.core.navigation import Label

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Number:
    """One figure. `state` colours it: alarm, warning, offline, online; with `href` it links to its list."""

    label: Label
    value: int
    href: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class Tile:
    title: Label
    icon: str
    href: str | None = None
    numbers: Sequence[Number] = ()
    note: Label = ""

    @property
    def figures(self) -> list[dict[str, Any]]:
        """As the macro `ui.tile` takes them, numbers written in the reader's way."""
        return [{**vars(n), "value": format_decimal(n.value)} for n in self.numbers]


Provider = Callable[[Any], Tile | None]
"""The organisation in scope (with `id` and `public_id`) → its tile; None where the visitor may not see it."""

_providers: dict[str, tuple[int, Provider]] = {}

OperatorProvider = Callable[[], Tile | None]
_operators: dict[str, tuple[int, OperatorProvider]] = {}


def register(name: str, provider: Provider, *, order: int = 100) -> None:
    """Once a trade, from its `init_app`."""
    _providers[name] = (order, provider)


def register_operator(name: str, provider: OperatorProvider, *, order: int = 100) -> None:
    """A tile of the operator's overview; the provider is asked in the operator's scope, which sees everything."""
    _operators[name] = (order, provider)


def tiles(organisation: Any, *, without: Container[str] = ()) -> list[Tile]:
    """All tiles in their order, but for those named. One that fails says so and leaves the others whole."""
    shown = [(name, found) for name, found in _providers.items() if name not in without]
    ordered = sorted(shown, key=lambda item: item[1][0])
    found = [_ask(name, lambda p=p: p(organisation)) for name, (_order, p) in ordered]  # type: ignore[misc]
    return [tile for tile in found if tile is not None]


def operator_tiles() -> list[Tile]:
    """Those of the operator's overview, in their order."""
    ordered = sorted(_operators.items(), key=lambda item: item[1][0])
    found = [_ask(name, provider) for name, (_order, provider) in ordered]
    return [tile for tile in found if tile is not None]


def _ask(name: str, provider: OperatorProvider) -> Tile | None:
    try:
        with db.session.begin_nested():
            return provider()
    except SQLAlchemyError:
        log.exception("tile_failed", tile=name)
        return Tile(name.capitalize(), "warning", note=_("Could not load; try again in a moment."))
