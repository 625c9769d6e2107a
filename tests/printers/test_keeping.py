"""Requests, launches and readings go when their time is over; whoever called for help can be forgotten (P-17, Q-22)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.cast import Person, World
from tests.orgs.trees import events, mails
from tests.printers.conftest import Field
from tests.printers.desk import base, call_for_help, one, rows
from webapp.audit.models import AuditRow
from webapp.core import retention
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import scope, unscoped
from webapp.orgs.models import Organisation
from webapp.printers import keeping
from webapp.printers.models import (
    PanicLaunch,
    PanicRequest,
    PanicRequestEvent,
    Printer,
    PrinterReading,
    RequestState,
)
from webapp.records import jobs

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def sweep(world: World, now: datetime) -> dict[str, int]:
    with world.portal.app_context(), scope(world.acme_id):
        here = db.session.get_one(Organisation, world.acme_id)
        return jobs.remove_old_of(here, now=now)


def settle(world: World, made: PanicRequest, *, done_at: datetime | None) -> None:
    with world.portal.app_context(), unscoped("a request of the past"):
        row = db.session.scalars(select(PanicRequest).where(PanicRequest.id == made.id)).one()
        row.state = RequestState.DONE if done_at else RequestState.NEW
        row.done_at = done_at
        commit()


@pytest.mark.feature("P-17")
def test_finished_requests_go_with_all_that_hangs_on_them(world: World, acme: Field) -> None:
    now = utcnow()
    old, young, still_open = (call_for_help(acme) for _ in range(3))
    settle(world, old, done_at=now - timedelta(days=731))
    settle(world, young, done_at=now - timedelta(days=729))
    settle(world, still_open, done_at=None)
    assert sweep(world, now)["panic_requests"] == 1
    left = {r.id for r in rows(world, select(PanicRequest))}
    assert left == {young.id, still_open.id}
    for model in (PanicLaunch, PanicRequestEvent):
        assert old.id not in {r.request_id for r in rows(world, select(model))}


@pytest.mark.feature("P-17")
def test_the_organisation_says_how_long(world: World, acme: Field) -> None:
    now = utcnow()
    made = call_for_help(acme)
    settle(world, made, done_at=now - timedelta(days=40))
    assert "panic_requests" not in sweep(world, now)
    with world.portal.app_context():
        db.session.get_one(Organisation, world.acme_id).request_retention_days = 30
        commit()
    assert sweep(world, now)["panic_requests"] == 1


@pytest.mark.feature("P-17")
def test_a_run_is_noted_once_with_its_counts_and_in_batches(
    world: World, acme: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = utcnow()
    for _ in range(3):
        settle(world, call_for_help(acme), done_at=now - timedelta(days=800))
    monkeypatch.setattr(keeping, "BATCH", 1)
    monkeypatch.setattr(jobs, "BATCH", 1)
    assert sweep(world, now) == {"panic_requests": 3}
    assert events(world, world.acme_id).count("records:retention:removed") == 1
    entry = rows(world, select(AuditRow).where(AuditRow.event == "records:retention:removed"))[0]
    assert entry.payload["detail"] == {"removed": {"panic_requests": 3}}
    assert sweep(world, now) == {}
    assert events(world, world.acme_id).count("records:retention:removed") == 1


@pytest.mark.feature("P-17")
def test_launches_go_after_thirty_days(world: World, acme: Field) -> None:
    acme.launch()
    assert "panic_launches" not in sweep(world, utcnow() + timedelta(days=29))
    assert sweep(world, utcnow() + timedelta(days=31))["panic_launches"] == 1
    assert rows(world, select(PanicLaunch)) == []


def read(world: World, *moments: datetime) -> None:
    with world.portal.app_context(), scope(world.acme_id):
        printer = db.session.scalars(select(Printer).order_by(Printer.id)).all()[0]
        for at in moments:
            db.session.add(
                PrinterReading(
                    organisation_id=world.acme_id,
                    printer_id=printer.id,
                    at=at,
                    source="poll",
                    raw=b"",
                    decoded={},
                )
            )
        commit()


@pytest.mark.feature("P-17")
def test_of_old_readings_the_last_of_each_day_stays(world: World, acme: Field) -> None:
    day = datetime(2026, 1, 10, tzinfo=UTC)
    hours = [day + timedelta(hours=h) for h in (1, 9, 23, 25, 47)]
    young = NOW - timedelta(days=3)
    read(world, *hours, young, young + timedelta(hours=1))
    sweep(world, NOW)
    left = sorted(r.at for r in rows(world, select(PrinterReading)))
    assert left == [hours[2], hours[4], young, young + timedelta(hours=1)]
    assert sweep(world, NOW) == {}, "what is kept is not looked at again"


@pytest.mark.feature("P-17")
def test_after_three_years_they_go_altogether(world: World, acme: Field) -> None:
    read(world, NOW - timedelta(days=3 * 365 + 1), NOW - timedelta(days=3 * 365 - 1))
    sweep(world, NOW)
    assert len(rows(world, select(PrinterReading))) == 1


@pytest.mark.feature("P-17")
def test_what_is_swept_is_registered(world: World) -> None:
    names = {each.name for each in retention.all_retentions()}
    assert {"panic_requests", "panic_launches", "printer_readings", "audit_rows"} <= names
    with pytest.raises(ValueError, match="either the setting or the days"):
        retention.Retention("x", "X", lambda before: 0)


@pytest.mark.feature("Q-22")
def test_the_person_of_a_request_can_be_forgotten(world: World, admin: Person, acme: Field) -> None:
    made = call_for_help(acme, message="Call me: 0444 123456, Anna")
    page = f"{base(world)}/requests/{made.public_id}"
    assert "Call me" in admin.get(page).text
    admin.post(f"{page}/notes", {"text": "Anna has the flu"})
    assert f"{page}/erasure" in admin.get(page).text
    assert "go for good" in admin.get(f"{page}/erasure").text
    assert admin.post(f"{page}/erasure").status_code == 303
    row = one(world, select(PanicRequest))
    assert (row.email, row.phone, row.message) == ("", "", "")
    shown = admin.get(page).text
    for word in ("anna@acme.test", "0444 123456", "flu"):
        assert word not in shown
    assert "personal data of this request are erased" in shown
    assert rows(world, select(PanicLaunch).where(PanicLaunch.request_id == made.id)) == []
    for mail in mails(world):
        if mail.cause_id == made.public_id:
            assert "anna" not in f"{mail.recipient}{mail.subject}{mail.text}{mail.html}".lower()
            assert mail.state == "cancelled", "what has not left does not leave"


@pytest.mark.feature("Q-22")
def test_its_log_is_erased_and_the_chain_holds(world: World, admin: Person, acme: Field) -> None:
    made = call_for_help(acme)
    page = f"{base(world)}/requests/{made.public_id}/erasure"
    assert admin.post(page).status_code == 303
    about = rows(world, select(AuditRow).where(AuditRow.object_id == made.public_id))
    erased = [r for r in about if r.payload is None]
    assert erased
    assert all(r.salt is None and r.erased_at for r in erased)
    assert [r.event for r in about if r.payload] == ["printers:request:erased"]
    found = world.portal.test_cli_runner().invoke(args=["audit", "verify"])
    assert found.exit_code == 0, found.output
    again = admin.post(page)
    assert again.status_code == 409
    assert "erased already" in again.text


@pytest.mark.feature("Q-22")
def test_readers_may_not_erase_and_strangers_find_nothing(
    world: World, reader: Person, stranger: Person, acme: Field
) -> None:
    page = f"{base(world)}/requests/{call_for_help(acme).public_id}/erasure"
    assert reader.post(page).status_code == 403
    assert stranger.post(page).status_code == 404
    assert one(world, select(PanicRequest)).email == "anna@acme.test"
