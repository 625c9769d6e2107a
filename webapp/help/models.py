"""What readers said of a page."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from webapp.core.db import Base, Id, Instant
from webapp.core.tenancy import Global


class HelpVote(Global, Base):
    """Kept 13 months. Of whom is not kept: nobody needs to know."""

    __tablename__ = "help_votes"
    __table_args__ = (Index(None, "page", "language"), Index(None, "at"))

    id: Mapped[Id]
    page: Mapped[str]
    language: Mapped[str]
    helpful: Mapped[bool]
    note: Mapped[str | None]
    at: Mapped[Instant]
