"""Settings → Data: how long requests and the log are kept (P-17)."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.audit.doing import Doing, do
from tests.cast import Person, World
from tests.orgs.trees import events, organisation, version_in
from tests.records.conftest import stale_proof
from webapp.audit.models import AuditRow
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Organisation
from webapp.records import jobs

pytestmark = pytest.mark.feature("P-17")


def data(world: World) -> str:
    return f"/o/{world.acme}/settings/data"


def save(who: Person, requests: str, audit: str) -> int:
    page = who.get(data(who.world)).text
    form = {"request_retention_days": requests, "audit_retention_days": audit}
    return who.post(data(who.world), {**form, "version": version_in(page)}).status_code


def test_the_defaults_keep_the_log_for_ever(admin: Person, world: World) -> None:
    row = organisation(world, world.acme)
    assert (row.request_retention_days, row.audit_retention_days) == (730, None)
    page = admin.get(data(world)).text
    assert 'value="730"' in page
    assert "Forms opened at printers" in page
    assert data(world) in admin.get(f"/o/{world.acme}/settings").text


def test_it_is_saved_and_noted_once(admin: Person, world: World) -> None:
    assert save(admin, "90", "365") == 303
    row = organisation(world, world.acme)
    assert (row.request_retention_days, row.audit_retention_days) == (90, 365)
    assert save(admin, "90", "365") == 303
    assert events(world, world.acme_id).count("records:retention:changed") == 1
    assert save(admin, "90", "") == 303
    assert organisation(world, world.acme).audit_retention_days is None


@pytest.mark.parametrize(
    ("requests", "audit"),
    [("29", ""), ("3651", ""), ("", ""), ("x", ""), ("90", "364"), ("90", "-1"), ("90", "9999999")],
)
def test_what_lies_beyond_the_limits_is_refused(
    admin: Person, world: World, requests: str, audit: str
) -> None:
    assert save(admin, requests, audit) == 422
    assert organisation(world, world.acme).request_retention_days == 730


def test_an_older_version_is_refused(admin: Person, world: World) -> None:
    form = {"request_retention_days": "90", "audit_retention_days": "", "version": "99"}
    assert admin.post(data(world), form).status_code == 409
    assert organisation(world, world.acme).request_retention_days == 730


def test_it_asks_for_a_fresh_proof(admin: Person, reader: Person, world: World) -> None:
    assert reader.post(data(world), {}).status_code == 403
    stale_proof(admin)
    assert "step_up" in admin.post(data(world), {"request_retention_days": "90"}).text
    assert organisation(world, world.acme).request_retention_days == 730


@pytest.mark.feature("P-30")
def test_the_sweep_removes_the_log_of_those_who_want_it_and_verifies(world: World) -> None:
    for number in range(5):
        do(world, world.acme_id, Doing.DONE, f"thing {number}")
        do(world, world.globex_id, Doing.DONE, f"thing {number}")
    with world.portal.app_context(), unscoped("a setting"):
        wanted = update(Organisation).where(Organisation.id == world.acme_id)
        db.session.execute(wanted.values(audit_retention_days=365))
        commit()
    with world.portal.app_context(), unscoped("the sweep"):
        later = utcnow() + timedelta(days=366)
        for row in db.session.scalars(select(Organisation).order_by(Organisation.id)).all():
            from webapp.core.tenancy import scope

            with scope(row.id):
                jobs.remove_old_of(row, now=later)
    with world.portal.app_context(), unscoped("looking"):
        found = db.session.execute(select(AuditRow.organisation_id, AuditRow.event)).all()
    acme = [event for organisation_id, event in found if organisation_id == world.acme_id]
    assert acme == ["records:retention:removed"]
    assert sum(organisation_id == world.globex_id for organisation_id, _event in found) == 5
    verified = world.portal.test_cli_runner().invoke(args=["audit", "verify"])
    assert verified.exit_code == 0, verified.stderr
    shutil.rmtree(world.portal.extensions["settings"].data_dir / "audit-checkpoints")


def test_the_clock_knows_the_sweep(world: World) -> None:
    found = next(d for d in drains.all_drains() if d.name == "retention")
    assert found.every_seconds == 6 * 3600
    with world.portal.app_context():
        drains.run("retention")
    assert events(world, world.acme_id) == []
