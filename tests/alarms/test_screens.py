"""Alarms as people see them: the list, taking one on, quiet hours and maintenance, whose they are (P-44)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select

from tests.alarms.conftest import NOON
from tests.alarms.desk import Desk
from tests.cast import Person
from tests.orgs.trees import events
from tests.printers.desk import hidden, text_of
from webapp.alarms.models import AlarmRule, MaintenanceWindow
from webapp.core.db import db
from webapp.core.tenancy import unscoped

pytestmark = pytest.mark.feature("P-44")


def place(desk: Desk, more: str = "") -> str:
    return f"/o/{desk.world.acme}/alarms{more}"


def rule(desk: Desk) -> AlarmRule | None:
    with desk.world.portal.app_context(), unscoped("looking"):
        return db.session.scalar(select(AlarmRule))


def windows(desk: Desk) -> list[MaintenanceWindow]:
    with desk.world.portal.app_context(), unscoped("looking"):
        return list(db.session.scalars(select(MaintenanceWindow)))


def test_the_list_shows_what_is_open(desk: Desk, reader: Person) -> None:
    assert "All is well" in reader.get(place(desk)).text
    desk.open()
    page = text_of(reader.get(place(desk)).text)
    assert "Leak" in page
    assert "Colour 2nd floor" in page
    assert "tank 3" in page
    assert "1 alarm" in page


def test_what_is_over_stands_under_all(desk: Desk, reader: Person) -> None:
    desk.open()
    desk.good()
    desk.after(minutes=1)
    desk.sweep()
    assert "All is well" in reader.get(place(desk)).text
    assert "Leak" in text_of(reader.get(place(desk, "/all")).text)


def test_what_is_pending_is_nobodys_matter_yet(desk: Desk, reader: Person) -> None:
    desk.bad()
    assert "Leak" not in text_of(reader.get(place(desk, "/all")).text).partition("All")[2]
    assert reader.get(place(desk, f"/{desk.only().public_id}")).status_code == 404


def test_home_says_how_many_there_are(desk: Desk, reader: Person) -> None:
    desk.open()
    page = reader.get(f"/o/{desk.world.acme}/").text
    assert f'href="{place(desk)}?severity=alarm">1</a>' in page
    assert f'href="{place(desk)}?state=open">1</a>' in page


def test_taking_it_on(desk: Desk, admin: Person, reader: Person) -> None:
    url = place(desk, f"/{desk.open().public_id}")
    assert "Acknowledge" in admin.get(url).text
    assert admin.post(f"{url}/acknowledgements", {"note": "Carla drives there."}).status_code == 303
    page = text_of(reader.get(url).text)
    assert "Carla drives there." in page
    assert "Acknowledged by Admin" in page
    assert desk.states == ["acknowledged"]
    assert "devices:alarm:acknowledged" in events(desk.world, desk.world.acme_id)
    assert "Nobody else is called" not in page


def test_who_took_it_on_silences_the_escalation(desk: Desk, admin: Person) -> None:
    desk.rule(second_emails=["boss@acme.test"], escalate_after_minutes=30)
    url = place(desk, f"/{desk.open().public_id}")
    admin.post(f"{url}/acknowledgements")
    desk.after(hours=2)
    desk.bad()
    desk.sweep()
    assert desk.mails() == []
    assert desk.states == ["acknowledged"]
    desk.good()
    desk.after(minutes=1)
    desk.sweep()
    assert desk.states == ["closed"]


def test_what_is_over_cannot_be_taken_on(desk: Desk, admin: Person) -> None:
    url = place(desk, f"/{desk.open().public_id}")
    desk.good()
    desk.after(minutes=1)
    desk.sweep()
    answer = admin.post(f"{url}/acknowledgements", {"note": "x"})
    assert answer.status_code == 409
    assert "is over already" in answer.text


@pytest.mark.feature("P-11")
def test_strangers_see_none_of_it(desk: Desk, stranger: Person) -> None:
    public_id = desk.open().public_id
    globex = f"/o/{desk.world.globex}/alarms"
    assert stranger.get(f"{globex}/{public_id}").status_code == 404
    assert stranger.post(f"{globex}/{public_id}/acknowledgements").status_code == 404
    assert "Leak" not in text_of(stranger.get(f"{globex}/all").text)
    assert stranger.get(place(desk, f"/{public_id}")).status_code == 404
    assert desk.states == ["open"]


@pytest.mark.feature("P-11")
def test_strangers_end_nobodys_maintenance(desk: Desk, stranger: Person) -> None:
    desk.maintenance(NOON, NOON + timedelta(hours=1))
    (window,) = windows(desk)
    url = f"/o/{desk.world.globex}/alarms/maintenance/{window.public_id}/ending"
    assert stranger.post(url).status_code == 404
    assert len(windows(desk)) == 1


# Settings -------------------------------------------------------------------------------------------------


def save(admin: Person, desk: Desk, **form: str) -> object:
    page = admin.get(place(desk, "/settings")).text
    return admin.post(place(desk, "/settings"), {"version": hidden(page, "version"), **form})


def test_quiet_hours_and_receivers_are_saved(desk: Desk, admin: Person) -> None:
    form = {
        "quiet_from": "22:00",
        "quiet_to": "06:30",
        "first_emails": "night@acme.test\n\nnight@acme.test",
        "second_emails": "boss@acme.test, deputy@acme.test",
        "escalate_after_minutes": "30",
    }
    assert save(admin, desk, **form).status_code == 303  # type: ignore[attr-defined]
    found = rule(desk)
    assert found is not None
    assert (found.quiet_from, found.quiet_to) == (time(22), time(6, 30))
    assert found.first_emails == ["night@acme.test"]
    assert found.second_emails == ["boss@acme.test", "deputy@acme.test"]
    assert found.escalate_after_minutes == 30
    page = admin.get(place(desk, "/settings")).text
    assert 'value="22:00"' in page
    assert "devices:alarm_settings:changed" in events(desk.world, desk.world.acme_id)
    assert save(admin, desk).status_code == 303  # type: ignore[attr-defined]
    cleared = rule(desk)
    assert cleared is not None
    assert cleared.quiet_from is None


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"quiet_from": "22:00"}, "Enter both times, or neither."),
        ({"quiet_from": "22:00", "quiet_to": "22:00"}, "the same time"),
        ({"quiet_from": "25:99", "quiet_to": "06:00"}, "Not a valid time value"),
        ({"first_emails": "nobody"}, "is not a mail address"),
        ({"escalate_after_minutes": "30"}, "or neither"),
        ({"second_emails": "boss@acme.test"}, "or neither"),
        ({"second_emails": "b@acme.test", "escalate_after_minutes": "0"}, "Between 1 minute"),
        ({"first_emails": "\n".join(f"a{n}@acme.test" for n in range(21))}, "At most 20 addresses"),
    ],
)
def test_bad_settings_are_refused_whole(
    desk: Desk, admin: Person, form: dict[str, str], words: str
) -> None:
    answer = save(admin, desk, **form)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert words in text_of(answer.text)  # type: ignore[attr-defined]
    assert rule(desk) is None


def test_settings_that_somebody_changed_meanwhile_are_not_overwritten(
    desk: Desk, admin: Person
) -> None:
    old = hidden(admin.get(place(desk, "/settings")).text, "version")
    save(admin, desk, quiet_from="22:00", quiet_to="06:00")
    answer = admin.post(place(desk, "/settings"), {"version": old})
    assert answer.status_code == 409
    found = rule(desk)
    assert found is not None
    assert found.quiet_from == time(22)


def test_quiet_hours_that_are_lifted_let_what_waited_be_told(desk: Desk, admin: Person) -> None:
    save(admin, desk, quiet_from="11:00", quiet_to="23:00")
    desk.open()
    assert desk.told() == []
    save(admin, desk)
    desk.sweep()
    assert len(desk.told()) == 1


def enter(admin: Person, desk: Desk, begins: str, ends: str, reason: str = "Move") -> object:
    form = {"begins_at": begins, "ends_at": ends, "reason": reason}
    return admin.post(place(desk, "/maintenance"), {"nonce": f"{begins}{ends}", **form})


def test_maintenance_is_entered_in_the_organisations_time(desk: Desk, admin: Person) -> None:
    answer = enter(admin, desk, "2030-01-10T12:00", "2030-01-10T14:00")
    assert answer.status_code == 303  # type: ignore[attr-defined]
    (window,) = windows(desk)
    assert window.begins_at == datetime(2030, 1, 10, 11, tzinfo=UTC)
    assert window.ends_at == datetime(2030, 1, 10, 13, tzinfo=UTC)
    assert "Move" in admin.get(place(desk, "/settings")).text
    assert "devices:maintenance:created" in events(desk.world, desk.world.acme_id)


def test_maintenance_that_is_ended_lets_alarms_open(desk: Desk, admin: Person) -> None:
    enter(admin, desk, "2030-01-10T12:00", "2030-01-10T14:00")
    desk.open()
    assert desk.states == ["pending"]
    (window,) = windows(desk)
    admin.post(place(desk, f"/maintenance/{window.public_id}/ending"))
    desk.sweep()
    assert desk.states == ["open"]
    assert "None now, none planned" in admin.get(place(desk, "/settings")).text


def test_maintenance_to_come_is_taken_away(desk: Desk, admin: Person) -> None:
    enter(admin, desk, "2030-01-12T12:00", "2030-01-12T14:00")
    (window,) = windows(desk)
    admin.post(place(desk, f"/maintenance/{window.public_id}/ending"))
    assert windows(desk) == []


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [
        ("2030-01-10T14:00", "2030-01-10T13:00", "must end after it begins"),
        ("2030-01-09T14:00", "2030-01-09T15:00", "over already"),
        ("2030-01-09T14:00", "2030-07-09T15:00", "At most three months"),
        ("", "2030-01-10T13:00", "Enter when it begins"),
        ("soon", "2030-01-10T13:00", "Not a valid datetime"),
        ("0001-01-01T00:00", "9999-12-31T23:59", "Enter a year between 2000"),
    ],
)
def test_impossible_maintenance_is_refused(
    desk: Desk, admin: Person, begins: str, ends: str, words: str
) -> None:
    answer = enter(admin, desk, begins, ends)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert words in text_of(answer.text)  # type: ignore[attr-defined]
    assert windows(desk) == []


def test_readers_see_no_settings(desk: Desk, reader: Person) -> None:
    assert "Quiet hours" not in reader.get(place(desk)).text
    assert reader.get(place(desk, "/settings")).status_code == 403
