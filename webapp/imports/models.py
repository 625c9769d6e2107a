"""Imports, their staged lines, and what speaks against them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from webapp.core.db import Base, BigInt, Id, Instant, Json, PublicId, Texts, Versioned
from webapp.core.tenancy import Owned


class ImportState(StrEnum):
    """Where an import stands; what may follow what is `imports.states.MOVES`."""

    UPLOADED = "uploaded"
    MAPPED = "mapped"
    CHECKED = "checked"
    COMMITTING = "committing"
    COMMITTED = "committed"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


class Import(Owned, Versioned, Base):
    """A file on its way into the portal.

    `problem` is why it can't go on, in the words of who asked; `header` are the file's headings. `without_faulty`:
    the person chose to go on without the faulty lines.
    """

    __tablename__ = "imports"
    __table_args__ = (
        Index(None, "organisation_id", "created_at", "id"),
        Index(None, "created_at"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    subject: Mapped[str]
    state: Mapped[str] = mapped_column(default=ImportState.UPLOADED)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id", ondelete="SET NULL"))
    file_name: Mapped[str]
    encoding: Mapped[str]
    delimiter: Mapped[str]
    header: Mapped[Texts]
    has_heading: Mapped[bool] = mapped_column(default=True, server_default="true")
    """False where a file of another format was made a table: `header` is no line of it."""
    parameters: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    """What was chosen beside the file; never a secret."""
    lines: Mapped[BigInt]
    """Of the file as an editor counts them: for progress."""
    mapping: Mapped[Json] = mapped_column(default=dict)
    """Field → {"column": place, "default": text}; either may be absent."""
    rows: Mapped[BigInt] = mapped_column(default=0, server_default="0")
    faulty: Mapped[BigInt] = mapped_column(default=0, server_default="0")
    warnings: Mapped[BigInt] = mapped_column(default=0, server_default="0")
    faults_kept: Mapped[BigInt] = mapped_column(default=0, server_default="0")
    made: Mapped[BigInt] = mapped_column(default=0, server_default="0")
    kept: Mapped[BigInt] = mapped_column(default=0, server_default="0")
    """Made rows that undoing left, since they had come into use."""
    without_faulty: Mapped[bool] = mapped_column(default=False, server_default="false")
    problem: Mapped[str | None]
    activity_id: Mapped[int | None] = mapped_column(
        ForeignKey("activities.id", ondelete="SET NULL")
    )
    created_by: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[Instant]
    committed_at: Mapped[datetime | None]
    undo_until: Mapped[datetime | None]

    @property
    def good(self) -> int:
        return self.rows - self.faulty


class ImportRow(Owned, Base):
    """A staged line. Written by COPY; `values` without secrets, `values_sealed` the secrets alone."""

    __tablename__ = "import_rows"
    __table_args__ = (Index(None, "import_id", "line", postgresql_where="faulty"),)

    import_id: Mapped[BigInt] = mapped_column(
        ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True
    )
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    values: Mapped[dict[str, Any]] = mapped_column(JSONB)
    values_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    keys: Mapped[list[str | None]] = mapped_column(ARRAY(Text))
    """For each of the subject's `sames` the text by which lines are the same."""
    faulty: Mapped[bool] = mapped_column(default=False, server_default="false")
    made_id: Mapped[BigInt | None]


class ImportFault(Owned, Base):
    """One fault or warning of a line; the first 50,000 of an import are kept."""

    __tablename__ = "import_faults"
    __table_args__ = (
        Index(None, "import_id", "line", "id"),
        Index(None, "organisation_id", "line", "id"),
    )

    id: Mapped[Id]
    import_id: Mapped[BigInt] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"))
    line: Mapped[int]
    name: Mapped[str] = mapped_column(default="", server_default="")
    """What the line is about, where the subject says which field names it."""
    field: Mapped[str | None]
    value: Mapped[str]
    words: Mapped[str]
    is_warning: Mapped[bool]
