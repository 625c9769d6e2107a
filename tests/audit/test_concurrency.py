"""Many write at once and the chain never breaks; a transaction that is taken back leaves no trace."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from tests.audit.doing import SOMEBODY, Doing, do
from tests.cast import World
from webapp.audit.log import record, record_aside
from webapp.audit.models import AuditHead, AuditRow
from webapp.audit.verification import faults_of
from webapp.core.db import commit, db, rollback
from webapp.core.principal import acting_as
from webapp.core.tenancy import scope, unscoped

pytestmark = pytest.mark.feature("P-30")

WRITERS, EACH = 8, 12


def write_to_both(world: World, writer: int) -> None:
    """Every second transaction concerns two organisations, named in the other order by half the writers."""
    both = [world.acme_id, world.globex_id]
    with world.portal.app_context(), unscoped("tests"), acting_as(SOMEBODY):
        for number in range(EACH):
            for organisation_id in both if writer % 2 else reversed(both):
                for _ in range(1 + number % 3):
                    record(Doing.DONE, organisation_id=organisation_id, kind="thing", id=writer)
            commit()


def test_eight_writers_never_break_the_chain(world: World) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda writer: write_to_both(world, writer), range(WRITERS)))
    with world.portal.app_context():
        for organisation_id in (world.acme_id, world.globex_id):
            assert list(faults_of(organisation_id)) == []
            with scope(organisation_id):
                rows = db.session.scalar(select(func.count()).select_from(AuditRow))
                assert rows == db.session.scalar(select(AuditHead.seq))
                assert rows == WRITERS * EACH * 2


def test_what_is_rolled_back_stands_in_no_log(world: World) -> None:
    with world.portal.app_context(), unscoped("tests"), acting_as(SOMEBODY):
        record(Doing.DONE, organisation_id=world.acme_id, kind="thing", id=1)
        rollback()
        record(Doing.OTHER, organisation_id=world.acme_id, kind="thing", id=2)
        commit()
        assert db.session.scalars(select(AuditRow.event)).all() == [Doing.OTHER]


def test_a_refusal_stands_though_its_request_is_taken_back(world: World) -> None:
    with world.portal.app_context(), unscoped("tests"), acting_as(SOMEBODY):
        record(Doing.DONE, organisation_id=world.acme_id, kind="thing", id=1)
        record_aside(Doing.OTHER, organisation_id=world.acme_id, kind="thing", id=2)
        rollback()
        assert db.session.scalars(select(AuditRow.event)).all() == [Doing.OTHER]


def test_each_organisation_has_its_own_chain(world: World) -> None:
    do(world, world.acme_id, Doing.DONE, "one")
    do(world, world.globex_id, Doing.DONE, "one")
    with world.portal.app_context(), unscoped("tests"):
        found = db.session.execute(select(AuditRow.organisation_id, AuditRow.seq)).all()
    assert sorted(found) == sorted([(world.acme_id, 1), (world.globex_id, 1)])
