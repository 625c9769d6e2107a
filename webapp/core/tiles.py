"""The tiles of an organisation's first page: each trade registers one with the numbers that matter now (P-34)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def register(name: str, provider: Provider, *, order: int = 100) -> None:
    """Once a trade, from its `init_app`."""
    _providers[name] = (order, provider)


def tiles(organisation: Any) -> list[Tile]:
    """All tiles in their order. One that fails says so and leaves the others whole."""
    ordered = sorted(_providers.items(), key=lambda item: item[1][0])
    found = [_ask(name, provider, organisation) for name, (_order, provider) in ordered]
    return [tile for tile in found if tile is not None]


def _ask(name: str, provider: Provider, organisation: Any) -> Tile | None:
    try:
        with db.session.begin_nested():
            return provider(organisation)
    except SQLAlchemyError:
        log.exception("tile_failed", tile=name)
        return Tile(name.capitalize(), "warning", note=_("Could not load; try again in a moment."))
