"""An organisation's rule for one kind of alarms, as it is set on the screen and obeyed (P-44)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import delete, select

from tests.alarms.conftest import NOON
from tests.alarms.desk import LEAK, Desk
from tests.cast import Person, World
from tests.orgs.trees import events, person, user
from tests.printers.desk import hidden, text_of
from webapp.alarms.models import AlarmRule, Severity
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.notices.models import Notification
from webapp.orgs.models import Membership

pytestmark = pytest.mark.feature("P-44")


def place(desk: Desk, more: str = "") -> str:
    return f"/o/{desk.world.acme}/alarms/settings/kinds/{LEAK.name}{more}"


def save(admin: Person, desk: Desk, **form: object) -> object:
    """As the form is sent: what is not named keeps its default."""
    version = hidden(admin.get(place(desk)).text, "version")
    usual = {"is_on": "y", "heeds_quiet": "y", "severity": "", "version": version}
    fields = {k: v for k, v in {**usual, **form}.items() if v is not None}
    return admin.post(place(desk), fields)


def rules(desk: Desk) -> list[AlarmRule]:
    with desk.world.portal.app_context(), unscoped("looking"):
        return list(db.session.scalars(select(AlarmRule).order_by(AlarmRule.kind)))


def told(world: World, email: str) -> list[str]:
    with world.portal.app_context(), unscoped("looking"):
        wanted = select(Notification.title).order_by(Notification.id)
        return list(db.session.scalars(wanted.where(Notification.user_id == user(world, email).id)))


def test_the_settings_list_every_kind_with_what_holds(desk: Desk, admin: Person) -> None:
    page = text_of(admin.get(f"/o/{desk.world.acme}/alarms/settings").text)
    assert "Leak On 2 the one for all" in page
    save(admin, desk, is_on=None, debounce_minutes="30")
    page = text_of(admin.get(f"/o/{desk.world.acme}/alarms/settings").text)
    assert "Leak Off 30 its own" in page


def test_a_kind_that_is_off_opens_nothing_and_what_is_open_ends_without_a_word(
    desk: Desk, admin: Person
) -> None:
    desk.open()
    assert len(desk.told()) == 1
    save(admin, desk, is_on=None)
    desk.sweep()
    assert desk.states == ["closed"]
    desk.open_attempt()
    assert desk.states == ["closed"]
    assert len(desk.told()) == 1
    save(admin, desk)
    desk.bad()
    desk.after(minutes=2)
    desk.sweep()
    assert desk.states == ["closed", "open"]


def test_it_must_last_as_long_as_the_rule_says(desk: Desk, admin: Person) -> None:
    save(admin, desk, debounce_minutes="30")
    desk.bad()
    desk.after(minutes=29)
    desk.sweep()
    assert desk.states == ["pending"]
    desk.after(minutes=1)
    desk.sweep()
    assert desk.states == ["open"]


def test_no_debounce_at_all(desk: Desk, admin: Person) -> None:
    save(admin, desk, debounce_minutes="0")
    desk.bad()
    assert desk.states == ["open"]


def test_its_severity_is_the_organisations(desk: Desk, admin: Person) -> None:
    save(admin, desk, severity="warning")
    assert desk.open().severity == Severity.WARNING
    assert desk.told() == ["Warning: Leak, Colour 2nd floor"]


def test_roles_and_people_are_told_instead_of_all(desk: Desk, admin: Person) -> None:
    person(desk.world, "paul@acme.test", (desk.world.acme, "printer_admin"))
    reader = user(desk.world, "reader@acme.test").public_id
    save(admin, desk, first_roles=["printer_admin"], first_users=[reader])
    desk.open()
    assert desk.told() == [], "the administrator is neither"
    assert len(told(desk.world, "paul@acme.test")) == 1
    assert len(told(desk.world, "reader@acme.test")) == 1


def test_the_next_are_called_once_and_hear_its_end(desk: Desk, admin: Person) -> None:
    reader = user(desk.world, "reader@acme.test").public_id
    save(admin, desk, escalate_after_minutes="30", second_users=[reader])
    desk.open()
    assert told(desk.world, "reader@acme.test") == []
    for _ in range(5):
        desk.after(minutes=30)
        desk.bad()
        desk.sweep()
    assert told(desk.world, "reader@acme.test") == ["Still open: Alarm: Leak, Colour 2nd floor"]
    assert len(desk.told()) == 1
    desk.good()
    desk.after(minutes=1)
    desk.sweep()
    assert told(desk.world, "reader@acme.test")[1:] == ["Over: Leak, Colour 2nd floor"]
    assert desk.told()[1:] == ["Over: Leak, Colour 2nd floor"]


def test_who_has_left_is_not_told_any_more(desk: Desk, admin: Person) -> None:
    person(desk.world, "paul@acme.test", (desk.world.acme, "printer_admin"))
    paul = user(desk.world, "paul@acme.test")
    save(admin, desk, first_users=[paul.public_id])
    with desk.world.portal.app_context(), unscoped("leaving"):
        db.session.execute(delete(Membership).where(Membership.user_id == paul.id))
        commit()
    desk.open()
    assert told(desk.world, "paul@acme.test") == []


@pytest.mark.feature("Q-13")
@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        (datetime(2030, 1, 10, 22, tzinfo=UTC), datetime(2030, 1, 11, 5, tzinfo=UTC)),
        (datetime(2030, 3, 30, 22, tzinfo=UTC), datetime(2030, 3, 31, 4, tzinfo=UTC)),
        (datetime(2030, 10, 26, 22, tzinfo=UTC), datetime(2030, 10, 27, 5, tzinfo=UTC)),
    ],
)
def test_a_kind_heeds_the_quiet_hours_of_all(
    desk: Desk, evening: datetime, morning: datetime
) -> None:
    desk.rule(quiet_from=time(22), quiet_to=time(6))
    desk.kind_rule(LEAK.name, severity="warning")
    desk.at(evening)
    desk.open()
    assert desk.told() == []
    desk.at(morning - timedelta(seconds=1))
    desk.sweep()
    assert desk.told() == []
    desk.at(morning)
    desk.sweep()
    assert len(desk.told()) == 1


def test_a_kind_that_heeds_none_is_told_at_night(desk: Desk) -> None:
    desk.rule(quiet_from=time(22), quiet_to=time(6))
    desk.kind_rule(LEAK.name, heeds_quiet=False)
    desk.at(datetime(2030, 1, 10, 23, tzinfo=UTC))
    desk.open()
    assert len(desk.told()) == 1


def test_maintenance_that_ends_while_it_is_open_lets_it_be_told_then(desk: Desk) -> None:
    """It opened before, in quiet hours; maintenance follows; at its end people are told."""
    desk.rule(quiet_from=time(11), quiet_to=time(13))  # noon in Rome
    desk.maintenance(NOON + timedelta(minutes=30), NOON + timedelta(hours=3), desk.device_id)
    desk.open()
    assert desk.states == ["open"]
    desk.at(NOON + timedelta(hours=2))
    desk.bad()
    desk.sweep()
    assert desk.told() == []
    desk.at(NOON + timedelta(hours=3))
    desk.sweep()
    assert len(desk.told()) == 1


def test_escalation_waits_for_the_end_of_maintenance(desk: Desk, admin: Person) -> None:
    reader = user(desk.world, "reader@acme.test").public_id
    save(admin, desk, escalate_after_minutes="30", second_users=[reader])
    desk.open()
    desk.maintenance(NOON + timedelta(minutes=10), NOON + timedelta(hours=2))
    desk.at(NOON + timedelta(hours=1))
    desk.bad()
    desk.sweep()
    assert told(desk.world, "reader@acme.test") == []
    desk.at(NOON + timedelta(hours=2))
    desk.sweep()
    desk.sweep()
    assert len(told(desk.world, "reader@acme.test")) == 1


def test_a_rule_is_taken_back(desk: Desk, admin: Person) -> None:
    save(admin, desk, debounce_minutes="30")
    assert [r.kind for r in rules(desk)] == [LEAK.name]
    assert admin.post(place(desk, "/resets")).status_code == 303
    assert rules(desk) == []
    assert admin.post(place(desk, "/resets")).status_code == 303
    found = events(desk.world, desk.world.acme_id)
    assert found.count("devices:alarm_rule:changed") == 1
    assert found.count("devices:alarm_rule:reset") == 1


def test_the_form_begins_with_what_holds_for_all(desk: Desk, admin: Person) -> None:
    desk.rule(first_emails=["night@acme.test"])
    assert "night@acme.test" in admin.get(place(desk)).text
    save(admin, desk, first_emails="leaks@acme.test")
    desk.open()
    assert [to for to, _subject in desk.mails()] == ["leaks@acme.test"]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"debounce_minutes": "-1"}, "Between 0 minutes"),
        ({"debounce_minutes": "1441"}, "Between 0 minutes"),
        ({"severity": "dreadful"}, "ot a valid choice"),
        ({"first_roles": ["emperor"]}, "valid choice"),
        ({"first_users": ["abcdefghjkmn"]}, "valid choice"),
        ({"escalate_after_minutes": "30"}, "or neither"),
        ({"second_roles": ["reader"]}, "or neither"),
        ({"first_emails": "nobody"}, "is not a mail address"),
    ],
)
def test_bad_rules_are_refused_whole(
    desk: Desk, admin: Person, form: dict[str, object], words: str
) -> None:
    answer = save(admin, desk, **form)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert words in text_of(answer.text)  # type: ignore[attr-defined]
    assert rules(desk) == []


@pytest.mark.feature("P-11")
def test_strangers_are_not_offered_as_people_to_tell(
    desk: Desk, admin: Person, stranger: Person
) -> None:
    other = user(desk.world, "admin@globex.test").public_id
    assert other not in admin.get(place(desk)).text
    assert save(admin, desk, first_users=[other]).status_code == 422  # type: ignore[attr-defined]


def test_a_rule_that_somebody_changed_meanwhile_is_not_overwritten(
    desk: Desk, admin: Person
) -> None:
    save(admin, desk, debounce_minutes="30")
    form = {"is_on": "y", "severity": "", "version": ""}
    assert admin.post(place(desk), form).status_code == 409
    assert [r.debounce_minutes for r in rules(desk)] == [30]


def test_unknown_kinds_and_the_portals_own_have_no_page(desk: Desk, admin: Person) -> None:
    base = f"/o/{desk.world.acme}/alarms/settings/kinds"
    assert admin.get(f"{base}/nonsense").status_code == 404
    assert admin.get(f"{base}/queue_age").status_code == 404
