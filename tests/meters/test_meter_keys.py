"""Warnings about keys (K-6), exchange and reset (K-7)."""

from __future__ import annotations

import io
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.cast import Person, World
from tests.meters import desk, make
from tests.meters.desk import path, put, unclaimed
from webapp.accounts.models import UserSession
from webapp.audit.models import AuditRow
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.errors import Refusal
from webapp.core.tenancy import scope, unscoped
from webapp.meters import exchanges, findings, opening
from webapp.meters.kinds import KeyKind
from webapp.meters.models import KeyFinding, Meter, MeterKey

GOOD = bytes.fromhex("8f3a1c77b2e94d06aa51c3e87f20d915")
NEW = bytes.fromhex("d1427be90c5f83a6e97703bd214fce58")
OMS = KeyKind.OMS_AES128
WEAK = {OMS: bytes(16)}


def look(world: World, *serials: str) -> None:
    with world.portal.app_context(), scope(world.acme_id):
        ids = db.session.scalars(select(Meter.id).where(Meter.serial.in_(serials))).all()
        findings.look(ids, now=utcnow())
        commit()


def found(world: World, serial: str) -> set[str]:
    with world.portal.app_context(), unscoped("looking at findings"):
        return set(
            db.session.scalars(
                select(KeyFinding.finding)
                .join(Meter, Meter.id == KeyFinding.meter_id)
                .where(Meter.serial == serial, KeyFinding.dismissed_at.is_(None))
            )
        )


def value(world: World, serial: str) -> bytes:
    with world.portal.app_context(), scope(world.acme_id):
        meter_id = db.session.scalars(select(Meter.id).where(Meter.serial == serial)).one()
        return opening.current_values([meter_id])[meter_id][OMS]


def log(world: World, event: str) -> list[AuditRow]:
    with world.portal.app_context(), scope(world.acme_id):
        return list(db.session.scalars(select(AuditRow).where(AuditRow.event == event)))


@pytest.mark.feature("K-6")
class TestWarnings:
    def test_a_look_on_demand_finds_and_the_list_filters(self, admin: Person, world: World) -> None:
        weak, good = put(world, "A-1", keys=WEAK), put(world, "A-2", keys={OMS: GOOD})
        assert desk.bulk(admin, "lint", weak, good).status_code == 303
        assert (found(world, "A-1"), found(world, "A-2")) == ({"zero"}, set())
        assert desk.serials(admin.get(path(world, "?warnings=1")).text) == ["A-1"]
        page = admin.get(path(world, weak)).text
        assert "All zero" in page
        assert "0" * 32 not in page
        assert len(log(world, "meters:key:checked")) == 1

    def test_one_key_on_two_devices_warns_both_whosever_they_are(self, world: World) -> None:
        put(world, "A-1", keys={OMS: GOOD})
        with world.portal.app_context(), scope(world.globex_id):
            make.meter(world.globex_id, "G-1", keys={OMS: GOOD})
            make.meter(world.globex_id, "G-2", keys={OMS: GOOD[::-1]})
            commit()
        look(world, "A-1")
        assert found(world, "A-1") == {"shared", "reversed"}
        assert (found(world, "G-1"), found(world, "G-2")) == ({"shared"}, {"reversed"})

    def test_hundreds_with_one_key_are_all_warned_in_few_statements(self, world: World) -> None:
        for n in range(60):
            put(world, f"A-{n}", keys={OMS: GOOD})
        look(world, *(f"A-{n}" for n in range(60)))
        assert all(found(world, f"A-{n}") == {"shared"} for n in range(60))

    def test_a_serial_as_key_is_seen(self, world: World) -> None:
        put(world, "12345678", keys={OMS: bytes.fromhex("12345678123456781234567812345678")})
        put(world, "77554433", keys={OMS: bytes.fromhex("77554433d1427be90c5f83a6e97703bd")})
        look(world, "12345678", "77554433")
        assert "repeated" in found(world, "12345678")
        assert found(world, "77554433") == {"derived"}

    def test_dismissed_it_is_no_warning_any_more_also_after_another_look(
        self, admin: Person, world: World
    ) -> None:
        meter = put(world, "A-1", keys=WEAK)
        look(world, "A-1")
        url = path(world, f"{meter}/findings/oms_aes128/initial/zero/dismissals")
        assert admin.post(url).status_code == 303
        assert admin.post(url).status_code == 303
        assert desk.stored(world, "A-1").findings == 0
        look(world, "A-1")
        assert desk.stored(world, "A-1").findings == 0
        assert "dismissed by" in admin.get(path(world, meter)).text
        assert len(log(world, "meters:key:finding_dismissed")) == 1

    def test_only_who_may_edit_dismisses(
        self, admin: Person, reader: Person, stranger: Person, world: World
    ) -> None:
        meter = put(world, "A-1", keys=WEAK)
        look(world, "A-1")
        url = path(world, f"{meter}/findings/oms_aes128/initial/zero/dismissals")
        assert reader.post(url).status_code == 403
        assert stranger.post(url).status_code == 404
        assert stranger.post(url.replace(world.acme, world.globex)).status_code == 404
        for wrong in ("shared", "nonsense"):
            assert admin.post(url.replace("zero", wrong)).status_code == 404
        assert desk.stored(world, "A-1").findings == 1

    def test_many_are_looked_at_by_a_job(
        self, admin: Person, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(findings, "AT_ONCE", 1)
        monkeypatch.setattr(findings, "STEP", 2)
        for n in range(3):
            put(world, f"A-{n}", keys=WEAK)
        answer = desk.bulk(admin, "lint", everything="1", list="")
        assert "/activity/" in answer.location
        with world.portal.app_context():
            drains.run("activities")
        assert all(found(world, f"A-{n}") == {"zero", "shared"} for n in range(3))


def exchange(person: Person, meter: str, typed: str, **more: object) -> TestResponse:
    data = {"kind": "oms_aes128", "value": typed, **more}
    return person.post(path(person.world, f"{meter}/keys/exchanges"), data=data)


@pytest.mark.feature("K-7", "K-22")
class TestExchange:
    def test_the_new_value_is_the_one_in_use_and_the_old_one_is_history(
        self, admin: Person, world: World
    ) -> None:
        meter = put(world, "A-1", keys={OMS: GOOD})
        before = desk.stored(world, "A-1").feed_seq
        assert exchange(admin, meter, NEW.hex("-", 4)).status_code == 303
        assert value(world, "A-1") == NEW
        page = admin.get(path(world, meter)).text
        assert "Operating" in page
        assert "Initial" in page
        assert NEW.hex() not in page.lower()
        assert desk.stored(world, "A-1").feed_seq != before
        rows = log(world, "meters:key:exchanged")
        assert len(rows) == 1
        assert NEW.hex() not in str(rows[0].payload).lower()
        other = bytes(reversed(range(1, 250, 16)))
        exchange(admin, meter, other.hex())
        assert value(world, "A-1") == other
        assert "1 former key" in admin.get(path(world, meter)).text

    def test_reset_goes_back_to_the_maker_s(self, admin: Person, world: World) -> None:
        meter = put(world, "A-1", keys={OMS: GOOD})
        exchange(admin, meter, NEW.hex())
        url = path(world, f"{meter}/keys/oms_aes128/resets")
        assert "maker's key" in admin.get(path(world, f"{meter}/keys/oms_aes128/reset")).text
        assert admin.post(url).status_code == 303
        assert value(world, "A-1") == GOOD
        again = admin.post(url)
        assert again.status_code == 409
        assert "already" in again.text
        assert len(log(world, "meters:key:reset")) == 1

    def test_a_weak_one_is_taken_and_warned_of_and_the_warning_goes_with_it(
        self, admin: Person, world: World
    ) -> None:
        meter = put(world, "A-1", keys={OMS: GOOD})
        exchange(admin, meter, "00" * 16)
        assert desk.stored(world, "A-1").findings == 1
        exchange(admin, meter, NEW.hex())
        assert desk.stored(world, "A-1").findings == 0

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ("", "missing"),
            ("12", "needs 32"),
            ("8f3a1c77b2e94d06aa51c3e87f20d91X", "at place 32"),
            (GOOD.hex(), "in use already"),
            ("ü" * 32, "place 1"),
        ],
    )
    def test_what_is_no_key_is_refused_and_never_sent_back(
        self, admin: Person, world: World, typed: str, words: str
    ) -> None:
        meter = put(world, "A-1", keys={OMS: GOOD})
        answer = exchange(admin, meter, typed)
        assert answer.status_code == 422
        assert words in answer.text
        assert not typed or len(typed) < 5 or typed not in answer.text
        assert value(world, "A-1") == GOOD

    def test_it_may_come_as_a_file(self, admin: Person, world: World) -> None:
        meter = put(world, "A-1", keys={OMS: GOOD})
        text = "\ufeff" + NEW.hex().upper() + "\r\n"
        answer = exchange(admin, meter, "", file=(io.BytesIO(text.encode()), "key.txt"))
        assert answer.status_code == 303
        assert value(world, "A-1") == NEW
        for junk in (b"\x00\xff" * 3000, b"PK\x03\x04 no key", b""):
            refused = exchange(admin, meter, "", file=(io.BytesIO(junk), "key.txt"))
            assert refused.status_code == 422

    def test_a_kind_that_the_radio_has_no_use_for_is_no_choice(
        self, admin: Person, world: World
    ) -> None:
        meter = put(world, "A-1")
        answer = exchange(admin, meter, NEW.hex(), kind="app_key")
        assert answer.status_code == 422

    def test_not_before_it_is_claimed(self, admin: Person, world: World) -> None:
        answer = exchange(admin, unclaimed(world, "A-1"), NEW.hex())
        assert answer.status_code == 409
        assert "Claim the meter first" in answer.text

    def test_only_who_may_edit(self, reader: Person, stranger: Person, world: World) -> None:
        meter = put(world, "A-1", keys={OMS: GOOD})
        assert exchange(reader, meter, NEW.hex()).status_code == 403
        assert exchange(stranger, meter, NEW.hex()).status_code == 404
        for rest in ("keys/oms_aes128/resets", "keys/nonsense/resets"):
            assert reader.post(path(world, f"{meter}/{rest}")).status_code == 403
            assert stranger.post(path(world, f"{meter}/{rest}")).status_code == 404
        assert value(world, "A-1") == GOOD

    def test_an_old_proof_asks_again_without_the_key_in_the_page(
        self, admin: Person, world: World
    ) -> None:
        meter = put(world, "A-1", keys={OMS: GOOD})
        with world.portal.app_context(), unscoped("ageing a session"):
            db.session.execute(update(UserSession).values(proved_at=utcnow() - timedelta(hours=1)))
            commit()
        page = path(world, f"{meter}/keys/exchanges/new")
        assert admin.get(page).status_code == 303
        answer = exchange(admin, meter, NEW.hex())
        assert answer.status_code == 422
        assert "password" in answer.text
        assert NEW.hex() not in answer.text
        assert value(world, "A-1") == GOOD

    def test_of_two_who_record_at_once_both_stand_one_after_the_other(self, world: World) -> None:
        put(world, "A-1", keys={OMS: GOOD})
        start, told = threading.Barrier(2), []

        def record(value: bytes) -> None:
            with world.portal.app_context(), scope(world.acme_id):
                row = db.session.scalars(select(Meter)).one()
                start.wait()
                try:
                    exchanges.record_exchange(row, OMS, value, now=utcnow())
                    commit()
                except Refusal:
                    told.append(value)

        threads = [threading.Thread(target=record, args=(v,)) for v in (NEW, NEW)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert told == [NEW]
        with world.portal.app_context(), scope(world.acme_id):
            rows = db.session.scalars(select(MeterKey).where(MeterKey.slot == "operating")).all()
        assert len(rows) == 1
