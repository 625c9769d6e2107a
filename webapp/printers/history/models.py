"""Faults as they are watched, and the pages of closed months. Drawn in docs/data-model/printers.md."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, BigInt, Id, Instant
from webapp.core.listing import word_index
from webapp.core.tenancy import Owned
from webapp.printers.models import Printer


class PrinterFault(Owned, Base):
    """A fault that looks at a printer keep seeing. `looks` counts them; `gone_at` is the first one without it.

    The row lives as long as the fault; `request_id` is the request that it opened by itself.
    """

    __tablename__ = "printer_faults"
    __table_args__ = (UniqueConstraint("printer_id", "fault"), Index(None, "request_id"))

    id: Mapped[Id]
    printer_id: Mapped[BigInt] = mapped_column(ForeignKey("printers.id", ondelete="CASCADE"))
    fault: Mapped[str]
    """Folded: what two looks must agree in."""
    words: Mapped[str]
    """As the printer says it."""
    first_seen_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]
    looks: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    gone_at: Mapped[datetime | None]
    request_id: Mapped[int | None] = mapped_column(
        ForeignKey("panic_requests.id", ondelete="SET NULL")
    )


class PrinterStatement(Owned, Base):
    """The pages of one printer in one closed month. Never changed; the next month begins where this one ended.

    `black`, `colour` and `large` are of the month, `last_…` the counters at its end. Name and serial are as they were.
    """

    __tablename__ = "printer_statements"
    __table_args__ = (
        UniqueConstraint("organisation_id", "month", "printer_id"),
        Index(None, "organisation_id", "month", "id"),
        Index(None, "organisation_id", "customer", "id"),
        Index(None, "organisation_id", "printer_name", "id"),
        Index(None, "printer_id"),
        word_index("ix_printer_statements_words", "printer_name"),
    )

    id: Mapped[Id]
    month: Mapped[date]
    customer: Mapped[str] = mapped_column(default="")
    printer_id: Mapped[BigInt] = mapped_column(ForeignKey("printers.id"))
    printer_name: Mapped[str]
    printer_serial: Mapped[str] = mapped_column(default="")
    first_total: Mapped[int | None] = mapped_column(BigInteger)
    last_total: Mapped[int | None] = mapped_column(BigInteger)
    last_black: Mapped[int | None] = mapped_column(BigInteger)
    last_colour: Mapped[int | None] = mapped_column(BigInteger)
    last_large: Mapped[int | None] = mapped_column(BigInteger)
    pages: Mapped[int | None] = mapped_column(BigInteger)
    black: Mapped[int | None] = mapped_column(BigInteger)
    colour: Mapped[int | None] = mapped_column(BigInteger)
    large: Mapped[int | None] = mapped_column(BigInteger)
    billed_pages: Mapped[BigInt]
    doubtful: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Instant]

    printer: Mapped[Printer] = relationship()
