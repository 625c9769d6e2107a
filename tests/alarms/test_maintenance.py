"""Maintenance of one device, from its page and from the form; the list of windows (P-44)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.alarms.conftest import NOON
from tests.alarms.desk import Desk
from tests.cast import Person
from tests.printers.desk import text_of
from webapp.alarms.models import MaintenanceWindow
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import scope, unscoped
from webapp.devices.models import Device
from webapp.printers.services import add_printer

pytestmark = pytest.mark.feature("P-44")

TIMES = {"begins_at": "2030-01-10T12:00", "ends_at": "2030-01-10T14:00", "reason": "Move"}


def device(desk: Desk) -> str:
    with desk.world.portal.app_context(), unscoped("looking"):
        return db.session.scalars(select(Device.public_id).where(Device.id == desk.device_id)).one()


def from_device(desk: Desk) -> str:
    return f"/o/{desk.world.acme}/devices/{device(desk)}/maintenance"


def windows(desk: Desk) -> list[MaintenanceWindow]:
    with desk.world.portal.app_context(), unscoped("looking"):
        return list(db.session.scalars(select(MaintenanceWindow)))


def enter(admin: Person, desk: Desk, name: str) -> object:
    return admin.post(
        f"/o/{desk.world.acme}/alarms/maintenance", {"nonce": name or "-", "device": name, **TIMES}
    )


def test_from_a_devices_page_it_holds_for_that_device(desk: Desk, admin: Person) -> None:
    printer = f"/o/{desk.world.acme}/printers/{device(desk)}"
    assert f'href="{from_device(desk)}"' in admin.get(printer).text
    assert "None now" in admin.get(from_device(desk)).text
    assert admin.post(from_device(desk), {"nonce": "1", **TIMES}).status_code == 303
    (window,) = windows(desk)
    assert window.device_id == desk.device_id
    assert window.begins_at == datetime(2030, 1, 10, 11, tzinfo=UTC)
    assert "Move" in admin.get(from_device(desk)).text
    desk.open_attempt()
    assert desk.states == ["pending"]


@pytest.mark.parametrize("name", ["XRX9C934E1", "xrx9c934e1 ", "colour 2nd floor"])
def test_in_the_form_a_device_is_named_by_serial_or_name(
    desk: Desk, admin: Person, name: str
) -> None:
    assert enter(admin, desk, name).status_code == 303  # type: ignore[attr-defined]
    assert [w.device_id for w in windows(desk)] == [desk.device_id]


def test_without_a_device_it_holds_for_all(desk: Desk, admin: Person) -> None:
    enter(admin, desk, "")
    assert [w.device_id for w in windows(desk)] == [None]


def test_a_device_that_is_not_there_or_not_clear_is_refused(desk: Desk, admin: Person) -> None:
    with desk.world.portal.app_context(), scope(desk.world.acme_id):
        for _ in range(2):
            add_printer("Twin", organisation_id=desk.world.acme_id, button=None, now=utcnow())
        commit()
    for name, words in (("nothing", "No device has this"), ("Twin", "Several devices")):
        answer = enter(admin, desk, name)
        assert answer.status_code == 422  # type: ignore[attr-defined]
        assert words in text_of(answer.text)  # type: ignore[attr-defined]
    assert windows(desk) == []


@pytest.mark.feature("P-11")
def test_devices_of_others_are_nobody(desk: Desk, admin: Person, stranger: Person) -> None:
    globex = f"/o/{desk.world.globex}"
    assert stranger.get(f"{globex}/devices/{device(desk)}/maintenance").status_code == 404
    answer = stranger.post(f"{globex}/devices/{device(desk)}/maintenance", TIMES)
    assert answer.status_code == 404
    form = {"nonce": "x", "device": "XRX9C934E1", **TIMES}
    assert stranger.post(f"{globex}/alarms/maintenance", form).status_code == 422
    assert windows(desk) == []


def test_the_list_shows_what_lasts_comes_and_was(desk: Desk, reader: Person) -> None:
    desk.maintenance(NOON - timedelta(days=2), NOON - timedelta(days=1))
    desk.maintenance(NOON - timedelta(hours=1), NOON + timedelta(hours=1), desk.device_id)
    desk.maintenance(NOON + timedelta(days=1), NOON + timedelta(days=2))
    page = f"/o/{desk.world.acme}/alarms/maintenance"
    now = text_of(reader.get(page).text)
    assert "2 windows" in now
    assert "Lasts Colour 2nd floor" in now
    assert "Planned All devices" in now
    everything = text_of(reader.get(f"{page}/all").text)
    assert "3 windows" in everything
    assert "Over All devices" in everything
    assert "End now" not in everything, "a reader ends nothing"


def test_it_is_ended_from_the_list(desk: Desk, admin: Person) -> None:
    desk.maintenance(NOON - timedelta(hours=1), NOON + timedelta(hours=1), desk.device_id)
    desk.open_attempt()
    page = admin.get(f"/o/{desk.world.acme}/alarms/maintenance").text
    (window,) = windows(desk)
    ending = f"/o/{desk.world.acme}/alarms/maintenance/{window.public_id}/ending"
    assert f'action="{ending}"' in page
    assert "End now" in page
    admin.post(ending)
    desk.sweep()
    assert desk.states == ["open"]
    assert len(desk.told()) == 1
