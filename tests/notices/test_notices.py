"""The bell: what concerns a person, read and unread, and by mail what they want by mail (P-37)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import make
from tests.cast import Person, World, sign_in
from tests.printers.conftest import Field, acme
from tests.printers.desk import call_for_help, hidden
from webapp.accounts.models import User
from webapp.core.clock import utcnow
from webapp.core.db import commit, db, rollback
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import unscoped
from webapp.mail.models import Mail
from webapp.notices.jobs import forget_old
from webapp.notices.kinds import Kind, all_kinds, register
from webapp.notices.models import Notification
from webapp.notices.services import choose, notify
from webapp.orgs.models import Organisation

__all__ = ["acme"]
pytestmark = pytest.mark.feature("P-37")

TEST_KIND = register(Kind("test_kind", "A test happens"))
BELL = "/me/notifications"


def tell(
    world: World, *emails: str, title: str = "Tank 3 is low", url: str = "", **more: object
) -> None:
    """Tell people something about Acme."""
    with world.portal.test_request_context(), unscoped("a test tells"):
        people = db.session.scalars(select(User).where(User.email.in_(emails))).all()
        acme = db.session.get_one(Organisation, world.acme_id)
        words = lambda: (title, "since 9:40")  # noqa: E731
        notify(
            people,
            TEST_KIND,
            organisation=acme,
            url=url or f"/o/{world.acme}/",
            words=words,
            now=utcnow(),
            **more,  # type: ignore[arg-type]
        )
        commit()


def told(world: World, email: str | None = None) -> list[str]:
    with world.portal.app_context(), unscoped("looking"):
        wanted = select(Notification.title).order_by(Notification.id)
        if email is not None:
            wanted = wanted.where(Notification.user_id == world.user_ids[email])
        return list(db.session.scalars(wanted))


def mails(world: World) -> list[tuple[str, str]]:
    with world.portal.app_context(), unscoped("looking"):
        rows = db.session.scalars(select(Mail).where(Mail.type == "notification")).all()
        return [(mail.recipient, mail.subject) for mail in rows]


def want(world: World, email: str, *, shown: bool, by_mail: bool) -> None:
    with world.portal.app_context(), unscoped("choosing"):
        user = db.session.get_one(User, world.user_ids[email])
        choose(user, {TEST_KIND.name: (shown, by_mail)})
        commit()


def test_the_bell_counts_what_is_unread(world: World, admin: Person, reader: Person) -> None:
    assert "unread" not in admin.get(f"/o/{world.acme}/").text
    tell(world, "admin@acme.test")
    tell(world, "admin@acme.test", title="Tank 4 is low")
    assert '2<span class="sr-only"> unread' in admin.get(f"/o/{world.acme}/").text
    assert "unread</span>" not in reader.get(f"/o/{world.acme}/").text


def test_opening_one_leads_there_and_makes_it_read(world: World, admin: Person) -> None:
    tell(world, "admin@acme.test", url=f"/o/{world.acme}/rights")
    page = admin.get(BELL).text
    assert "Tank 3 is low" in page
    link = page.split(f'href="{BELL}/')[1:]
    public_id = next(part.split('"')[0] for part in link if not part.startswith("choices"))
    answer = admin.get(f"{BELL}/{public_id}")
    assert answer.status_code == 303
    assert answer.location == f"/o/{world.acme}/rights"
    assert "Tank 3 is low" not in admin.get(f"{BELL}?unread=1").text
    assert "Tank 3 is low" in admin.get(BELL).text
    admin.post(f"{BELL}/{public_id}/reading", {"unread": "1"})
    assert "Tank 3 is low" in admin.get(f"{BELL}?unread=1").text
    admin.post(f"{BELL}/{public_id}/reading")
    assert "Tank 3 is low" not in admin.get(f"{BELL}?unread=1").text


def test_all_are_read_at_once_and_nobody_elses(world: World, admin: Person, reader: Person) -> None:
    tell(world, "admin@acme.test", "reader@acme.test")
    tell(world, "admin@acme.test")
    answer = admin.post(f"{BELL}/readings")
    assert answer.status_code == 303
    assert "2 notifications are read" in admin.get(BELL).text
    assert '1<span class="sr-only"> unread' in reader.get(BELL).text


@pytest.mark.feature("P-11")
def test_nobody_opens_anothers(world: World, admin: Person, stranger: Person) -> None:
    tell(world, "admin@acme.test")
    with world.portal.app_context(), unscoped("looking"):
        public_id = db.session.scalars(select(Notification.public_id)).one()
    assert stranger.get(f"{BELL}/{public_id}").status_code == 404
    assert stranger.post(f"{BELL}/{public_id}/reading").status_code == 404
    assert "Tank 3" not in stranger.get(BELL).text


def test_a_mail_goes_only_to_who_wants_one(world: World) -> None:
    want(world, "admin@acme.test", shown=True, by_mail=True)
    tell(world, "admin@acme.test", "reader@acme.test")
    assert mails(world) == [("admin@acme.test", "Tank 3 is low")]
    assert len(told(world)) == 2


def test_who_wants_none_gets_none(world: World) -> None:
    want(world, "admin@acme.test", shown=False, by_mail=False)
    tell(world, "admin@acme.test")
    assert told(world) == []
    assert mails(world) == []


def test_choices_are_made_on_a_page(world: World, admin: Person) -> None:
    page = admin.get(f"{BELL}/choices").text
    assert all(str(kind.label) in page for kind in all_kinds())
    admin.post(f"{BELL}/choices", {"shown": ["test_kind", "nonsense"], "by_mail": "test_kind"})
    tell(world, "admin@acme.test")
    assert len(mails(world)) == 1
    admin.post(f"{BELL}/choices", {})
    tell(world, "admin@acme.test", title="Second")
    assert told(world) == ["Tank 3 is low"]


def test_each_reads_it_in_their_language(world: World) -> None:
    with world.portal.test_request_context(), unscoped("a German among them"):
        people = db.session.scalars(select(User).order_by(User.email)).all()
        people[0].language = "de"
        from flask_babel import get_locale

        acme = db.session.get_one(Organisation, world.acme_id)
        said = lambda: (f"in {get_locale()}", "")  # noqa: E731
        notify(people, TEST_KIND, organisation=acme, url="/", words=said, now=utcnow())
        commit()
    assert set(told(world)) == {"in de", "in en"}


def test_whoever_did_it_is_not_told(world: World) -> None:
    by = Principal(Actor.USER, world.user_ids["admin@acme.test"], "Admin")
    with acting_as(by):
        tell(world, "admin@acme.test", "reader@acme.test")
    assert told(world, "admin@acme.test") == []
    assert len(told(world, "reader@acme.test")) == 1


def test_nothing_is_told_of_what_was_rolled_back(world: World) -> None:
    with world.portal.test_request_context(), unscoped("a test tells"):
        people = db.session.scalars(select(User)).all()
        acme = db.session.get_one(Organisation, world.acme_id)
        notify(people, TEST_KIND, organisation=acme, url="/", words=lambda: ("x", ""), now=utcnow())
        rollback()
    assert told(world) == []


def test_after_ninety_days_it_is_forgotten(world: World) -> None:
    begun = datetime(2030, 1, 10, 12, tzinfo=UTC)
    with time_machine.travel(begun, tick=False):
        tell(world, "admin@acme.test", title="old")
    with time_machine.travel(begun + timedelta(days=1), tick=False):
        tell(world, "admin@acme.test", title="younger")
    with time_machine.travel(begun + timedelta(days=90, hours=1), tick=False):
        with world.portal.app_context(), unscoped("sweep"):
            forget_old()
    assert told(world) == ["younger"]


def test_who_leaves_an_organisation_keeps_nothing_of_it(world: World, admin: Person) -> None:
    tell(world, "reader@acme.test")
    with world.portal.app_context(), unscoped("looking"):
        user = db.session.get_one(User, world.user_ids["reader@acme.test"]).public_id
    answer = admin.post(f"/o/{world.acme}/users/{user}/removal")
    assert answer.status_code == 303, answer.text
    assert told(world) == []


@pytest.mark.feature("P-15")
def test_administrators_hear_of_a_right_asked_for(world: World, reader: Person) -> None:
    form = {"permission": "organisation:users:edit", "message": "I do the\nholidays."}
    reader.post(f"/o/{world.acme}/permission-requests", form)
    assert told(world, "admin@acme.test") == ["Reader asks for: Add and edit users"]
    assert mails(world) == []


@pytest.mark.feature("B-9")
def test_those_who_work_on_requests_hear_of_a_new_one(acme: Field) -> None:
    call_for_help(acme)
    assert told(acme.world, "admin@acme.test") == ["Request #1: Colour 2nd floor"]
    assert told(acme.world, "reader@acme.test") == []
    page = sign_in(acme.world, "admin@acme.test").get(BELL).text
    assert "Request #1: Colour 2nd floor" in page
    assert "Alliance, 2nd floor" in page


@pytest.mark.feature("B-9")
def test_who_is_given_a_request_hears_of_it_who_takes_one_does_not(acme: Field) -> None:
    number = call_for_help(acme).public_id
    world = acme.world
    with world.portal.app_context(), unscoped("a second technician"):
        anna = make.user("anna@acme.test")
        make.membership(anna, db.session.get_one(Organisation, world.acme_id), "printer_admin")
        world.user_ids["anna@acme.test"], anna_id = anna.id, anna.public_id
        commit()
    admin = sign_in(world, "admin@acme.test")
    url = f"/o/{world.acme}/printers/requests/{number}"
    for person in ({}, {"person": anna_id}):
        version = hidden(admin.get(url).text, "version")
        assert admin.post(f"{url}/assignments", {"version": version, **person}).status_code == 303
    assert told(world, "anna@acme.test") == ["Request #1 is yours: Colour 2nd floor"]
    assert len(told(world, "admin@acme.test")) == 1
