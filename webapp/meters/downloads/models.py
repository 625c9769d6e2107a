"""What a file with keys holds, so that each fetch can be checked and written down."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Id, Instant, Json
from webapp.core.tenancy import Owned


class KeyExport(Owned, Base):
    """A download of many devices: asked for, then written. Never a key's value."""

    __tablename__ = "key_exports"
    __table_args__ = (
        Index(None, "file_id", unique=True, postgresql_where="file_id IS NOT NULL"),
        Index(None, "created_at"),
    )

    id: Mapped[Id]
    meter_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    left_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list)
    """Those of them that are not in the file: the format can't carry them, or they left meanwhile."""
    form: Mapped[str]
    options: Mapped[Json]
    receiver_key_id: Mapped[int | None] = mapped_column(ForeignKey("receiver_keys.id"))
    per_device: Mapped[bool] = mapped_column(default=False)
    left_out: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    """Serial number, code of the sentence, its parameters; the first thousand."""
    file_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("files.id", ondelete="SET NULL")
    )
    created_at: Mapped[Instant]

    @property
    def carried_ids(self) -> list[int]:
        left = set(self.left_ids)
        return [meter_id for meter_id in self.meter_ids if meter_id not in left]
