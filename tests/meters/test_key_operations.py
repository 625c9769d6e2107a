"""Changing the keys above the values while the portal runs, and running without them (K-21)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, update

from tests.cast import Person, World, sign_in
from tests.meters.test_downloads import KEY, ask, file_url, stock, work_off
from webapp.core import activities, health
from webapp.core.activities import Activity
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.meters import keyring, opening, resealing, rotation
from webapp.meters.envelope import MasterRing
from webapp.meters.keyring import Configured
from webapp.meters.models import DataKey, FingerprintKey, Meter, MeterKey
from webapp.orgs.models import Organisation

pytestmark = pytest.mark.feature("K-21")

OLD = bytes(range(32))
NEW = bytes.fromhex("9f" * 3 + "0123456789abcdef" * 3 + "77aabbccdd")


@pytest.fixture
def masters(portal: Portal) -> Iterator[Portal]:
    """The ring as it was is put back."""
    before, settings = portal.extensions["meter_masters"], portal.extensions["settings"]
    yield portal
    portal.extensions["meter_masters"], portal.extensions["settings"] = before, settings


def both(portal: Portal) -> None:
    """The new master key stands first, the old one is still there."""
    portal.extensions["meter_masters"] = Configured(MasterRing({"new": NEW, "test": OLD}, "new"))


def only_new(portal: Portal) -> None:
    portal.extensions["meter_masters"] = Configured(MasterRing({"new": NEW}, "new"))


def sealed(portal: Portal) -> None:
    portal.extensions["meter_masters"] = Configured(None, "METER_MASTER_KEYS is not set")


def values(world: World) -> set[bytes]:
    with world.portal.app_context(), unscoped("what opens"):
        found = opening.current_values(db.session.scalars(select(Meter.id)))
        return {value for keys in found.values() for value in keys.values()}


def organisation(world: World) -> Organisation:
    return db.session.scalars(select(Organisation).where(Organisation.id == world.acme_id)).one()


def run(world: World, *words: str) -> tuple[int, str]:
    result = world.portal.test_cli_runner().invoke(args=["keys", *words])
    return result.exit_code, result.output


def test_a_new_master_key_is_made_as_the_setting_takes_it(portal: Portal) -> None:
    result = portal.test_cli_runner().invoke(args=["keys", "generate-master", "m7"])
    line = result.stdout.splitlines()[0] if result.stdout else result.output.splitlines()[0]
    ring = MasterRing.parse(line)
    assert ring.current == "m7"
    assert portal.test_cli_runner().invoke(args=["keys", "generate-master", "a b"]).exit_code


def test_the_master_is_changed_and_the_old_one_can_go(world: World, masters: Portal) -> None:
    stock(world, "W1", "W2")
    both(masters)
    code, words = run(world, "rotate-master")
    assert (code, "2 keys wrapped under new" in words) == (0, True), words
    only_new(masters)
    assert values(world) == {KEY}
    assert run(world, "rotate-master")[1].startswith("0 keys")
    with world.portal.app_context():
        with unscoped("all"):
            assert set(db.session.scalars(select(DataKey.master_id))) == {"new"}
            assert set(db.session.scalars(select(FingerprintKey.master_id))) == {"new"}
        assert keyring.problem() is None


def test_without_the_old_master_nothing_is_changed(world: World, masters: Portal) -> None:
    stock(world, "W1")
    only_new(masters)
    code, words = run(world, "rotate-master")
    assert code == 1
    assert "sealed" in words
    with world.portal.app_context(), unscoped("all"):
        assert set(db.session.scalars(select(DataKey.master_id))) == {"test"}


def test_the_master_is_changed_while_eight_download(world: World, masters: Portal) -> None:
    meters = stock(world, *(f"W{n}" for n in range(8)))
    stop, failed, got = threading.Event(), [], []

    def download(meter: str) -> None:
        person = sign_in(world, "admin@acme.test")
        while not stop.is_set():
            answer = ask(person, [meter])
            (got if KEY.hex().upper() in answer.text else failed).append(answer.status_code)

    threads = [threading.Thread(target=download, args=(meter,)) for meter in meters]
    for thread in threads:
        thread.start()
    try:
        time.sleep(0.3)
        both(masters)
        assert run(world, "rotate-master")[0] == 0
        time.sleep(0.3)
        only_new(masters)
        time.sleep(0.3)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert len(got) >= 8


def test_the_data_key_is_changed_while_others_download_and_deliver(
    world: World, masters: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    meters = stock(world, *(f"W{n}" for n in range(30)))
    monkeypatch.setattr(resealing, "STEP", 3)
    stop, failed, made = threading.Event(), [], []

    def download() -> None:
        person = sign_in(world, "admin@acme.test")
        while not stop.is_set():
            for meter in meters[:3]:
                answer = ask(person, [meter])
                if KEY.hex().upper() not in answer.text:
                    failed.append(answer.status_code)

    def deliver() -> None:
        while not stop.is_set():
            serial = f"N{len(made)}"
            made.extend(stock(world, serial, first=1000 + len(made)))

    threads = [threading.Thread(target=work) for work in (download, download, deliver)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            code, words = run(world, "rotate-data", "acme")
            assert code == 0, words
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert run(world, "rotate-data", "ACME")[0] == 0
    assert values(world) == {KEY}, "no value was lost under a key that went"
    with world.portal.app_context(), unscoped("all"):
        assert db.session.scalar(select(func.count()).select_from(Meter)) == 30 + len(made)
        assert len(set(db.session.scalars(select(MeterKey.data_key_id)))) == 1


def test_resealing_goes_on_where_it_was_interrupted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(world, *(f"W{n}" for n in range(10)))
    monkeypatch.setattr(resealing, "STEP", 3)
    real, calls = resealing._store, [0]

    def dies(*args: object) -> None:
        calls[0] += 1
        if calls[0] == 3:
            raise SystemExit
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(resealing, "_store", dies)
    robot = Principal(Actor.JOB, None, "test")
    with world.portal.app_context(), unscoped("rotation"), acting_as(robot):
        rotation.begin_data_rotation(organisation(world), now=utcnow())
        commit()
        with pytest.raises(SystemExit):
            activities.run_activities()
        db.session.rollback()
        assert rotation.standing().to_reseal == 4
    assert values(world) == {KEY}, "half sealed anew, all open"
    with time_machine.travel(utcnow() + timedelta(minutes=5), tick=True):
        work = work_off(world)
    assert (work.state, calls[0]) == ("done", 5)
    with world.portal.app_context(), unscoped("all"):
        found = rotation.standing()
        assert (found.to_reseal, found.retired) == (0, 0)
    assert values(world) == {KEY}


def test_a_file_written_before_the_change_opens_after_it(admin: Person) -> None:
    world = admin.world
    ask(admin, stock(world, "W1", "W2"))
    work_off(world)
    assert run(world, "rotate-data", "ACME")[0] == 0
    assert KEY.hex().upper() in admin.get(file_url(world)).text
    with world.portal.app_context(), unscoped("a day later"):
        assert rotation.standing().retired == 1
        db.session.execute(update(activities.Activity).values(file_id=None))
        from webapp.core.files import File

        for file in db.session.scalars(select(File)):
            db.session.delete(file)
        commit()
        rotation.empty_retired()
        assert rotation.standing().retired == 0


def test_an_organisation_that_is_not_there_is_told(world: World) -> None:
    assert run(world, "rotate-data", "NOBODY")[0] == 1


def test_status_says_what_stands(world: World, masters: Portal) -> None:
    stock(world, "W1")
    code, words = run(world, "status")
    assert code == 0
    assert "state: open" in words
    assert "data keys under test: 1" in words
    only_new(masters)
    code, words = run(world, "status")
    assert code == 1
    assert "SEALED" in words
    assert "(this master key is missing)" in words
    assert OLD.hex() not in words + NEW.hex()[:0]


# sealed running


def test_sealed_the_portal_says_so_and_everything_else_works(world: World, masters: Portal) -> None:
    (meter,) = stock(world, "W1")
    sealed(masters)
    admin, operator = sign_in(world, "admin@acme.test"), sign_in(world, "operator@outpost.test")
    org = world.acme
    for url in (
        f"/o/{org}/meters/",
        f"/o/{org}/meters/{meter}",
        f"/o/{org}/meters/proof",
        f"/o/{org}/meters/public-keys/",
        f"/o/{org}/meters/downloads/new",
        f"/o/{org}/users",
        f"/o/{org}/audit",
        f"/o/{org}/printers",
    ):
        assert admin.get(url).status_code == 200, url
    page = admin.get("/status")
    assert "Sealed: key values can" in page.text
    assert "METER_MASTER_KEYS" not in page.text
    told = operator.get("/operator/keys/")
    assert "METER_MASTER_KEYS is not set" in told.text
    assert operator.get("/operator/").status_code == 200


def test_signing_in_works_sealed(world: World, masters: Portal) -> None:
    sealed(masters)
    person = sign_in(world, "admin@acme.test")
    assert person.get(f"/o/{world.acme}/").status_code == 200
    assert world.portal.test_client().get("/sign-in").status_code in (200, 302, 303)


def test_sealed_no_key_is_had_and_nothing_is_changed(world: World, masters: Portal) -> None:
    meters = stock(world, "W1", "W2")
    sealed(masters)
    admin = sign_in(world, "admin@acme.test")
    for wanted in (meters[:1], meters):
        answer = ask(admin, wanted)
        assert answer.status_code == 503
        assert "runs sealed" in answer.text
    with world.portal.app_context(), unscoped("all"):
        assert db.session.scalar(select(func.count()).select_from(Activity)) == 0


def test_a_file_is_not_handed_out_sealed(world: World, masters: Portal) -> None:
    admin = sign_in(world, "admin@acme.test")
    ask(admin, stock(world, "W1", "W2"))
    work_off(world)
    url = file_url(world)
    sealed(masters)
    answer = admin.get(url)
    assert answer.status_code == 503
    assert KEY.hex().upper() not in answer.text


def test_the_operator_s_page_is_the_operator_s(admin: Person, operator: Person) -> None:
    assert admin.get("/operator/keys/").status_code in (403, 404)
    assert operator.get("/operator/keys/").status_code == 200


def test_the_status_part_is_on_by_itself(world: World) -> None:
    with world.portal.app_context():
        part = next(part for part in health.parts() if part.name == "meter_keys")
    assert part.state == "online"


def test_masters_are_read_from_a_file_too(world: World, masters: Portal) -> None:
    line = f"file {os.urandom(32).hex()}"
    settings = replace(masters.extensions["settings"], meter_master_keys=line)
    masters.extensions["settings"] = settings
    keyring.init_app(masters)
    with masters.app_context():
        assert keyring.master_ids() == ("file",)
