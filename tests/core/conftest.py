"""The gauges' table stands while a module of tests uses it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from tests.core.gauges import GaugeBase
from webapp.core.db import db
from webapp.core.tenancy import scope
from webapp.core.web import Portal

ACME, GLOBEX = 101, 102


@pytest.fixture(scope="session")
def gauge_table(portal: Portal) -> Iterator[None]:
    with portal.app_context():
        GaugeBase.metadata.create_all(db.engine)
    yield
    with portal.app_context():
        GaugeBase.metadata.drop_all(db.engine)


@pytest.fixture
def gauges(portal: Portal, gauge_table: None) -> Iterator[None]:
    """An empty table, a request to `/gauges`, in the scope of Acme."""
    with portal.test_request_context("/gauges"), scope(ACME):
        yield
        db.session.rollback()
        db.session.execute(text("TRUNCATE test_gauges"))
        db.session.commit()
