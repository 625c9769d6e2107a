"""Runs the migrations on the application's database; `flask db …` brings the application."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from flask import current_app

from webapp.core.db import Base, db
from webapp.core.localized import Localized

# Two launchers, or two web machines, must not migrate at once.
LOCK = 7_203_118_001


def _render(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """A migration names plain PostgreSQL types, so that it stands when our own types move."""
    return "postgresql.JSONB()" if kind == "type" and isinstance(item, Localized) else False


def run() -> None:
    with db.engine.connect() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({LOCK})")
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=_render,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
