"""The portal watches itself and says so straight by SMTP: no outbox, no Redis, no worker between (P-44)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from redis import Redis
from sqlalchemy import select

from simulators.mailbox import Mailbox
from tests.cast import Person, World, sign_in
from tests.mail.conftest import _mailbox, box
from tests.printers.desk import text_of
from webapp.alarms import portal as watching
from webapp.alarms.models import Condition
from webapp.core import drains, heartbeats
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.mail.models import Mail
from webapp.mail.outbox import send

__all__ = ["_mailbox", "box"]
pytestmark = pytest.mark.feature("P-44")

BEGUN = datetime(2030, 5, 1, 8, tzinfo=UTC)


class Watch:
    """The clock's loop, without its pauses."""

    def __init__(self, world: World, traveller: time_machine.Coordinates) -> None:
        self.world, self.traveller = world, traveller

    def look(self, *looks: watching.Look) -> None:
        with self.world.portal.app_context():
            watching.watch(looks, now=utcnow())

    def over(self, minutes: float, *looks: watching.Look) -> None:
        """Three times a minute, as the clock does."""
        for _turn in range(int(minutes * 3)):
            self.traveller.shift(20)
            self.look(*looks)

    def beat(self, name: str) -> None:
        with self.world.portal.app_context():
            heartbeats.beat(name)

    def states(self) -> dict[str, str]:
        with self.world.portal.app_context(), unscoped("looking"):
            return {c.kind: c.state for c in db.session.scalars(select(Condition))}


@pytest.fixture
def watch(world: World, box: Mailbox) -> Iterator[Watch]:
    with time_machine.travel(BEGUN, tick=False) as traveller:
        yield Watch(world, traveller)


def subjects(box: Mailbox) -> list[str]:
    return [mail.subject for mail in box.messages()]


def test_all_is_well_and_nobody_hears(watch: Watch, box: Mailbox) -> None:
    watch.beat("worker")
    watch.over(1, *watching.CLOCKS_LOOKS)
    assert watch.states() == {}
    assert subjects(box) == []


def test_a_dead_worker_is_mailed_once_and_again_when_it_is_back(watch: Watch, box: Mailbox) -> None:
    watch.beat("worker")
    watch.over(3, watching.look_at_worker)
    assert subjects(box) == ["[Outpost] Alarm: No worker runs"]
    (mail,) = box.messages()
    assert mail.recipients == ("support@outpost.test",)
    assert "/operator/alarms" in (mail.text or "")
    watch.over(5, watching.look_at_worker)
    assert len(subjects(box)) == 1
    for _minute in range(3):
        watch.beat("worker")
        watch.over(1, watching.look_at_worker)
    assert subjects(box)[1:] == ["[Outpost] Over: No worker runs"]
    assert watch.states() == {"worker_dead": "closed"}


def test_the_outbox_is_not_used(watch: Watch, box: Mailbox) -> None:
    watch.over(3, watching.look_at_worker)
    with watch.world.portal.app_context(), unscoped("looking"):
        assert db.session.scalars(select(Mail)).all() == []
    assert len(subjects(box)) == 1


def test_it_works_while_redis_is_away_and_says_that_too(
    watch: Watch, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = drains.connect("redis://127.0.0.1:1/0")
    monkeypatch.setitem(watch.world.portal.extensions, "redis", nowhere)
    assert isinstance(nowhere, Redis)
    watch.over(2, watching.look_at_redis)
    assert subjects(box) == ["[Outpost] Warning: Redis can't be reached"]


def test_mail_that_waits_too_long(watch: Watch, box: Mailbox) -> None:
    with watch.world.portal.app_context(), unscoped("a mail"):
        values = {"NAME": "A", "TITLE": "T", "MESSAGE": "m", "LINK": "http://localhost/"}
        send("notification", to="a@acme.test", language="en", organisation_id=None, values=values)
        commit()
    watch.over(14, watching.look_at_mail)
    assert subjects(box) == []
    watch.over(3, watching.look_at_mail)
    assert subjects(box) == ["[Outpost] Alarm: Mails wait too long"]


def test_a_disk_that_is_nearly_full(
    watch: Watch, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LITTLE_DISK", 1.1)
    watch.over(2, watching.look_at_disk)
    (subject,) = subjects(box)
    assert subject == "[Outpost] Warning: Disk nearly full"
    assert "% of the disk" in (box.messages()[0].text or "")


def test_a_place_that_is_not_there_yet_is_on_its_parents_disk(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    extensions = watch.world.portal.extensions
    away = replace(extensions["settings"], data_dir=extensions["settings"].data_dir / "a" / "b")
    monkeypatch.setitem(extensions, "settings", away)
    with watch.world.portal.app_context():
        assert not watching.look_at_disk(utcnow()).is_bad


def test_the_worker_misses_the_clock(watch: Watch, box: Mailbox) -> None:
    watch.beat("clock")
    watch.look(*watching.WORKERS_LOOKS)
    assert watch.states() == {}
    watch.over(3, *watching.WORKERS_LOOKS)
    assert subjects(box) == ["[Outpost] Alarm: No clock runs"]


def test_status_shows_a_dead_clock(watch: Watch, visitor: Person) -> None:
    watch.beat("clock")
    assert "Looks for due work" in visitor.get("/status").text
    watch.traveller.shift(timedelta(minutes=2))
    assert "Not running: what is due may be found late" in visitor.get("/status").text


def test_a_mail_server_that_is_away_is_tried_again(watch: Watch, box: Mailbox) -> None:
    port = watch.world.portal.extensions["mail"].port
    watch.world.portal.extensions["mail"].port = 1
    watch.over(3, watching.look_at_worker)
    assert watch.states() == {"worker_dead": "open"}
    watch.world.portal.extensions["mail"].port = port
    watch.over(2, watching.look_at_worker)
    assert len(subjects(box)) == 1


def test_one_look_that_fails_leaves_the_others_whole(watch: Watch, box: Mailbox) -> None:
    def broken(_now: datetime) -> watching.Evidence:
        raise OSError("disk on fire")

    watch.over(3, broken, watching.look_at_worker)
    assert len(subjects(box)) == 1


def test_without_an_operator_nothing_is_kept_and_nothing_breaks(watch: Watch) -> None:
    from webapp.orgs.models import Organisation, OrganisationKind

    with watch.world.portal.app_context(), unscoped("removing"):
        operator = select(Organisation).where(Organisation.kind == OrganisationKind.OPERATOR)
        db.session.delete(db.session.scalars(operator).one())
        commit()
    watch.over(3, watching.look_at_worker)
    assert watch.states() == {}


def test_the_operator_sees_them_and_takes_them_on(watch: Watch, world: World) -> None:
    watch.over(3, watching.look_at_worker)
    operator = sign_in(world, "operator@outpost.test")
    page = operator.get("/operator/alarms").text
    assert "No worker runs" in page
    link = page.partition('href="/operator/alarms/')[2].partition('"')[0]
    assert "Mails and jobs wait" in text_of(operator.get(f"/operator/alarms/{link}").text)
    url = f"/operator/alarms/{link}/acknowledgements"
    assert operator.post(url, {"note": "Restarting."}).status_code == 303
    assert watch.states() == {"worker_dead": "acknowledged"}


@pytest.mark.feature("P-11")
def test_customers_never_see_them(watch: Watch, world: World) -> None:
    watch.over(3, watching.look_at_worker)
    admin = sign_in(world, "admin@acme.test")
    assert "No worker runs" not in admin.get(f"/o/{world.acme}/alarms/all").text
    assert admin.get("/operator/alarms").status_code == 403
