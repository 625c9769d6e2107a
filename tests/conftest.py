"""One PostgreSQL and one Redis for the run, one application, one cast of people.

`admin` and `reader` belong to Acme, `stranger` is the administrator of Globex, `operator` runs the portal,
`visitor` is nobody. Each test begins with empty tables.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.cast import Person, World, sign_in
from webapp import create_app
from webapp.core.db import Base, db
from webapp.core.web import Portal
from webapp.launcher.services import Postgres, Redis
from webapp.settings import Settings, from_environment

pytest_plugins = ["tests.plugins.features"]

ONLY_IN_LONG_RUNS = (
    "tests/browser/test_meter_catalogue.py::test_axe_finds_nothing_on_pages_with_rows[light-1280]",
    "tests/browser/test_meter_catalogue.py::test_axe_finds_nothing_on_pages_with_rows[dark-1280]",
    "tests/browser/test_panic_content.py::test_the_editors_are_accessible_and_fit[light-1280]",
    "tests/browser/test_printers.py::test_every_page_is_accessible_and_fits[light-1280]",
    "tests/browser/test_agents_and_history.py::test_pages_with_data[light]",
    "tests/browser/test_meter_batches.py::test_the_pages_hold_on_any_screen[light-1280]",
    "tests/browser/test_records.py::test_pages_are_accessible_in_both_themes_and_narrow[dark-1280]",
    "tests/browser/test_records.py::test_pages_are_accessible_in_both_themes_and_narrow[light-1280]",
    "tests/browser/test_keys_journey.py::test_keys_are_downloaded_proved_and_encrypted[dark-1280]",
    "tests/browser/test_keys_journey.py::test_keys_are_downloaded_proved_and_encrypted[light-360]",
    "tests/browser/test_mail_templates.py::test_it_fits_a_phone[light]",
    "tests/browser/test_orgs.py::test_every_page_is_accessible",
    "tests/browser/test_invitations.py::test_every_page_fits_a_phone",
    "tests/browser/test_search_and_alarms.py::test_the_pages_with_something_on_them[light-1280]",
    "tests/backups/test_restore.py::test_a_harmed_file_is_refused_before_anything_is_touched[cut",
    "tests/backups/test_restore.py::test_a_harmed_file_is_refused_before_anything_is_touched[other",
    "tests/backups/test_restore.py::test_a_harmed_file_is_refused_before_anything_is_touched[grow",
    "tests/backups/test_restore.py::test_list_names_them",
    "tests/backups/test_restore.py::test_a_schema_of_a_later_version_is_refused",
    "tests/backups/test_restore.py::test_a_dump_that_is_killed_leaves_no_half_backup",
    "tests/backups/test_restore.py::test_a_database_with_content_is_not_touched_without_replace",
)
"""Looks and harms of which the ordinary run keeps one: it has to stay short."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(ONLY_IN_LONG_RUNS):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres.throwaway() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    with Redis.throwaway() as server:
        yield server


@pytest.fixture(scope="session")
def settings(
    postgres: Postgres, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    return from_environment(
        {
            "OUTPOST_ENV": "test",
            "BASE_URL": "http://localhost",
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis_server.url,
            "SECRET_KEY": "test-only-0123456789-abcdefghijklmnopqrstuvwxyz",
            "CODE_PEPPER": "test-pepper-9876543210-zyxwvutsrqponmlkjihgfedcba",
            "METER_MASTER_KEYS": f"test {bytes(range(32)).hex()}",
            "DATA_DIR": str(tmp_path_factory.mktemp("data")),
            "MAIL_PORT": "1",
            "LOG_FORMAT": "json",
            "FLOOD_PER_MINUTE": "0",
        }
    )


@pytest.fixture(scope="session")
def portal(settings: Settings) -> Portal:
    """The application with its tables."""
    app = create_app(settings)
    with app.app_context():
        db.create_all()
    return app


@pytest.fixture(autouse=True)
def _empty_tables(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "portal" in request.fixturenames:
        empty_tables(request.getfixturevalue("portal"))


def empty_tables(portal: Portal) -> None:
    """Delete every row, foreign keys aside: some milliseconds for small tables."""
    names = [table.name for table in Base.metadata.sorted_tables]
    statements = "; ".join(f'DELETE FROM "{name}"' for name in names)
    with portal.app_context(), db.engine.begin() as connection:
        connection.execute(text(f"SET LOCAL session_replication_role = replica; {statements}"))
    portal.extensions["redis"].flushall()


@pytest.fixture
def ground(portal: Portal) -> Iterator[Portal]:
    """An application context for tests that call services; don't use a client inside."""
    with portal.app_context():
        yield portal


@pytest.fixture
def client(portal: Portal) -> FlaskClient:
    return portal.test_client()


@pytest.fixture
def world(portal: Portal) -> World:
    """Acme with its administrator and reader, Globex with its own, the operator."""
    return World.create(portal)


@pytest.fixture
def admin(world: World) -> Person:
    return sign_in(world, "admin@acme.test")


@pytest.fixture
def reader(world: World) -> Person:
    return sign_in(world, "reader@acme.test")


@pytest.fixture
def stranger(world: World) -> Person:
    return sign_in(world, "admin@globex.test")


@pytest.fixture
def operator(world: World) -> Person:
    return sign_in(world, "operator@outpost.test")


@pytest.fixture
def visitor(world: World) -> Person:
    """Nobody: not signed in."""
    return Person(world, None, world.portal.test_client())
