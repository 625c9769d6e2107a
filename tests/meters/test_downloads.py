"""Keys on their way out: who gets them, in which form, and what is written down first."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwe
from joserfc.jwk import OKPKey
from sqlalchemy import func, select, text, update
from werkzeug.test import TestResponse

from tests import make as people
from tests.cast import Person, World, sign_in
from tests.meters import make
from webapp.audit.models import AuditRow
from webapp.core import large_files
from webapp.core.activities import Activity, run_activities
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.files import File
from webapp.core.tenancy import unscoped
from webapp.meters import ownership
from webapp.meters.downloads import jobs
from webapp.meters.downloads.models import KeyExport
from webapp.meters.formats import FORMATS
from webapp.meters.kinds import KeyKind
from webapp.meters.models import ClaimState, KeyReveal, Meter, Radio

pytestmark = pytest.mark.feature("K-23")

KEY = bytes.fromhex("28F64A24988064A079AA2C807D6102AE")
PLAIN = {
    "format": "csv",
    "delimiter": "semicolon",
    "thousands": "none",
    "language": "en",
    "protection": "plain",
}


def stock(
    world: World, *serials: str, state: ClaimState = ClaimState.CLAIMED, **more: Any
) -> list[str]:
    """Meters of Acme with an M-Bus number; their public ids."""
    with world.portal.app_context(), unscoped("a test's meters"):
        rows = [
            make.meter(
                more.get("org", world.acme_id),
                serial,
                state=state,
                keys={KeyKind.OMS_AES128: KEY},
                mbus_maker="KAM",
                mbus_id=f"{76348799 + number:08d}",
                mbus_version=0x1B,
                mbus_medium=0x16,
                batch_reference=more.get("batch"),
            )
            for number, serial in enumerate(serials, more.get("first", 0))
        ]
        commit()
        return [row.public_id for row in rows]


def count(world: World, model: Any, *where: Any) -> int:
    with world.portal.app_context(), unscoped("counting"):
        return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def ask(person: Person, meters: list[str] | None = None, **fields: Any) -> TestResponse:
    url = f"/o/{person.world.acme}/meters/downloads"
    return person.post(url, {**PLAIN, **({"meter": meters} if meters else {}), **fields})


def work_off(world: World) -> Activity:
    with world.portal.app_context(), unscoped("the worker"):
        run_activities()
        with unscoped("how it ended"):
            return db.session.scalars(select(Activity).order_by(Activity.id.desc())).first()  # type: ignore[return-value]


def file_url(world: World) -> str:
    with world.portal.app_context(), unscoped("the file"):
        file = db.session.scalars(select(File).where(File.kind == jobs.KIND)).one()
        return f"/o/{world.acme}/downloads/{file.public_id}"


def receiver_pair() -> tuple[OKPKey, str]:
    private = X25519PrivateKey.generate()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return OKPKey.import_key(secret), pem.decode()


def opened(token: bytes | str, key: OKPKey) -> bytes:
    algorithms = ["ECDH-ES+A256KW", "A256GCM"]
    return bytes(jwe.decrypt_compact(token, key, algorithms=algorithms).plaintext or b"")


def deposit(person: Person, pem: str, **more: str) -> TestResponse:
    return person.post(
        f"/o/{person.world.acme}/meters/public-keys/", {"name": "Head-end", "key": pem, **more}
    )


def key_id(world: World) -> str:
    with world.portal.app_context(), unscoped("the deposited key"):
        return str(db.session.scalar(text("SELECT public_id FROM receiver_keys ORDER BY id DESC")))


# one device


def test_one_device_comes_at_once_as_a_file(admin: Person) -> None:
    (meter,) = stock(admin.world, "W1")
    answer = ask(admin, [meter])
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/csv"
    assert "keys-W1" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert KEY.hex().upper() in answer.text


@pytest.mark.feature("K-28")
def test_the_reveal_names_person_form_and_device(admin: Person) -> None:
    (meter,) = stock(admin.world, "W1")
    ask(admin, [meter], format="json")
    with admin.world.portal.app_context(), unscoped("the reveal"):
        reveal = db.session.scalars(select(KeyReveal)).one()
        row = db.session.scalars(
            select(AuditRow).where(AuditRow.event == "meters:key:revealed")
        ).one()
    assert (reveal.form, reveal.by_kind, reveal.by_id) == ("json", "user", admin.user_id)
    assert row.payload["detail"]["serials"] == ["W1"]
    assert KEY.hex() not in json.dumps(row.payload).lower()


@pytest.mark.feature("K-28")
@pytest.mark.parametrize("table", ["audit_log", "key_reveals"])
def test_if_it_cannot_be_written_down_no_key_leaves(admin: Person, table: str) -> None:
    (meter,) = stock(admin.world, "W1")
    name = AuditRow.__tablename__ if table == "audit_log" else KeyReveal.__tablename__
    with broken_table(admin.world, name):
        answer = ask(admin, [meter])
    assert answer.status_code >= 500
    assert KEY.hex() not in answer.text.lower()


def broken_table(world: World, name: str) -> Any:
    """Inserts into this table fail."""
    from contextlib import contextmanager

    @contextmanager
    def broken() -> Iterator[None]:
        make_it = (
            "CREATE OR REPLACE FUNCTION refuse_rows() RETURNS trigger AS $$ BEGIN "
            "RAISE EXCEPTION 'no room'; END $$ LANGUAGE plpgsql; "
            f'CREATE TRIGGER refuse BEFORE INSERT ON "{name}" FOR EACH ROW EXECUTE FUNCTION refuse_rows()'
        )
        with world.portal.app_context(), db.engine.begin() as connection:
            connection.execute(text(make_it))
        world.portal.config["PROPAGATE_EXCEPTIONS"] = False
        try:
            yield
        finally:
            world.portal.config["PROPAGATE_EXCEPTIONS"] = None
            with world.portal.app_context(), db.engine.begin() as connection:
                connection.execute(text(f'DROP TRIGGER refuse ON "{name}"'))

    return broken()


@pytest.mark.feature("K-10")
@pytest.mark.parametrize(
    ("state", "why"),
    [(ClaimState.UNCLAIMED, "claim it first"), (ClaimState.PENDING, "ownership is pending")],
)
def test_keys_of_a_device_that_is_not_claimed_stay_and_it_says_why(
    admin: Person, state: ClaimState, why: str
) -> None:
    (meter,) = stock(admin.world, "W1", state=state)
    page = admin.get(f"/o/{admin.world.acme}/meters/{meter}/keys", follow_redirects=True)
    assert why in page.text
    answer = ask(admin, [meter])
    assert answer.status_code == 409
    assert why in answer.text
    assert KEY.hex() not in answer.text.lower()
    assert count(admin.world, AuditRow, AuditRow.event == "meters:key:refused") == 1
    assert count(admin.world, KeyReveal) == 0


@pytest.mark.feature("K-24")
@pytest.mark.parametrize("form", ["tts_csv", "tts_json", "thingpark", "chirpstack"])
def test_a_format_that_cannot_carry_the_device_says_why(admin: Person, form: str) -> None:
    (meter,) = stock(admin.world, "W1")
    ids = {
        "chirpstack_application_id": "a",
        "chirpstack_profile_id": "b",
        "thingpark_model_id": "c",
    }
    answer = ask(admin, [meter], format=form, **ids)
    assert answer.status_code == 422
    assert "The device has no DevEUI." in answer.text
    assert count(admin.world, KeyReveal) == 0


@pytest.mark.feature("K-24")
@pytest.mark.parametrize("form", list(FORMATS))
def test_every_format_comes_out(admin: Person, form: str) -> None:
    with admin.world.portal.app_context(), unscoped("a test's meters"):
        lora = make.product_type("Module", radio=Radio.LORAWAN, kinds=[KeyKind.APP_KEY])
        row = make.meter(
            admin.world.acme_id,
            "L1",
            of_type=lora,
            keys={KeyKind.APP_KEY: KEY},
            dev_eui="70B3D5499E100001",
            join_eui="70B3D5499E100000",
        )
        commit()
        public_id = row.public_id
    (wmbus,) = stock(admin.world, "W1")
    ids = {
        "chirpstack_application_id": "a",
        "chirpstack_profile_id": "b",
        "thingpark_model_id": "c",
    }
    meter = wmbus if form in ("wmbusmeters", "man_id_key") else public_id
    answer = ask(admin, [meter], format=form, **ids)
    assert answer.status_code == 200, answer.text
    assert KEY.hex().encode() in answer.data.lower()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"format": "xlsx"}, "Not a valid choice"),
        ({"format": "chirpstack"}, "ChirpStack application is needed"),
        ({"delimiter": "comma", "thousands": "comma"}, "can&#39;t be the same"),
        ({"protection": "file"}, "Not a valid choice"),
        ({"protection": ""}, "Not a valid choice"),
        ({"language": "xx"}, "Not a valid choice"),
    ],
)
def test_what_does_not_fit_is_said_beside_the_field(
    admin: Person, fields: dict[str, str], words: str
) -> None:
    (meter,) = stock(admin.world, "W1")
    answer = ask(admin, [meter], **fields)
    assert answer.status_code == 422
    assert words in answer.text


def test_an_old_proof_is_asked_again_and_loses_nothing(admin: Person) -> None:
    (meter,) = stock(admin.world, "W1")
    with time_machine.travel(utcnow() + timedelta(minutes=11), tick=True):
        answer = ask(admin, [meter], format="json")
    assert answer.status_code == 403
    assert meter in answer.text
    assert KEY.hex() not in answer.text.lower()


def test_a_reader_may_not_and_is_offered_nothing(reader: Person) -> None:
    (meter,) = stock(reader.world, "W1")
    org = reader.world.acme
    for url in ("downloads/new", "public-keys/", "public-keys/new", "proof", f"{meter}/keys"):
        assert reader.get(f"/o/{org}/meters/{url}").status_code == 403, url
    assert ask(reader, [meter]).status_code == 403


def test_a_stranger_finds_nothing(stranger: Person, admin: Person) -> None:
    (meter,) = stock(admin.world, "W1")
    assert ask(stranger, [meter]).status_code == 404
    own = f"/o/{stranger.world.globex}/meters"
    assert stranger.post(f"{own}/downloads", {**PLAIN, "meter": meter}).status_code == 404
    assert stranger.get(f"{own}/{meter}/keys").status_code == 404


# many devices


def test_many_are_written_by_a_job_for_their_maker_alone(admin: Person) -> None:
    world = admin.world
    meters = stock(world, *(f"W{n:02d}" for n in range(12)))
    asked = ask(admin, meters[:5])
    assert asked.status_code == 303
    assert work_off(world).state == "done"
    answer = admin.get(file_url(world))
    assert answer.status_code == 200, answer.text
    lines = answer.text.splitlines()
    assert len(lines) == 6
    assert KEY.hex().upper() in lines[1]
    with world.portal.app_context(), unscoped("another member"):
        other = people.user("key@acme.test")
        acme = db.session.get(people.Organisation, world.acme_id)
        people.membership(other, acme, "key_manager")
        commit()
    assert sign_in(world, "key@acme.test").get(file_url(world)).status_code == 404


def test_all_claimed_means_all_claimed(admin: Person) -> None:
    world = admin.world
    stock(world, "W1", "W2", "W3")
    stock(world, "U1", state=ClaimState.UNCLAIMED, first=10)
    page = admin.get(f"/o/{world.acme}/meters/downloads/new")
    assert "Keys of 3 claimed devices." in page.text
    ask(admin)
    work_off(world)
    answer = admin.get(file_url(world))
    assert [line.split(";")[1] for line in answer.text.splitlines()[1:]] == ["W1", "W2", "W3"]


@pytest.mark.feature("K-28")
def test_each_fetch_is_written_down_by_device(admin: Person) -> None:
    world = admin.world
    ask(admin, stock(world, "W1", "W2"))
    work_off(world)
    assert count(world, KeyReveal) == 0, "what lies sealed has not been seen"
    for fetches in (1, 2):
        assert admin.get(file_url(world)).status_code == 200
        assert count(world, KeyReveal) == 2 * fetches
    assert count(world, AuditRow, AuditRow.event == "meters:key:revealed") == 2


@pytest.mark.feature("K-28")
def test_a_fetch_that_cannot_be_written_down_sends_nothing(admin: Person) -> None:
    world = admin.world
    ask(admin, stock(world, "W1", "W2"))
    work_off(world)
    with broken_table(world, AuditRow.__tablename__):
        answer = admin.get(file_url(world))
    assert answer.status_code >= 500
    assert KEY.hex() not in answer.text.lower()


@pytest.mark.feature("K-15")
def test_a_file_with_a_device_that_left_is_not_handed_out(admin: Person) -> None:
    world = admin.world
    meters = stock(world, "W1", "W2")
    ask(admin, meters)
    work_off(world)
    with world.portal.app_context(), unscoped("W1 leaves"):
        chosen = select(Meter.id).where(Meter.public_id == meters[0])
        ownership.move(chosen, to_id=world.globex_id, now=utcnow())
        commit()
    answer = admin.get(file_url(world))
    assert answer.status_code == 409
    assert "1 device of this file has left" in answer.text
    assert count(world, KeyReveal) == 0


def test_who_lost_the_right_does_not_get_the_file(admin: Person) -> None:
    world = admin.world
    ask(admin, stock(world, "W1", "W2"))
    work_off(world)
    with world.portal.app_context(), unscoped("only a reader now"):
        db.session.execute(
            text("UPDATE memberships SET roles = '{reader}' WHERE user_id = :id"),
            {"id": admin.user_id},
        )
        commit()
    assert admin.get(file_url(world)).status_code == 403


def test_the_file_is_offered_for_a_day(admin: Person) -> None:
    world = admin.world
    ask(admin, stock(world, "W1", "W2"))
    work_off(world)
    url = file_url(world)
    with world.portal.app_context(), unscoped("when it goes"):
        file = db.session.scalars(select(File)).one()
        assert file.expires_at is not None
        assert abs(file.expires_at - utcnow() - timedelta(hours=24)) < timedelta(minutes=1)
        db.session.execute(update(File).values(expires_at=utcnow() - timedelta(seconds=1)))
        commit()
    assert admin.get(url).status_code == 404
    with world.portal.app_context(), unscoped("the sweep"):
        large_files.remove_expired()
    assert count(world, large_files.FileChunk) == 0


def test_what_the_format_cannot_carry_is_named_and_left_out(admin: Person) -> None:
    world = admin.world
    meters = stock(world, "W1", "W2")
    with world.portal.app_context(), unscoped("without a number"):
        row = make.meter(world.acme_id, "X9")
        commit()
        meters.append(row.public_id)
    page = admin.get(f"/o/{world.acme}/meters/downloads/new?meter=" + "&meter=".join(meters))
    assert "Carries 2 of 3." in page.text
    assert "X9: The device has no M-Bus number." in page.text
    ask(admin, meters, format="man_id_key")
    work = work_off(world)
    assert work.result is not None
    assert "X9: The device has no M-Bus number." in work.result["lines"]
    assert len(admin.get(file_url(world)).text.splitlines()) == 2
    assert count(world, KeyReveal) == 2, "what is not in the file was not seen"


def test_a_format_that_can_carry_none_of_them_makes_no_file(admin: Person) -> None:
    world = admin.world
    ask(admin, stock(world, "W1", "W2"), format="tts_csv")
    work = work_off(world)
    assert work.state == "failed"
    assert "none of these devices" in (work.last_error or "")
    assert count(world, File) == 0


def test_a_worker_that_dies_in_between_leaves_no_half_file(
    admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = admin.world
    meters = stock(world, *(f"W{n}" for n in range(9)))
    monkeypatch.setattr(jobs.devices, "STEP", 2)
    ask(admin, meters)
    real, calls = jobs.prolong, [0]

    def dies(*args: Any, **more: Any) -> None:
        calls[0] += 1
        if calls[0] == 3:
            raise SystemExit
        real(*args, **more)

    monkeypatch.setattr(jobs, "prolong", dies)
    with world.portal.app_context(), unscoped("the worker"), pytest.raises(SystemExit):
        run_activities()
    with time_machine.travel(utcnow() + timedelta(minutes=5), tick=True):
        assert work_off(world).state == "done"
        assert len(sign_in(world, "admin@acme.test").get(file_url(world)).text.splitlines()) == 10
    assert count(world, File) == 1


def test_a_cancelled_download_leaves_no_file(admin: Person) -> None:
    world = admin.world
    ask(admin, stock(world, "W1", "W2"))
    with world.portal.app_context(), unscoped("somebody cancels"):
        db.session.execute(update(Activity).values(cancel_asked_at=utcnow()))
        commit()
    assert work_off(world).state == "cancelled"
    assert count(world, File) == 0


def test_the_job_s_rows_hold_no_key(admin: Person) -> None:
    world = admin.world
    ask(admin, stock(world, "W1", "W2"))
    work_off(world)
    with world.portal.app_context(), unscoped("what is stored"):
        stored = db.session.execute(
            text(
                "SELECT row_to_json(a)::text || row_to_json(e)::text FROM activities a, key_exports e"
            )
        ).scalar_one()
        pieces = db.session.scalars(select(large_files.FileChunk.content)).all()
    assert KEY.hex() not in stored.lower()
    assert all(KEY not in piece and KEY.hex().upper().encode() not in piece for piece in pieces)


# encrypted to the receiver


@pytest.mark.feature("K-27")
def test_a_deposited_key_encrypts_one_file(admin: Person) -> None:
    private, pem = receiver_pair()
    (meter,) = stock(admin.world, "W1")
    assert deposit(admin, pem).status_code == 303
    answer = ask(admin, [meter], protection="file", receiver=key_id(admin.world))
    assert answer.mimetype == "application/jose"
    assert answer.headers["Content-Disposition"].endswith(".csv.jwe")
    assert KEY.hex() not in answer.text.lower()
    assert KEY.hex().upper().encode() in opened(answer.data, private)


@pytest.mark.feature("K-27")
def test_each_device_by_itself(admin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SEALED_STEP", 2)
    private, pem = receiver_pair()
    world = admin.world
    meters = stock(world, *(f"W{n}" for n in range(5)))
    deposit(admin, pem)
    ask(admin, meters, protection="devices", receiver=key_id(world))
    assert work_off(world).finished == 5
    answer = admin.get(file_url(world))
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["serial"] for line in lines] == [f"W{n}" for n in range(5)]
    inside = json.loads(opened(lines[3]["jwe"], private))
    assert inside["keys"] == {"oms_aes128": KEY.hex().upper()}
    assert count(world, KeyReveal, KeyReveal.form == "jwe") == 5


@pytest.mark.feature("K-27")
def test_where_it_is_required_nothing_leaves_in_clear(admin: Person) -> None:
    _private, pem = receiver_pair()
    meters = stock(admin.world, "W1", "W2")
    ask(admin, meters)
    work_off(admin.world)
    deposit(admin, pem, required="y")
    page = admin.get(f"/o/{admin.world.acme}/meters/downloads/new?meter={meters[0]}")
    assert "requires that keys leave encrypted" in page.text
    assert 'value="plain"' not in page.text
    assert ask(admin, meters[:1]).status_code == 422
    late = admin.get(file_url(admin.world))
    assert late.status_code == 409, "a file in clear made before"
    assert "requires that keys leave encrypted" in late.text


@pytest.mark.feature("K-27")
def test_a_requirement_is_lifted_and_a_key_retired(admin: Person) -> None:
    _private, pem = receiver_pair()
    (meter,) = stock(admin.world, "W1")
    deposit(admin, pem, required="y")
    url = f"/o/{admin.world.acme}/meters/public-keys/{key_id(admin.world)}"
    assert admin.post(f"{url}/requirement", {"required": "maybe"}).status_code == 400
    assert admin.post(f"{url}/requirement", {"required": "no"}).status_code == 303
    assert ask(admin, [meter]).status_code == 200
    assert admin.post(f"{url}/retirement").status_code == 303
    refused = ask(admin, [meter], protection="file", receiver=key_id(admin.world))
    assert refused.status_code == 422
    assert "Retired" in admin.get(f"/o/{admin.world.acme}/meters/public-keys/").text
    events = (
        "meters:receiver_key:added",
        "meters:receiver_key:changed",
        "meters:receiver_key:retired",
    )
    assert [count(admin.world, AuditRow, AuditRow.event == event) for event in events] == [1, 1, 1]


@pytest.mark.feature("K-27")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Paste a public key"),
        ("hello", "no public key"),
        ("-----BEGIN PRIVATE KEY-----", "private key"),
        ('{"kty":"EC","crv":"P-256"}', "P-256"),
    ],
)
def test_what_is_no_public_key_is_refused_in_words(admin: Person, text: str, words: str) -> None:
    answer = deposit(admin, text)
    assert answer.status_code == 422
    assert words in answer.text


@pytest.mark.feature("K-27")
def test_a_key_is_deposited_once_and_is_nobody_else_s(admin: Person, stranger: Person) -> None:
    _private, pem = receiver_pair()
    deposit(admin, pem)
    assert "deposited already" in deposit(admin, pem).text
    theirs = f"/o/{admin.world.globex}/meters/public-keys/{key_id(admin.world)}/retirement"
    assert stranger.post(theirs).status_code == 404


@pytest.mark.feature("K-15", "K-28")
def test_a_download_beside_a_change_of_hands_is_whole_or_refused(admin: Person) -> None:
    """Whoever got the key owned the meter, and it is written down at the owner of that moment."""
    world = admin.world
    meters = stock(world, *(f"W{n}" for n in range(8)))
    answers: list[int] = []

    def download(meter: str) -> None:
        answers.append(ask(sign_in(world, "admin@acme.test"), [meter]).status_code)

    def leave(meter: str) -> None:
        with world.portal.app_context(), unscoped("it leaves"):
            chosen = select(Meter.id).where(Meter.public_id == meter).with_for_update()
            ids = list(db.session.scalars(chosen))
            ownership.move(
                select(Meter.id).where(Meter.id.in_(ids)), to_id=world.globex_id, now=utcnow()
            )
            commit()

    for meter in meters:
        both = [threading.Thread(target=do, args=(meter,)) for do in (download, leave)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
    assert set(answers) <= {200, 404, 409}
    assert count(world, KeyReveal, KeyReveal.organisation_id == world.acme_id) + count(
        world, KeyReveal, KeyReveal.organisation_id == world.globex_id
    ) == answers.count(200)
    assert count(world, KeyExport) == 0
