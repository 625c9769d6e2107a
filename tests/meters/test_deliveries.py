"""K-4: the operator brings devices with keys to an organisation: looked at, then made, all or nothing; and undone."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import func, select, text

from tests.cast import Person, World
from tests.meters.delivering import (
    KEY,
    PASSWORD,
    Dock,
    dock_of,
    kem,
    key,
    own_csv,
    random_key,
    tts_csv,
    tts_json,
)
from webapp.audit.models import AuditRow
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.errors import Refusal
from webapp.core.large_files import FileChunk
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import scope, unscoped
from webapp.devices.models import Device, Ownership
from webapp.meters import claims, opening
from webapp.meters.models import KeyFinding, Meter, MeterKey

pytestmark = pytest.mark.feature("K-4")
EUIS = [("70B3D5E75E000001", key(1)), ("70B3D5E75E000002", key(2))]


@pytest.fixture
def dock(operator: Person, world: World) -> Dock:
    return dock_of(operator, world)


def values_of(dock: Dock) -> dict[str, str]:
    """Serial → the value in clear."""
    with dock.world.portal.app_context(), unscoped("opening keys in a test"):
        meters = {m.id: m.serial for m in db.session.scalars(select(Meter))}
        return {
            meters[one.meter_id]: one.value.hex().upper()
            for one in opening.opened(opening.rows_of(meters))
        }


def test_a_delivery_is_looked_at_then_made(dock: Dock) -> None:
    url = dock.check(own_csv(3))
    assert (dock.state(url), dock.row(url).rows, dock.meters()) == ("checked", 3, [])
    page = dock.person.get(url).text
    assert "Every line is good" in page
    assert "W00001" in page
    assert dock.commit(url).status_code == 303
    dock.work()
    assert dock.state(url) == "committed"
    meters = dock.meters()
    assert [m.serial for m in meters] == ["W00000", "W00001", "W00002"]
    assert {m.claim_state for m in meters} == {"unclaimed"}
    assert {(m.organisation_id, m.mbus_maker) for m in meters} == {(dock.world.acme_id, "KAM")}
    assert values_of(dock) == {f"W{n:05}": key(n) for n in range(3)}
    (delivery,) = dock.deliveries()
    assert (delivery.state, delivery.devices, delivery.format) == ("committed", 3, "own_csv")
    assert {m.delivery_id for m in meters} == {delivery.id}


@pytest.mark.feature("K-20")
@pytest.mark.parametrize(
    ("form", "content", "serials", "data"),
    [
        ("tts_csv", tts_csv(EUIS), ["70B3D5E75E000001", "70B3D5E75E000002"], {}),
        ("tts_json", tts_json(EUIS), ["70B3D5E75E000001", "70B3D5E75E000002"], {}),
        ("man_id_key", f"KAM;00000001;{key(1)}\n\nKAM;2;{key(2)}\n", ["00000001", "00000002"], {}),
        ("man_id_key", f"00000001;{key(1)}\n00000002;{key(2)}", ["00000001", "00000002"], {}),
        (
            "kem",
            kem([("00000001", key(1)), ("00000002", key(2))]),
            ["00000001", "00000002"],
            {"password": PASSWORD},
        ),
        (
            "kem2",
            kem([("00000001", key(1)), ("00000002", key(2))], second=True),
            ["00000001", "00000002"],
            {"password": PASSWORD},
        ),
    ],
)
def test_each_format_ends_in_the_same_devices(
    dock: Dock, form: str, content: str | bytes, serials: list[str], data: dict[str, str]
) -> None:
    kind = dock.sensor if form.startswith("tts") else dock.water
    dock.deliver(content, format=form, product_type=kind, **data)
    assert values_of(dock) == dict(zip(serials, [key(1), key(2)], strict=True))


def test_a_list_of_keys_reports_the_file_s_own_lines(dock: Dock) -> None:
    url = dock.check(
        f"KAM;1;{key(1)}\n\n\nKAM;2;{key(2)[:-2]}\nKAM;3;{key(3)};more\n", format="man_id_key"
    )
    faults = dock.faults(url)
    assert next((line, field) for line, field, _words in faults) == (4, "oms_aes128")
    assert 5 in {line for line, _field, _words in faults}
    assert "30 hexadecimal digits; it needs 32" in faults[0][2]


@pytest.mark.parametrize("form", ["kem", "kem2"])
def test_a_wrong_password_is_told_beside_its_field(dock: Dock, form: str) -> None:
    content = kem([("00000001", key(1))], second=form == "kem2")
    for password, words in (("1234", "does not open"), ("", "open with a password")):
        answer = dock.upload(content, format=form, password=password)
        assert answer.status_code == 422
        assert words in answer.text
    assert dock.all(select(FileChunk)) == []


def test_the_password_is_kept_nowhere(dock: Dock) -> None:
    secret = "SECRETWORD-91"
    dock.deliver(kem([("00000001", key(1))], secret), format="kem", password=secret)
    assert secret not in everything_stored(dock)


def everything_stored(dock: Dock) -> str:
    """All rows of all tables as text, bytes both as hexadecimal digits and as Latin-1."""
    with dock.world.portal.app_context(), unscoped("looking for secrets"):
        names = db.session.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).all()
        found = []
        for name in names:
            rows = db.session.execute(text(f'SELECT t::text FROM "{name}" t')).scalars()
            found += list(rows)
    return "\n".join(found)


@pytest.mark.feature("K-22")
def test_no_key_stands_anywhere_in_clear(dock: Dock, caplog: pytest.LogCaptureFixture) -> None:
    secret, weak = random_key().upper(), "AB" * 16
    content = (
        f"serial;mbus id;oms key\nW1;1;{secret}\nW2;2;{weak}\nW3;3;{secret[:-1]}\n"
        f"{secret};4;{secret}\nW5;{secret};{secret}\n"
    )
    url = dock.check(content)
    assert {line for line, _f, _w in dock.faults(url)} == {4, 5, 6}
    pages = [dock.person.get(f"{url}{more}").text for more in ("", "?format=csv", "/mapping")]
    dock.deliver(f"serial;mbus id;oms key\nW1;1;{secret}\n")
    stored = everything_stored(dock)
    for place in (*pages, stored, caplog.text):
        for digits in (secret, secret.lower(), weak, secret[:30]):
            assert digits not in place
            assert digits.encode().hex() not in place


@pytest.mark.feature("K-22")
def test_staged_keys_are_sealed_and_then_gone_with_their_file(dock: Dock) -> None:
    url = dock.check(own_csv(2))
    assert all(line.values_sealed for line in dock.staged(url))
    dock.commit(url)
    dock.work()
    assert {line.values_sealed for line in dock.staged(url)} == {None}
    assert dock.all(select(FileChunk)) == []


def test_a_key_in_the_place_of_the_heading_refuses_the_file(dock: Dock) -> None:
    answer = dock.upload(f"W1;1;{KEY}\nW2;2;{KEY}\n")
    assert answer.status_code == 422
    assert "must name the columns" in answer.text
    assert KEY not in answer.text + everything_stored(dock)


@pytest.mark.parametrize(
    ("lines", "field", "words"),
    [
        ("W1;1;" + KEY + "\nw1;2;" + key(5), "serial", "line 2 already"),
        ("W1;1;" + KEY + "\nW2;1;" + key(5), "mbus_id", "line 2 already"),
        (";;" + KEY, "serial", "names no device"),
        ("W1;1;", "oms_aes128", "needs OMS key"),
        ("W1;1;" + KEY[:30], "oms_aes128", "30 hexadecimal digits"),
        ("W1;1;" + KEY[:31] + "G", "oms_aes128", "something other than"),
        ("W_1;1;" + KEY, "serial", "no serial number"),
        ("W1;X;" + KEY, "mbus_id", "no M-Bus number"),
        ("W1;;" + KEY, "mbus_id", "needs M-Bus number"),
    ],
)
def test_a_faulty_line_keeps_all_of_it_out(dock: Dock, lines: str, field: str, words: str) -> None:
    url = dock.check(
        f"serial;mbus id;oms key\nW0;00000009;{random_key()}\n{lines}\n".replace("line 2", "")
    )
    faults = dock.faults(url)
    if "line 2" in words:
        words = "line 3 already"
    assert any(f == field and words in said for _line, f, said in faults), faults
    report = dock.person.get(f"{url}?format=csv").text
    assert words.split("“")[0] in report
    dock.commit(url)
    dock.work()
    assert (dock.state(url), dock.meters()) == ("checked", [])
    assert "whole or not at all" in dock.person.get(url).text


def test_keys_may_have_dashes_and_serials_small_letters(dock: Dock) -> None:
    dashed = "-".join(KEY[n : n + 2].lower() for n in range(0, 32, 2))
    dock.deliver(f"serial;mbus id;oms key\n w-1 ;7;{dashed}\n")
    assert values_of(dock) == {"W-1": KEY}
    assert dock.meters()[0].mbus_id == "00000007"


def test_what_is_in_stock_is_refused_without_saying_whose(dock: Dock) -> None:
    dock.deliver(own_csv(1), receiver="Globex")
    url = dock.check(own_csv(2))
    assert dock.faults(url) == [
        (2, "serial", "A device of this maker with this serial number exists already.")
    ]
    assert "Globex" not in dock.person.get(url).text
    eui = "70B3D5E75E000001"
    dock.deliver(tts_csv([(eui, key(9))]), format="tts_csv", product_type=dock.sensor)
    again = dock.check(
        f"serial;deveui;joineui;appkey\nNEW;{eui};{eui};{key(8)}\n", product_type=dock.sensor
    )
    assert dock.faults(again) == [(2, "dev_eui", "A device with this DevEUI exists already.")]


def test_columns_are_mapped_by_hand_and_a_column_may_name_the_type(dock: Dock) -> None:
    content = f"A;B;C;D\nkam water meter;W1;12;{KEY}\nNothing;W2;13;{key(3)}\n"
    answer = dock.upload(content, product_type="")
    url = answer.location.removesuffix("/mapping")
    refused = dock.map(url)
    assert refused.status_code == 422
    assert "Product type is needed" in refused.text
    chosen = {"product_type": "0", "serial": "1", "mbus_id": "2", "oms_aes128": "3"}
    assert dock.map(url, **{f"column_{k}": v for k, v in chosen.items()}).status_code == 303
    dock.work()
    assert dock.faults(url) == [(3, "product_type", "There is no product type “Nothing”.")]


@pytest.mark.parametrize("receiver", ["Nobody Ltd", "Outpost", ""])
def test_a_receiver_that_there_is_not(dock: Dock, receiver: str) -> None:
    assert dock.upload(own_csv(1), receiver=receiver).status_code == 422


@pytest.mark.feature("K-6")
def test_weak_keys_are_warnings_first_and_findings_then(dock: Dock) -> None:
    same, back = random_key(), random_key()
    content = (
        "serial;mbus id;oms key\n"
        f"W1;1;{'00' * 16}\nW2;2;{b'printable text!!'.hex()}\nW3;3;{same}\nW4;4;{same}\n"
        f"W5;5;{back}\nW6;6;{bytes.fromhex(back)[::-1].hex()}\nW7;7;{random_key()}\n"
    )
    url = dock.check(content)
    warned = {line for line, _f, _w in dock.faults(url, warnings=True)}
    assert {2, 3, 5} <= warned
    assert 8 not in warned
    assert dock.row(url).faulty == 0
    dock.commit(url)
    dock.work()
    meters = {m.id: m for m in dock.meters()}
    found = {(meters[f.meter_id].serial, f.finding) for f in dock.all(select(KeyFinding))}
    assert found >= {
        ("W1", "zero"),
        ("W2", "printable"),
        ("W3", "shared"),
        ("W4", "shared"),
        ("W5", "reversed"),
        ("W6", "reversed"),
    }
    assert not {one for one in found if one[0] == "W7"}
    assert {m.serial: m.findings for m in meters.values()}["W7"] == 0
    assert {m.serial: m.findings for m in meters.values()}["W3"] == 1


@pytest.mark.feature("K-6")
def test_a_key_that_the_stock_has_warns_both(dock: Dock) -> None:
    same = random_key()
    dock.deliver(f"serial;mbus id;oms key\nW1;1;{same}\n", receiver="Globex")
    url = dock.deliver(f"serial;mbus id;oms key\nW2;2;{same}\n")
    assert [f for _l, f, _w in dock.faults(url, warnings=True)] == ["oms_aes128"]
    assert [m.findings for m in dock.meters()] == [1, 1]
    owners = {f.organisation_id for f in dock.all(select(KeyFinding))}
    assert owners == {dock.world.acme_id, dock.world.globex_id}


def claim(dock: Dock, serial: str) -> int:
    by = Principal(Actor.JOB, None, "test", org=dock.world.acme_id)
    with dock.world.portal.app_context(), scope(dock.world.acme_id), acting_as(by):
        meter = db.session.scalars(select(Meter).where(Meter.serial == serial)).one()
        done = claims.claim([meter.id], organisation_id=dock.world.acme_id, now=utcnow())
        commit()
        return done


def test_an_undone_delivery_leaves_nothing(dock: Dock) -> None:
    url = dock.deliver(own_csv(3))
    dock.undo(url)
    assert dock.state(url) == "undone"
    for table in (Meter, MeterKey, Device, Ownership, KeyFinding):
        assert dock.all(select(func.count()).select_from(table)) == [0]
    (delivery,) = dock.deliveries()
    assert delivery.state == "undone"
    assert delivery.undone_at is not None
    events = [e.event for e in dock.all(select(AuditRow).order_by(AuditRow.id))]
    assert events.count("meters:delivery:committed") == 2, "told to both"
    assert events.count("meters:delivery:undone") == 2
    dock.deliver(own_csv(3))


def test_a_delivery_of_which_one_device_was_claimed_stays(dock: Dock) -> None:
    url = dock.deliver(own_csv(3))
    assert claim(dock, "W00001") == 1
    dock.undo(url)
    assert dock.state(url) == "committed"
    assert len(dock.meters()) == 3
    page = dock.person.get(url).text
    assert "line 3: was claimed" in page


@pytest.mark.parametrize("state", ["committing", "undoing"])
def test_nothing_is_claimed_of_a_delivery_that_arrives_or_goes(dock: Dock, state: str) -> None:
    url = dock.deliver(own_csv(1))
    with dock.world.portal.app_context(), unscoped("a job that is at it"):
        db.session.execute(text("UPDATE imports SET state = :state"), {"state": state})
        commit()
    with pytest.raises(Refusal, match="still arriving"):
        claim(dock, "W00000")
    assert dock.meters()[0].claim_state == "unclaimed"
    assert dock.state(url) == state


def test_strangers_members_and_nobody(dock: Dock, admin: Person, visitor: Person) -> None:
    url = dock.deliver(own_csv(1))
    for path in (dock.base + "/", f"{dock.base}/new", url, f"{dock.base}/example.csv"):
        assert admin.get(path).status_code == 403
        assert visitor.get(path).status_code == 303
        assert dock.person.get(path).status_code == 200
    for verb in ("commits", "undos", "cancellations", "removals", "mapping"):
        assert admin.post(f"{url}/{verb}").status_code == 403
    public_id = url.rsplit("/", 1)[-1]
    assert dock.person.get(f"{dock.base}/nothing").status_code == 404
    assert admin.get(f"/o/{dock.world.acme}/imports/{public_id}").status_code == 404
    assert admin.get(f"/o/{dock.world.acme}/imports/new/deliveries").status_code == 404
    assert "delivery.csv" not in admin.get(f"/o/{dock.world.acme}/imports/").text


def test_an_operator_who_is_none_any_more_delivers_nothing(dock: Dock) -> None:
    url = dock.check(own_csv(1))
    dock.commit(url)
    with dock.world.portal.app_context(), unscoped("taking the operator's rights"):
        db.session.execute(text("UPDATE users SET is_operator = false"))
        commit()
    dock.work()
    assert dock.meters() == []
    assert dock.state(url) == "failed"


def test_the_list_has_filters_and_a_file(dock: Dock) -> None:
    dock.deliver(own_csv(1))
    dock.check(own_csv(1, first=5), receiver="Globex")
    page = dock.person.get(f"{dock.base}/?state=committed").text
    assert "Acme" in page
    assert "Globex" not in page
    assert "Globex" in dock.person.get(f"{dock.base}/?form=own_csv").text
    listed = dock.person.get(f"{dock.base}/?format=csv").text
    assert "delivery.csv" in listed


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 a spreadsheet", "XLSX"),
        (b"\x00" * 1000, "no text"),
        (b"serial;mbus id;oms key\n", "no line below"),
    ],
)
def test_what_is_no_table_is_refused_in_words(dock: Dock, content: bytes, words: str) -> None:
    answer = dock.upload(content)
    assert answer.status_code == 422
    assert words in answer.text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_files_as_people_have_them(dock: Dock, encoding: str) -> None:
    content = f'"serial";"mbus id";"Schlüssel";;\r\n"W1";"1";"{KEY}";;\r\n'
    dock.deliver(content.encode(encoding))
    assert values_of(dock) == {"W1": KEY}


def test_ten_megabytes_of_junk(dock: Dock) -> None:
    answer = dock.upload(io.BytesIO(b"\xc3\x28 junk; junk\n" * 800_000).getvalue())
    assert answer.status_code in (303, 422)
