"""Outpost: one portal for equipment in the field."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.core.web import Portal
    from webapp.settings import Settings


def create_app(settings: Settings | None = None) -> Portal:
    """The application, checked: undeclared access or a missing scope shape stops the start."""
    from webapp.assembly import assemble
    from webapp.settings import from_environment

    return assemble(settings or from_environment())
