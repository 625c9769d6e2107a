"""What the foot of every page says. It must stand when all else fails, so it never raises."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import structlog
from flask import g, url_for
from flask_babel import gettext
from sqlalchemy.exc import SQLAlchemyError

from webapp.core.clock import utcnow
from webapp.legal import queries
from webapp.legal.models import LegalKind

log = structlog.get_logger(__name__)


class LegalFoot:
    """Asked by templates that have a foot; fragments, which have none, ask nothing.

    On pages that say that the database is away it is not asked again: a second wait would help nobody.
    """

    @cached_property
    def identity(self) -> dict[str, str]:
        if g.get("database_away"):
            return queries.from_settings()
        try:
            return queries.identity()
        except SQLAlchemyError as error:
            log.warning("legal_identity_from_settings", error=type(error).__name__)
            g.database_away = True
            return queries.from_settings()

    @cached_property
    def links(self) -> list[tuple[str, str]]:
        """Legal notice always; the texts that are published."""
        notice = [(gettext("Legal notice"), url_for("legal_pages.notice"))]
        kinds = set() if g.get("database_away") else queries.published_kinds(utcnow())
        return notice + [
            (kind.label, url_for("legal_pages.text", kind=kind.value))
            for kind in LegalKind
            if kind in kinds
        ]


def legal_foot() -> dict[str, Any]:
    return {"legal_foot": LegalFoot()}
