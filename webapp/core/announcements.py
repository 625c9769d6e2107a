"""What the operator tells everybody: who shows it asks here, who writes it registers here.

Places: `home`, the first page of an organisation (asked with it); `status`, the status page (asked with None).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError

from webapp.core.db import db

log = structlog.get_logger(__name__)

Place = Literal["home", "status"]


@dataclass(frozen=True)
class Announcement:
    """In the reader's language. `state` and `component` are those of a notice on the status page."""

    id: str
    title: str
    body: str
    begins_at: datetime
    ends_at: datetime | None = None
    state: str = ""
    component: str | None = None


Provider = Callable[[Any], list[Announcement]]
_providers: dict[Place, Provider] = {}


def register(place: Place, provider: Provider) -> None:
    _providers[place] = provider


def announcements(place: Place, organisation: Any = None) -> list[Announcement]:
    """None of them where they can't be read: no page falls for want of news."""
    provider = _providers.get(place)
    if provider is None:
        return []
    try:
        with db.session.begin_nested():
            return provider(organisation)
    except SQLAlchemyError:
        log.warning("announcements_failed", place=place, exc_info=True)
        return []
