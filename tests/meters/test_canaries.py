"""A thousand known keys go through every flow, and are then looked for everywhere (K-22).

A flow that handles keys is added to `FLOWS`; what people or programs are given on purpose is not searched.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import make_url, select, text
from werkzeug.test import TestResponse

from tests.api.programs import MakeProgram, make_program
from tests.cast import Person, World, sign_in
from tests.meters.canary import Canaries
from tests.meters.conftest import deal
from tests.meters.dealing import Dealings
from tests.meters.delivering import Dock, dock_of, kem, tts_csv, tts_json
from tests.meters.test_downloads import PLAIN, deposit, key_id, receiver_pair, work_off
from webapp.core.db import db
from webapp.core.drains import run as run_drain
from webapp.core.files import File
from webapp.core.tenancy import unscoped
from webapp.launcher.services import Postgres
from webapp.meters import opening
from webapp.meters.downloads import jobs
from webapp.meters.formats import FORMATS
from webapp.meters.models import ClaimState, Meter

__all__ = ["deal", "make_program"]

pytestmark = pytest.mark.feature("K-22")

DEVICES = 960
EACH = 10


@dataclass
class Stage:
    """Who acts, the keys, and what was answered: pages, not the files that were asked for."""

    world: World
    dock: Dock
    deal: Dealings
    make_program: MakeProgram
    keys: list[bytes] = field(default_factory=list)
    pages: list[bytes] = field(default_factory=list)

    @property
    def admin(self) -> Person:
        return sign_in(self.world, "admin@acme.test")

    def new_key(self) -> str:
        self.keys.append(os.urandom(16))
        return self.keys[-1].hex().upper()

    def seen(self, answer: TestResponse, *statuses: int) -> TestResponse:
        assert answer.status_code in (statuses or (200, 303)), (
            answer.request.path,
            answer.text[-1500:],
        )
        self.pages.append(answer.data + str(answer.headers).encode())
        return answer

    def meters(self, *states: ClaimState) -> list[Meter]:
        wanted = select(Meter).where(Meter.claim_state.in_(states or list(ClaimState)))
        return self.dock.all(
            wanted.where(Meter.organisation_id == self.world.acme_id).order_by(Meter.id)
        )


def delivered(stage: Stage) -> None:
    """In every format, pages of preview and report included."""
    lines = [f"W{n:05};{10_000_000 + n:08};{stage.new_key()}" for n in range(DEVICES)]
    content = "\n".join(["serial;mbus id;oms key", *lines])
    url = stage.dock.check(content)
    stage.seen(stage.dock.person.get(url))
    assert stage.dock.commit(url).status_code == 303
    stage.dock.work()
    stage.seen(stage.dock.person.get(url))
    euis = [(f"70B3D549AA{n:06X}", stage.new_key()) for n in range(2 * EACH)]
    stage.dock.deliver(tts_csv(euis[:EACH]), format="tts_csv", product_type=stage.dock.sensor)
    stage.dock.deliver(tts_json(euis[EACH:]), format="tts_json", product_type=stage.dock.sensor)
    devices = [(f"{20_000_000 + n:08}", stage.new_key()) for n in range(EACH)]
    stage.dock.deliver(kem(devices), format="kem", password="77665544")
    rows = "\r\n".join(f"KAM;{30_000_000 + n:08};{stage.new_key()}" for n in range(EACH))
    stage.dock.deliver(rows, format="man_id_key")


def refused_deliveries(stage: Stage) -> None:
    """What is wrong is named by place, never by value: too short, not hexadecimal, twice, weak, no table at all."""
    good = stage.new_key()
    lines = [
        f"F1;40000001;{stage.new_key()[:30]}",
        f"F2;40000002;{stage.new_key()[:-1]}G",
        f"F3;40000003;{good}",
        f"F3;40000003;{good}",
        f"F4;;{stage.new_key()}",
        f"{stage.new_key()};40000005;",
    ]
    stage.keys = stage.keys[:-1]  # a key in the column of serial numbers is a serial number to us
    url = stage.dock.check("\n".join(["serial;mbus id;oms key", *lines[:-1]]))
    stage.seen(stage.dock.person.get(url))
    assert stage.dock.row(url).faulty
    stage.seen(stage.dock.upload(f"junk \x00 {stage.new_key()}"), 200, 303, 422)
    stage.seen(
        stage.dock.upload(kem([("50000001", stage.new_key())]), format="kem", password="no"),
        200,
        303,
        422,
    )


def claimed(stage: Stage) -> None:
    meters = [meter.id for meter in stage.meters(ClaimState.UNCLAIMED)]
    from webapp.core.clock import utcnow
    from webapp.meters import claims

    with stage.deal.at(stage.world.acme_id):
        claims.claim(meters[EACH:], organisation_id=stage.world.acme_id, now=utcnow())


def looked_at(stage: Stage) -> None:
    """Pages of devices, histories, the log and its export, what search finds."""
    org, meter = stage.world.acme, stage.meters(ClaimState.CLAIMED)[0].public_id
    for path in (
        "meters/",
        f"meters/{meter}",
        f"meters/{meter}/history",
        f"meters/{meter}/reveals",
        "audit",
    ):
        stage.seen(stage.admin.get(f"/o/{org}/{path}"))
    stage.seen(stage.admin.get(f"/o/{org}/meters/?format=csv"))
    stage.seen(stage.admin.get(f"/o/{org}/audit?format=csv"))


def exchanged(stage: Stage) -> None:
    """Typed right, typed wrong, without a fresh proof."""
    meter = stage.meters(ClaimState.CLAIMED)[0].public_id
    url = f"/o/{stage.world.acme}/meters/{meter}/keys/exchanges"
    for value in (stage.new_key(), stage.new_key()[:-2], stage.new_key() + "XY"):
        stage.seen(stage.admin.post(url, {"kind": "oms_aes128", "value": value}), 303, 422)
    stale = stage.admin
    with stage.world.portal.app_context():
        with db.engine.begin() as connection:
            connection.execute(
                text("UPDATE user_sessions SET proved_at = now() - interval '1 hour'")
            )
    stage.seen(stale.post(url, {"kind": "oms_aes128", "value": stage.new_key()}), 303, 403, 422)


def downloaded(stage: Stage) -> None:
    """In every format at once and by a job; refused ones as well."""
    url = f"/o/{stage.world.acme}/meters/downloads"
    ids = {
        "chirpstack_application_id": "a",
        "chirpstack_profile_id": "b",
        "thingpark_model_id": "c",
    }
    some = [meter.public_id for meter in stage.meters(ClaimState.CLAIMED)[:5]]
    stage.seen(stage.admin.get(f"{url}/new"))
    for form in FORMATS:
        for chosen in (some[:1], some):
            answer = stage.admin.post(url, {**PLAIN, **ids, "format": form, "meter": chosen})
            if answer.status_code != 200:
                stage.seen(answer, 303, 422)
    closed = stage.meters(ClaimState.UNCLAIMED)[0].public_id
    stage.seen(stage.admin.post(url, {**PLAIN, "meter": closed}), 409)
    work_off(stage.world)
    with stage.world.portal.app_context(), unscoped("the files"):
        files = db.session.scalars(select(File.public_id).where(File.kind == jobs.KIND)).all()
    assert files
    for file in files:
        assert stage.admin.get(f"/o/{stage.world.acme}/downloads/{file}").status_code == 200
    stage.seen(stage.admin.get(f"/o/{stage.world.acme}/downloads/"))


def encrypted(stage: Stage) -> None:
    """What goes to the receiver is searched like a page: nothing of it is in clear."""
    _private, pem = receiver_pair()
    stage.seen(deposit(stage.admin, pem))
    some = [meter.public_id for meter in stage.meters(ClaimState.CLAIMED)[:3]]
    for protection in ("file", "devices"):
        fields = {**PLAIN, "protection": protection, "receiver": key_id(stage.world)}
        stage.seen(
            stage.admin.post(
                f"/o/{stage.world.acme}/meters/downloads", {**fields, "meter": some[0]}
            )
        )
    program = stage.make_program()
    stage.seen(program.get(f"/meters/keys?public_key={key_id(stage.world)}&limit=5"))


def proved(stage: Stage) -> None:
    """With telegrams, and with a key pasted by mistake."""
    url = f"/o/{stage.world.acme}/meters/proof"
    telegram = "2E4493157856341233033363" + "7A2A002025" + os.urandom(32).hex()
    stage.seen(stage.admin.post(url, {"telegrams": telegram}))
    own = stage.meters(ClaimState.CLAIMED)[1]
    number = bytes.fromhex(str(own.mbus_id))[::-1].hex()
    mine = f"2E442D2C{number}1B167A2A002025" + os.urandom(32).hex()
    stage.seen(stage.admin.post(url, {"telegrams": mine}))
    stage.seen(stage.admin.post(url, {"file": (io.BytesIO(bytes.fromhex(mine)), "t.bin")}))


def fetched_by_programs(stage: Stage) -> None:
    program = stage.make_program()
    assert program.get("/meters/keys?limit=200").status_code == 200
    stage.seen(program.get("/meters?limit=200"))
    stage.seen(program.get("/meters/keys?limit=0"), 422)
    stage.seen(program.post("/meters/claims", {"serial": "W00001", "code": "AAAAAAAA"}), 422)


def handed_on(stage: Stage) -> None:
    """A batch to Globex with its mails, taken, sealed anew."""
    serials = [meter.serial for meter in stage.meters(ClaimState.CLAIMED)[EACH : 2 * EACH]]
    batch = stage.deal.issue(*serials, duty=False)
    stage.deal.act(stage.world.globex_id, "take", batch)
    work_off(stage.world)


def broken_inside(stage: Stage) -> None:
    """Errors with values in hand: the log that can't be written, a value that was moved."""
    from tests.meters.test_downloads import broken_table
    from webapp.meters.models import KeyReveal

    meters = stage.meters(ClaimState.CLAIMED)
    url = f"/o/{stage.world.acme}/meters/downloads"
    with broken_table(stage.world, KeyReveal.__tablename__):
        stage.seen(stage.admin.post(url, {**PLAIN, "meter": meters[3].public_id}), 500, 503)
    with stage.world.portal.app_context(), db.engine.begin() as connection:
        connection.execute(
            text("UPDATE meter_keys SET nonce = reverse(nonce) WHERE meter_id = :id"),
            {"id": meters[-1].id},
        )
    stage.world.portal.config["PROPAGATE_EXCEPTIONS"] = False
    stage.seen(stage.admin.post(url, {**PLAIN, "meter": meters[-1].public_id}), 500, 503, 422)
    stage.world.portal.config["PROPAGATE_EXCEPTIONS"] = None


def rotated(stage: Stage) -> None:
    result = stage.world.portal.test_cli_runner().invoke(args=["keys", "rotate-data", "ACME"])
    stage.pages.append(result.output.encode())
    result = stage.world.portal.test_cli_runner().invoke(args=["keys", "status"])
    stage.pages.append(result.output.encode())


FLOWS: list[Callable[[Stage], None]] = [
    delivered,
    refused_deliveries,
    claimed,
    looked_at,
    exchanged,
    downloaded,
    encrypted,
    proved,
    fetched_by_programs,
    handed_on,
    rotated,
    broken_inside,
]


def test_no_key_is_anywhere_in_clear(
    world: World,
    operator: Person,
    deal: Dealings,
    make_program: MakeProgram,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    postgres: Postgres,
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    caplog.set_level(logging.DEBUG)
    stage = Stage(world, dock_of(operator, world), deal, make_program)
    for flow in FLOWS:
        flow(stage)
    with world.portal.app_context(), unscoped("mails go out"):
        run_drain("mail")
    assert len(stage.keys) > 1_000
    assert_they_are_there(stage)
    canaries = Canaries(stage.keys)
    out, err = capfd.readouterr()
    canaries.search("logs", caplog.text.encode() + out.encode() + err.encode())
    for page in stage.pages:
        canaries.search("pages", page)
    search_database(canaries, world, postgres)
    search_redis(canaries, world)
    search_files(canaries, tmp_path)
    search_files(canaries, Path(world.portal.extensions["settings"].data_dir))
    assert canaries.found == []
    assert all(canaries.searched[place] for place in ("logs", "pages", "database"))


def assert_they_are_there(stage: Stage) -> None:
    """Without them the search would find nothing, and mean nothing."""
    with stage.world.portal.app_context(), unscoped("what opens"):
        ids = list(db.session.scalars(select(Meter.id).order_by(Meter.id).limit(500)))
        stored = {v for keys in opening.current_values(ids).values() for v in keys.values()}
    assert len(stored & set(stage.keys)) >= 490


def search_database(canaries: Canaries, world: World, postgres: Postgres) -> None:
    """As a backup has it: bytes stand in it as hexadecimal."""
    url = make_url(world.portal.extensions["settings"].database_url)
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    program = Path(postgres.bin) / "pg_dump"
    done = subprocess.run(
        [program, "--format=plain", "--data-only", "--dbname", plain],
        capture_output=True,
        check=True,
    )
    dump = done.stdout
    assert b"COPY public.meter_keys" in dump
    canaries.search("database", dump)


def search_redis(canaries: Canaries, world: World) -> None:
    redis: Redis = world.portal.extensions["redis"]
    for key in redis.scan_iter():
        canaries.search("redis", bytes(key) + (redis.dump(key) or b""))


def search_files(canaries: Canaries, folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            canaries.search("files", path.read_bytes())


@pytest.mark.parametrize(
    "dress",
    [
        lambda key: key,
        lambda key: key.hex().encode(),
        lambda key: key.hex().upper().encode(),
        lambda key: key.hex("-").upper().encode(),
        lambda key: key.hex(":").encode(),
        lambda key: b"\\\\x00ff" + key.hex().encode(),
        lambda key: base64.b64encode(key),
        lambda key: base64.urlsafe_b64encode(b"a" + key),
        lambda key: base64.b64encode(b"ab" + key),
        lambda key: json.dumps({"key": key.hex()}).encode(),
    ],
)
def test_the_search_finds_a_key_in_this_dress(dress: Callable[[bytes], bytes]) -> None:
    key = os.urandom(16)
    canaries = Canaries([os.urandom(16), key])
    canaries.search("here", b"before " + dress(key) + b" after")
    assert canaries.found
    canaries.found.clear()
    canaries.search("there", b"before " + dress(os.urandom(16)) + b" after")
    assert canaries.found == []
