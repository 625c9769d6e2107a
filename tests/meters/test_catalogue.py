"""The catalogue, its filters and bulk acts, the page of a meter (K-1, K-2)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tests.cast import Person, World
from tests.meters import desk, make
from tests.meters.desk import path, put, serials, unclaimed
from webapp.audit.models import AuditRow
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import scope, unscoped
from webapp.devices.labels import label_named
from webapp.meters import codes, ownership, reveals
from webapp.meters.kinds import KeyKind
from webapp.meters.models import Batch, BatchItem, ClaimState, Meter, Radio

KEY = bytes.fromhex("8f3a1c77b2e94d06aa51c3e87f20d915")


def label(world: World, name: str) -> int:
    with world.portal.app_context(), scope(world.acme_id):
        number = label_named(name, trade="meters", organisation_id=world.acme_id).number
        commit()
        return number


@pytest.mark.feature("K-1")
class TestList:
    def test_it_shows_what_the_vendor_shows_and_the_address(
        self, admin: Person, world: World
    ) -> None:
        number = label(world, "Basement")
        put(
            world,
            "21N001052",
            labels=[number],
            batch_reference="ACME-7",
            dev_eui="70B3D5E75E00A1B2",
        )
        unclaimed(world, "21N001064")
        page = admin.get(path(world)).text
        assert serials(page) == ["21N001052", "21N001064"]
        for words in (
            "Claimed",
            "Unclaimed",
            "Water meter",
            "Basement",
            "ACME-7",
            "70B3D5E75E00A1B2",
        ):
            assert words in page
        assert "2 meters" in page

    def test_filters_combine(self, admin: Person, world: World) -> None:
        number = label(world, "Basement")
        put(world, "A-1", labels=[number], batch_reference="ACME-7")
        put(world, "A-2", labels=[number], state=ClaimState.UNCLAIMED)
        put(world, "A-3", batch_reference="ACME-7", findings=2)
        put(world, "A-4", findings=1, state=ClaimState.PENDING)

        def shown(query: str) -> list[str]:
            return serials(admin.get(path(world, query)).text)

        assert shown(f"?label={number}") == ["A-1", "A-2"]
        assert shown(f"?label={number}&state=claimed") == ["A-1"]
        assert shown("?batch=ACME-7") == ["A-1", "A-3"]
        assert shown("?batch=ACME-7&warnings=1") == ["A-3"]
        assert shown("?batch=none&warnings=1") == ["A-4"]
        assert shown("?maker=KAM&state=pending") == ["A-4"]
        assert shown("?batch=ACME-8") == []

    def test_it_finds_by_beginning_end_and_address(self, admin: Person, world: World) -> None:
        put(world, "AQS-10059807", dev_eui="70B3D5E75E00A1B2")
        put(world, "TOPAS-1", mbus_maker="KAM", mbus_id="00345678")
        for typed in ("aqs-1", "9807", "70-b3-d5-e7-5e-00-a1-b2"):
            assert serials(admin.get(path(world, f"?q={typed}")).text) == ["AQS-10059807"], typed
        assert serials(admin.get(path(world, "?q=00345678")).text) == ["TOPAS-1"]
        assert serials(admin.get(path(world, "?q=x")).text) == []

    def test_it_pages_by_key(self, admin: Person, world: World) -> None:
        for n in range(30):
            put(world, f"M{n:03}")
        first = admin.get(path(world, "?size=25")).text
        assert len(serials(first)) == 25
        assert "30 meters" in first
        following = first.split('rel="next"')[1].split('href="')[1].split('"')[0]
        assert "after=" in following
        assert "offset" not in following
        rest = admin.get(following.replace("&amp;", "&")).text
        assert serials(rest) == [f"M{n:03}" for n in range(25, 30)]

    def test_a_stranger_finds_nothing_and_a_reader_changes_nothing(
        self, stranger: Person, reader: Person, world: World
    ) -> None:
        meter = unclaimed(world, "A-1")
        for rest in (
            "",
            meter,
            f"{meter}/history",
            f"{meter}/reveals",
            f"{meter}/label",
            "former",
            "labels",
        ):
            assert stranger.get(path(world, rest)).status_code == 404, rest
            assert reader.get(path(world, rest)).status_code == 200, rest
        for action in ("claim", "labels", "lint", "download"):
            assert desk.bulk(reader, action, meter).status_code == 403, action
        page = reader.get(path(world)).text
        assert 'name="row"' not in page
        assert 'value="claim"' not in page
        assert desk.stored(world, "A-1").claim_state == "unclaimed"

    def test_the_statements_of_a_page_do_not_grow_with_its_rows(
        self, admin: Person, world: World
    ) -> None:
        from sqlalchemy import event

        number, counts = label(world, "Basement"), []
        with world.portal.app_context():
            engine = db.engine
        for n in (1, 20):
            for m in range(n):
                put(world, f"R{n}-{m}", labels=[number])
            seen: list[str] = []
            event.listen(engine, "before_cursor_execute", lambda *a, s=seen: s.append(a[2]))
            assert admin.get(path(world)).status_code == 200
            counts.append(len(seen))
        assert counts[1] <= counts[0] + 1


@pytest.mark.feature("K-1", "K-10")
class TestBulk:
    def test_ticked_ones_are_claimed_at_once(self, admin: Person, world: World) -> None:
        one, other = unclaimed(world, "A-1"), unclaimed(world, "A-2")
        answer: Any = desk.bulk(admin, "claim", one, list="state=unclaimed")
        assert answer.status_code == 303
        assert answer.location.endswith("/meters/?state=unclaimed")
        assert desk.stored(world, "A-1").claim_state == "claimed"
        assert desk.stored(world, "A-2").claim_state == "unclaimed"
        again: Any = desk.bulk(admin, "claim", one)
        assert again.status_code == 409
        assert "unclaimed" in again.text
        assert other

    def test_all_of_a_filter_go_as_a_job_with_progress(
        self, admin: Person, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from webapp.core import drains
        from webapp.meters import claims

        monkeypatch.setattr(claims, "AT_ONCE", 2)
        for n in range(4):
            unclaimed(world, f"A-{n}")
        put(world, "B-0")
        answer: Any = desk.bulk(admin, "claim", everything="1", list="q=A-")
        assert answer.status_code == 303
        assert "/activity/" in answer.location
        with world.portal.app_context():
            drains.run("activities")
        assert all(desk.stored(world, f"A-{n}").claim_state == "claimed" for n in range(4))

    def test_nothing_ticked_nothing_meant_is_said(self, admin: Person, world: World) -> None:
        meter = unclaimed(world, "A-1")
        assert desk.bulk(admin, "claim").status_code == 422
        assert desk.bulk(admin, "melt", meter).status_code == 422
        gone: Any = desk.bulk(admin, "claim", "no-such-meter")
        assert gone.status_code == 409

    def test_foreign_meters_are_not_reached(self, stranger: Person, world: World) -> None:
        meter = unclaimed(world, "A-1")
        answer = stranger.post(
            f"/o/{world.globex}/meters/bulk", data={"action": "claim", "row": meter}
        )
        assert answer.status_code == 409
        assert desk.stored(world, "A-1").claim_state == "unclaimed"

    def test_a_selection_is_its_makers_alone_and_for_some_hours(
        self, admin: Person, reader: Person, stranger: Person, world: World
    ) -> None:
        meter = put(world, "A-1")
        answer: Any = desk.bulk(admin, "labels", meter)
        assert answer.status_code == 303
        assert admin.get(answer.location).status_code == 200
        assert reader.get(answer.location).status_code == 403
        foreign = answer.location.replace(world.acme, world.globex)
        assert stranger.get(foreign).status_code == 404
        from webapp.meters.selections import MeterSelection, remove_expired

        with world.portal.app_context():
            with unscoped("ageing"):
                db.session.scalars(select(MeterSelection)).one().expires_at = utcnow().replace(
                    year=2020
                )
                commit()
            assert admin.get(answer.location).status_code == 404
            remove_expired()
            with unscoped("looking"):
                assert db.session.scalar(select(MeterSelection.id)) is None


@pytest.mark.feature("K-2", "K-22")
class TestPage:
    def test_it_shows_which_keys_exist_and_never_a_value(self, admin: Person, world: World) -> None:
        with world.portal.app_context():
            lora = make.product_type(
                "TOPAS LoRa W8", radio=Radio.LORAWAN, kinds=(KeyKind.APP_KEY,), maker_code="INT"
            )
            with scope(world.acme_id):
                row = make.meter(
                    world.acme_id,
                    "21N001052",
                    of_type=lora,
                    keys={KeyKind.APP_KEY: KEY},
                    dev_eui="70B3D5E75E00A1B2",
                    join_eui="70B3D5E75E000000",
                )
                meter = row.public_id
                commit()
        for rest in (meter, f"{meter}/history", f"{meter}/reveals", f"{meter}/label"):
            page = admin.get(path(world, rest)).text
            assert KEY.hex() not in page.lower(), rest
        page = admin.get(path(world, meter)).text
        for words in (
            "AppKey",
            "AES-128",
            "128 bits",
            "Initial",
            "Factory delivery",
            "70B3D5E75E00A1B2",
        ):
            assert words in page
        assert "TOPAS LoRa W8" in page
        assert "Acme" in page

    def test_the_claim_code_is_for_those_who_hand_out_and_while_it_is_good(
        self, admin: Person, reader: Person, world: World
    ) -> None:
        meter = unclaimed(world, "A-1")
        with world.portal.app_context(), scope(world.acme_id):
            row = db.session.scalars(select(Meter)).one()
            codes.renew([row.id])
            db.session.refresh(row)
            code = codes.code_of(row)
            commit()
        assert code
        assert code in admin.get(path(world, f"{meter}/label")).text
        assert code not in reader.get(path(world, f"{meter}/label")).text
        desk.bulk(admin, "claim", meter)
        assert "Claim code" not in admin.get(path(world, f"{meter}/label")).text

    def test_owners_are_named_where_they_are_known(
        self, admin: Person, stranger: Person, world: World
    ) -> None:
        meter = put(world, "A-1")
        hand_over(world, meter)
        page = stranger.get(f"/o/{world.globex}/meters/{meter}").text
        assert "Another organisation" in page
        assert "Globex" in page
        assert "Acme" not in page
        assert admin.get(path(world, meter)).status_code == 404

    def test_after_a_batch_the_issuer_has_a_name(self, stranger: Person, world: World) -> None:
        meter = put(world, "A-1")
        with world.portal.app_context(), unscoped("making a batch"):
            row = db.session.scalars(select(Meter)).one()
            batch = Batch(
                reference="ACME-1",
                reference_folded="ACME-1",
                needs_confirmation=False,
                state="taken",
                devices=1,
                created_at=utcnow(),
                created_by="admin",
                from_organisation_id=world.acme_id,
                to_organisation_id=world.globex_id,
            )
            db.session.add(batch)
            db.session.flush()
            db.session.add(
                BatchItem(
                    batch_id=batch.id,
                    meter_id=row.id,
                    was_state="claimed",
                    open=False,
                    from_organisation_id=world.acme_id,
                    to_organisation_id=world.globex_id,
                )
            )
            commit()
        hand_over(world, meter)
        page = stranger.get(f"/o/{world.globex}/meters/{meter}").text
        assert "Acme" in page
        assert "ACME-1" in page
        assert "Another organisation" not in page


def hand_over(world: World, meter: str) -> None:
    with world.portal.app_context():
        with unscoped("handing over"):
            ownership.move(
                select(Meter.id).where(Meter.public_id == meter),
                to_id=world.globex_id,
                now=utcnow(),
            )
        commit()


@pytest.mark.feature("K-15")
def test_the_former_owner_sees_serial_and_type_and_nothing_else(
    admin: Person, stranger: Person, world: World
) -> None:
    meter = put(world, "A-1", dev_eui="70B3D5E75E00A1B2")
    put(world, "A-2")
    assert "A-1" not in admin.get(path(world, "former")).text
    hand_over(world, meter)
    page = admin.get(path(world, "former")).text
    assert serials(page) == ["A-1"]
    assert "Water meter" in page
    assert "70B3D5E75E00A1B2" not in page
    for rest in ("", "/history", "/reveals", "/label", "/keys/exchanges/new"):
        assert admin.get(path(world, f"{meter}{rest}")).status_code == 404
    assert serials(admin.get(path(world, "former?q=-1")).text) == ["A-1"]
    assert serials(admin.get(path(world, "former?q=B")).text) == []
    assert "A-1" in admin.get(path(world, "former?format=csv")).text
    assert serials(stranger.get(f"/o/{world.globex}/meters/former").text) == []


@pytest.mark.feature("K-28")
class TestReveals:
    def reveal(self, world: World, serial: str, form: str) -> None:
        with world.portal.app_context(), scope(world.acme_id):
            reveals.note(select(Meter.id).where(Meter.serial == serial), form, now=utcnow())
            commit()

    def test_each_reveal_is_listed_with_person_time_and_form(
        self, admin: Person, world: World
    ) -> None:
        meter = put(world, "A-1")
        put(world, "A-2")
        self.reveal(world, "A-1", "csv_table")
        self.reveal(world, "A-1", "api")
        self.reveal(world, "A-2", "kem")
        page = admin.get(path(world, f"{meter}/reveals")).text
        assert "2 times" in page
        assert "By a program (API)" in page
        assert "csv table" in page
        assert "kem" not in page
        only = admin.get(path(world, f"{meter}/reveals?form=api")).text
        assert "1 of 2 times" in only
        assert "csv table</td>" not in only
        file = admin.get(path(world, f"{meter}/reveals?format=csv"))
        assert file.mimetype == "text/csv"
        assert file.text.count("\n") >= 3

    def test_the_next_owner_learns_how_often_and_not_who(
        self, stranger: Person, world: World
    ) -> None:
        meter = put(world, "A-1")
        self.reveal(world, "A-1", "csv_table")
        hand_over(world, meter)
        page = stranger.get(f"/o/{world.globex}/meters/{meter}/reveals").text
        assert "Former owners saw the keys 1 time" in page
        assert "csv table" not in page


@pytest.mark.feature("P-34")
def test_tile_and_search_know_meters(admin: Person, stranger: Person, world: World) -> None:
    unclaimed(world, "TOPAS-77")
    put(world, "TOPAS-78", findings=1)
    home = admin.get(f"/o/{world.acme}/").text
    assert "Meter keys" in home
    assert "unclaimed" in home
    assert "with warnings" in home
    assert "TOPAS-77" in admin.get("/search?q=TOPAS-77", follow_redirects=True).text
    assert "TOPAS-77</" not in stranger.get("/search?q=TOPAS-77", follow_redirects=True).text


@pytest.mark.feature("K-1", "P-30")
def test_a_bulk_claim_is_one_entry_of_the_log(admin: Person, world: World) -> None:
    desk.bulk(admin, "claim", unclaimed(world, "A-1"), unclaimed(world, "A-2"))
    with world.portal.app_context(), scope(world.acme_id):
        rows = db.session.scalars(
            select(AuditRow).where(AuditRow.event == "meters:device:claimed")
        ).all()
    assert len(rows) == 1
    assert (rows[0].payload or {})["detail"]["serials"] == ["A-1", "A-2"]
