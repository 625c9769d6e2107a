"""The migrations make exactly the tables that the models say, up and down, with one head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

from webapp import create_app
from webapp.core.db import Base, db
from webapp.core.web import Portal
from webapp.launcher.services import Postgres
from webapp.settings import Settings

pytestmark = pytest.mark.feature("Q-12")

FOLDER = str(Path(__file__).parents[2] / "migrations")


@pytest.fixture
def empty(settings: Settings, postgres: Postgres) -> Iterator[Portal]:
    """The application on a database without tables."""
    url = postgres.create_database("migrations")
    app = create_app(replace(settings, database_url=url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    postgres.drop_database("migrations")


def test_there_is_one_head() -> None:
    config = Config()
    config.set_main_option("script_location", FOLDER)
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


def test_the_migrations_make_what_the_models_say_up_and_down(empty: Portal) -> None:
    upgrade(FOLDER)
    assert differences() == []
    downgrade(FOLDER, revision="base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    upgrade(FOLDER)
    assert differences() == []


def test_the_portal_is_not_ready_on_another_revision(empty: Portal) -> None:
    client = empty.test_client()
    before = client.get("/readyz")
    assert before.status_code == 503
    assert "revision" in before.text or "database" in before.text
    upgrade(FOLDER)
    assert client.get("/readyz").status_code == 200


@pytest.mark.feature("Q-11")
def test_the_portal_stays_ready_without_redis(empty: Portal, settings: Settings) -> None:
    upgrade(FOLDER)
    lost = replace(empty.extensions["settings"], redis_url="unix:///nowhere/redis.sock")
    answer = create_app(lost).test_client().get("/readyz")
    assert answer.status_code == 200
    assert "Redis" in answer.text


def differences() -> list[object]:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [
            d for d in compare_metadata(context, Base.metadata) if "alembic_version" not in str(d)
        ]
