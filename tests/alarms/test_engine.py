"""Conditions open after a while, close after a while, and say so once: with the clock in the test's hand (P-44)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from threading import Thread

import pytest
from sqlalchemy.exc import IntegrityError

from tests import make
from tests.alarms.conftest import NOON
from tests.alarms.desk import LEAK, Desk
from webapp.alarms.models import Condition, Severity
from webapp.core.clock import utcnow
from webapp.core.db import commit, db, rollback
from webapp.core.tenancy import scope, unscoped
from webapp.orgs.models import Organisation

pytestmark = pytest.mark.feature("P-44")


# Debounce -------------------------------------------------------------------------------------------------


def test_a_blip_opens_nothing(desk: Desk) -> None:
    desk.bad()
    assert desk.states == ["pending"]
    desk.after(minutes=1, seconds=59)
    desk.good()
    assert desk.all() == []
    desk.after(minutes=5)
    desk.sweep()
    assert desk.all() == []
    assert desk.told() == []


def test_what_lasts_opens_by_the_sweep_and_is_told_once(desk: Desk) -> None:
    desk.bad(detail={"where": "tank 3"})
    desk.after(minutes=1, seconds=59)
    desk.sweep()
    assert desk.states == ["pending"]
    desk.after(seconds=1)
    desk.sweep()
    found = desk.only()
    assert (found.state, found.opened_at) == ("open", NOON + timedelta(minutes=2))
    for _again in range(3):
        desk.after(minutes=1)
        desk.bad()
        desk.sweep()
    assert desk.told() == ["Alarm: Leak, Colour 2nd floor"]


def test_what_lasts_opens_by_its_next_evidence_too(desk: Desk) -> None:
    desk.bad()
    desk.after(minutes=3)
    desk.bad()
    assert desk.states == ["open"]


def test_it_closes_when_it_has_been_good_for_a_while(desk: Desk) -> None:
    desk.open()
    desk.good()
    desk.after(seconds=59)
    desk.sweep()
    assert desk.states == ["open"]
    desk.after(seconds=1)
    desk.sweep()
    found = desk.only()
    assert (found.state, found.closed_at) == ("closed", NOON + timedelta(minutes=3))
    assert desk.told() == ["Alarm: Leak, Colour 2nd floor", "Over: Leak, Colour 2nd floor"]


def test_flapping_stays_one_open_condition(desk: Desk) -> None:
    desk.open()
    for _flap in range(5):
        desk.good()
        desk.after(seconds=30)
        desk.bad()
        desk.after(seconds=30)
        desk.sweep()
    assert desk.states == ["open"]
    assert len(desk.told()) == 1


def test_the_same_again_later_is_a_new_one(desk: Desk) -> None:
    desk.open()
    desk.good()
    desk.after(minutes=1)
    desk.sweep()
    desk.bad()
    desk.after(minutes=2)
    desk.sweep()
    assert desk.states == ["closed", "open"]


def test_two_subjects_are_two_conditions(desk: Desk) -> None:
    desk.bad(subject="tank:3")
    desk.bad(subject="tank:4")
    assert desk.states == ["pending", "pending"]


def test_it_may_get_worse(desk: Desk) -> None:
    desk.bad(severity=Severity.WARNING)
    desk.after(minutes=2)
    desk.bad(severity=Severity.ALARM)
    assert desk.only().severity == "alarm"


def test_two_that_see_it_first_at_the_same_moment_make_one(desk: Desk) -> None:
    threads = [Thread(target=desk.bad) for _n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.states == ["pending"]


def test_the_database_lets_one_be_open(desk: Desk) -> None:
    """Also where there is no device: nulls are not distinct."""
    with desk.world.portal.app_context(), scope(desk.world.acme_id):
        for _twice in range(2):
            db.session.add(
                Condition(
                    organisation_id=desk.world.acme_id,
                    kind=LEAK.name,
                    subject="",
                    severity="alarm",
                    first_seen_at=utcnow(),
                    last_evidence_at=utcnow(),
                )
            )
        with pytest.raises(IntegrityError, match="uq_conditions_open"):
            db.session.flush()
        rollback()


# Quiet hours and maintenance ------------------------------------------------------------------------------


def test_at_night_it_opens_and_is_told_in_the_morning(desk: Desk) -> None:
    desk.rule(quiet_from=time(22), quiet_to=time(6))
    desk.at(datetime(2030, 1, 10, 22, tzinfo=UTC))  # 23:00 in Rome
    desk.open()
    assert desk.states == ["open"]
    assert desk.told() == []
    assert desk.only().due_at == datetime(2030, 1, 11, 5, tzinfo=UTC)
    desk.at(datetime(2030, 1, 11, 4, 59, tzinfo=UTC))
    desk.sweep()
    assert desk.told() == []
    desk.at(datetime(2030, 1, 11, 5, tzinfo=UTC))
    desk.sweep()
    assert len(desk.told()) == 1


@pytest.mark.feature("Q-13")
@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        (datetime(2030, 3, 30, 22, tzinfo=UTC), datetime(2030, 3, 31, 4, tzinfo=UTC)),
        (datetime(2030, 10, 26, 22, tzinfo=UTC), datetime(2030, 10, 27, 5, tzinfo=UTC)),
    ],
)
def test_the_morning_is_the_one_on_the_wall_when_the_clock_is_changed(
    desk: Desk, evening: datetime, morning: datetime
) -> None:
    desk.rule(quiet_from=time(22), quiet_to=time(6))
    desk.at(evening)
    desk.open()
    assert desk.only().due_at == morning
    desk.at(morning - timedelta(seconds=1))
    desk.sweep()
    assert desk.told() == []
    desk.at(morning)
    desk.sweep()
    assert len(desk.told()) == 1


def test_what_came_and_went_at_night_wakes_nobody_but_stands_in_the_list(desk: Desk) -> None:
    desk.rule(quiet_from=time(22), quiet_to=time(6))
    desk.at(datetime(2030, 1, 10, 22, tzinfo=UTC))
    desk.open()
    desk.good()
    desk.after(minutes=1)
    desk.sweep()
    desk.at(datetime(2030, 1, 11, 8, tzinfo=UTC))
    desk.sweep()
    assert desk.states == ["closed"]
    assert desk.told() == []


def test_its_end_at_night_is_told_in_the_morning(desk: Desk) -> None:
    desk.rule(quiet_from=time(22), quiet_to=time(6))
    desk.open()
    desk.at(datetime(2030, 1, 10, 23, tzinfo=UTC))
    desk.good()
    desk.after(minutes=1)
    desk.sweep()
    assert desk.states == ["closed"]
    assert len(desk.told()) == 1
    desk.at(datetime(2030, 1, 11, 5, tzinfo=UTC))
    desk.sweep()
    assert desk.told()[1:] == ["Over: Leak, Colour 2nd floor"]


def test_while_maintenance_lasts_nothing_opens(desk: Desk) -> None:
    desk.maintenance(NOON - timedelta(hours=1), NOON + timedelta(hours=1))
    desk.open()
    assert desk.states == ["pending"]
    desk.at(NOON + timedelta(minutes=59))
    desk.bad()
    desk.sweep()
    assert desk.states == ["pending"]
    desk.at(NOON + timedelta(hours=1))
    desk.sweep()
    assert desk.states == ["open"]
    assert len(desk.told()) == 1


def test_what_maintenance_caused_and_mended_leaves_no_trace(desk: Desk) -> None:
    desk.maintenance(NOON - timedelta(hours=1), NOON + timedelta(hours=1))
    desk.open()
    desk.good()
    desk.at(NOON + timedelta(hours=2))
    desk.sweep()
    assert desk.all() == []


def test_maintenance_of_another_device_changes_nothing(desk: Desk) -> None:
    from webapp.printers.services import add_printer

    with desk.world.portal.app_context(), scope(desk.world.acme_id):
        other = add_printer("B", organisation_id=desk.world.acme_id, button=None, now=utcnow())
        commit()
        other_id = other.id
    desk.maintenance(NOON, NOON + timedelta(hours=1), other_id)
    desk.open()
    assert desk.states == ["open"]


def test_maintenance_of_another_organisation_changes_nothing(desk: Desk) -> None:
    world = desk.world
    world.acme_id, world.globex_id = world.globex_id, world.acme_id
    desk.maintenance(NOON, NOON + timedelta(hours=1))
    world.acme_id, world.globex_id = world.globex_id, world.acme_id
    desk.open()
    assert desk.states == ["open"]


# Telling --------------------------------------------------------------------------------------------------


def test_addresses_of_the_rule_get_mail_at_once_and_at_the_end(desk: Desk) -> None:
    desk.rule(first_emails=["night@acme.test"])
    desk.open()
    assert desk.mails() == [("night@acme.test", "Alarm: Leak, Colour 2nd floor")]
    desk.good()
    desk.after(minutes=1)
    desk.sweep()
    assert desk.mails()[1:] == [("night@acme.test", "Over: Leak, Colour 2nd floor")]


def escalating(desk: Desk) -> None:
    desk.rule(
        first_emails=["night@acme.test"],
        second_emails=["boss@acme.test"],
        escalate_after_minutes=30,
    )


def test_nobody_takes_it_on_and_the_next_are_called(desk: Desk) -> None:
    escalating(desk)
    desk.open()
    desk.after(minutes=29)
    desk.sweep()
    assert len(desk.mails()) == 1
    desk.after(minutes=1)
    desk.sweep()
    desk.sweep()
    told = ("boss@acme.test", "Still open: Alarm: Leak, Colour 2nd floor")
    assert desk.mails()[1:] == [told]
    desk.good()
    desk.after(minutes=1)
    desk.sweep()
    assert [to for to, _subject in desk.mails()[2:]] == ["night@acme.test", "boss@acme.test"]


def test_the_next_are_left_alone_in_quiet_hours(desk: Desk) -> None:
    desk.rule(
        quiet_from=time(12, 20),
        quiet_to=time(14),
        second_emails=["boss@acme.test"],
        escalate_after_minutes=30,
    )
    desk.open()
    desk.after(minutes=40)
    desk.sweep()
    assert desk.mails() == []
    desk.at(datetime(2030, 1, 10, 13, tzinfo=UTC))
    desk.sweep()
    assert len(desk.mails()) == 1


def test_only_those_who_may_acknowledge_are_told(desk: Desk) -> None:
    desk.open()
    with desk.world.portal.app_context(), unscoped("looking"):
        from webapp.notices.models import Notification

        told = {n.user_id for n in db.session.query(Notification)}
    assert told == {desk.world.user_ids["admin@acme.test"]}


def test_the_sweep_does_what_is_due_of_everybody(desk: Desk) -> None:
    """More than a batch."""
    with desk.world.portal.app_context(), unscoped("many"):
        acme = db.session.get_one(Organisation, desk.world.acme_id)
        for n in range(130):
            organisation = make.organisation(f"Branch {n}", parent=acme)
            db.session.add(
                Condition(
                    organisation_id=organisation.id,
                    kind=LEAK.name,
                    subject="",
                    severity="warning",
                    first_seen_at=utcnow() - timedelta(hours=1),
                    last_evidence_at=utcnow(),
                    due_at=utcnow(),
                )
            )
        commit()
    desk.sweep()
    assert desk.states == ["open"] * 130


def test_who_wants_mail_gets_it_from_the_worker_too(desk: Desk) -> None:
    """Links are made without a request."""
    from webapp.accounts.models import User
    from webapp.notices.services import choose

    with desk.world.portal.app_context(), unscoped("choosing"):
        choose(
            db.session.get_one(User, desk.world.user_ids["admin@acme.test"]),
            {"alarm": (True, True)},
        )
        commit()
    found = desk.open()
    assert desk.mails() == [("admin@acme.test", "Alarm: Leak, Colour 2nd floor")]
    with desk.world.portal.app_context(), unscoped("looking"):
        from sqlalchemy import select

        from webapp.mail.models import Mail

        text = db.session.scalars(select(Mail.text)).one() or ""
    assert f"http://localhost/o/{desk.world.acme}/alarms/{found.public_id}" in text
