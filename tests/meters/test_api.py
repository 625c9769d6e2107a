"""Meters and keys as programs read them (K-26)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.api.programs import MakeProgram, Program, make_program, program
from tests.cast import Person, World, sign_in
from tests.meters import make
from tests.meters.test_downloads import (
    KEY,
    broken_table,
    deposit,
    key_id,
    opened,
    receiver_pair,
    stock,
)
from webapp.audit.models import AuditRow
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import scope, unscoped
from webapp.meters import claims, codes, ownership
from webapp.meters.kinds import KeyKind, Slot
from webapp.meters.models import ClaimState, KeyReveal, Meter
from webapp.orgs.permissions import Permission

__all__ = ["make_program", "program"]

pytestmark = pytest.mark.feature("K-26")


def announced(world: World, *serials: str, **more: Any) -> list[str]:
    """Claimed meters of Acme that stand in the feed."""
    found = stock(world, *serials, **more)
    with world.portal.app_context(), unscoped("a test's feed"):
        ids = list(db.session.scalars(select(Meter.id).where(Meter.public_id.in_(found))))
        ownership.announce(ids, organisation_id=world.acme_id)
        commit()
    return found


def everything(program: Program, limit: int = 100, after: int = 0) -> tuple[list[Any], int]:
    """All pages of the feed from a position on."""
    found: list[Any] = []
    while True:
        answer = program.get(f"/meters/keys?after={after}&limit={limit}")
        assert answer.status_code == 200, answer.text
        assert answer.json
        found += answer.json["meters"]
        after = answer.json["last"]
        if not answer.json["more"]:
            return found, after


def reveals(world: World) -> int:
    with world.portal.app_context(), unscoped("counting"):
        return db.session.scalar(select(func.count()).select_from(KeyReveal)) or 0


def test_meters_are_listed_by_serial_in_pages(program: Program) -> None:
    stock(program.world, *(f"W{n:02d}" for n in range(7)))
    found, url = [], "/api/v1/meters?limit=3"
    while url:
        page = program.call("GET", url).json
        assert page
        found += [meter["serial"] for meter in page["meters"]]
        url = (page["next"] or "").removeprefix("http://localhost")
    assert found == [f"W{n:02d}" for n in range(7)]


def test_filters_narrow(program: Program) -> None:
    stock(program.world, "W1", "W2", batch="ACME-1")
    stock(program.world, "U1", state=ClaimState.UNCLAIMED, first=9)

    def serials(query: str) -> list[str]:
        page = program.get(f"/meters?{query}").json
        assert page
        return [meter["serial"] for meter in page["meters"]]

    assert serials("claim_state=unclaimed") == ["U1"]
    assert serials("claim_state=unclaimed&claim_state=claimed") == ["U1", "W1", "W2"]
    assert serials("serial=w2") == ["W2"]
    assert serials("batch_reference=ACME-1") == ["W1", "W2"]
    assert serials("dev_eui=0000000000000000") == []


@pytest.mark.parametrize(
    "query",
    [
        "keys?after=-1",
        "keys?limit=0",
        "keys?limit=201",
        "keys?public_key=1",
        "?claim_state=x",
        "?x=1",
    ],
)
def test_bad_parameters_are_refused(program: Program, query: str) -> None:
    assert program.get(f"/meters/{query}".replace("/?", "?")).status_code == 422


def test_one_meter_says_which_keys_it_has_and_no_value(program: Program) -> None:
    (meter,) = stock(program.world, "W1")
    answer = program.get(f"/meters/{meter}")
    assert answer.json
    assert answer.json["keys"] == ["oms_aes128"]
    assert answer.json["mbus_id"] == "76348799"
    assert KEY.hex() not in answer.text.lower()
    again = program.get(f"/meters/{meter}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_what_is_delivered_is_claimed_and_then_in_the_feed(program: Program) -> None:
    (meter,) = stock(program.world, "W1", state=ClaimState.UNCLAIMED)
    assert everything(program) == ([], 0)
    for _ in range(2):
        answer = program.post(f"/meters/{meter}/claims")
        assert answer.status_code == 201
        assert answer.json
        assert answer.json["claim_state"] == "claimed"
    found, _last = everything(program)
    assert [m["keys"] for m in found] == [{"oms_aes128": KEY.hex().upper()}]


def test_a_pending_one_says_why(program: Program) -> None:
    (meter,) = stock(program.world, "W1", state=ClaimState.PENDING)
    answer = program.post(f"/meters/{meter}/claims")
    assert answer.status_code == 409
    assert "pending" in answer.text


@pytest.mark.feature("K-9")
def test_a_label_claims_and_a_wrong_code_tells_nothing(program: Program) -> None:
    world = program.world
    with world.portal.app_context(), unscoped("a labelled meter of Globex"):
        meter = make.meter(world.globex_id, "W9", state=ClaimState.UNCLAIMED)
        codes.renew([meter.id])
        db.session.refresh(meter)
        code = codes.code_of(meter)
        commit()
    wrong = program.post("/meters/claims", {"serial": "W9", "code": "AAAA-AAAA"})
    unknown = program.post("/meters/claims", {"serial": "W8", "code": "AAAA-AAAA"})
    assert wrong.status_code == unknown.status_code == 422
    assert wrong.json == unknown.json
    right = program.post("/meters/claims", {"serial": " w9 ", "code": code})
    assert right.status_code == 201, right.text
    assert program.post("/meters/claims", {"serial": "$", "code": "x"}).status_code == 422


def test_the_feed_brings_each_key_once_and_what_changed_again(program: Program) -> None:
    world = program.world
    meters = announced(world, *(f"W{n}" for n in range(5)))
    found, last = everything(program, limit=2)
    assert len({m["id"] for m in found}) == len(found) == 5
    assert everything(program, after=last) == ([], last)
    new = bytes(range(16))
    with world.portal.app_context(), unscoped("an exchanged key"):
        row = db.session.scalars(select(Meter).where(Meter.public_id == meters[2])).one()
        make.add_key(row, KeyKind.OMS_AES128, new, Slot.OPERATING)
        ownership.announce([row.id], organisation_id=world.acme_id)
        commit()
    changed, newest = everything(program, after=last)
    assert [(m["id"], m["keys"]["oms_aes128"]) for m in changed] == [(meters[2], new.hex().upper())]
    assert newest > last


@pytest.mark.feature("K-28")
def test_what_a_program_fetched_is_written_down(program: Program) -> None:
    announced(program.world, "W1", "W2")
    everything(program)
    with program.world.portal.app_context(), unscoped("the log"):
        kinds = set(db.session.execute(select(KeyReveal.by_kind, KeyReveal.form)).tuples())
        row = db.session.scalars(
            select(AuditRow).where(AuditRow.event == "meters:key:revealed")
        ).one()
    assert kinds == {("api_token", "api")}
    assert row.payload["detail"]["serials"] == ["W1", "W2"]


@pytest.mark.feature("K-28")
def test_an_unchanged_page_opens_and_notes_nothing(program: Program) -> None:
    announced(program.world, "W1")
    first = program.get("/meters/keys")
    assert reveals(program.world) == 1
    again = program.get("/meters/keys", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert reveals(program.world) == 1
    announced(program.world, "W2", first=5)
    changed = program.get("/meters/keys", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


@pytest.mark.feature("K-28")
@pytest.mark.parametrize("model", [AuditRow, KeyReveal])
def test_what_cannot_be_written_down_is_not_answered(program: Program, model: Any) -> None:
    announced(program.world, "W1")
    with broken_table(program.world, model.__tablename__):
        answer = program.get("/meters/keys")
    assert answer.status_code >= 500
    assert KEY.hex() not in answer.text.lower()


@pytest.mark.feature("K-10")
def test_unclaimed_pending_and_others_keys_are_in_no_feed(
    program: Program, make_program: MakeProgram
) -> None:
    for number, state in enumerate((ClaimState.UNCLAIMED, ClaimState.PENDING)):
        announced(program.world, f"S{number}", state=state, first=20 + number)
    announced(program.world, "W1")
    assert [m["serial"] for m in everything(program)[0]] == ["W1"]
    assert everything(make_program(maker="admin@globex.test")) == ([], 0)


@pytest.mark.feature("K-15")
def test_after_a_change_of_hands_only_the_new_owner_gets_it(
    program: Program, make_program: MakeProgram
) -> None:
    world = program.world
    (meter,) = announced(world, "W1")
    with world.portal.app_context(), unscoped("W1 leaves"):
        chosen = select(Meter.id).where(Meter.public_id == meter)
        ownership.move(chosen, to_id=world.globex_id, now=utcnow())
        commit()
    assert everything(program)[0] == []
    assert program.get(f"/meters/{meter}").status_code == 404
    found, _last = everything(make_program(maker="admin@globex.test"))
    assert [m["serial"] for m in found] == ["W1"]


@pytest.mark.feature("K-27")
def test_keys_come_encrypted_where_it_is_required_or_asked(program: Program) -> None:
    world = program.world
    private, pem = receiver_pair()
    admin: Person = sign_in(world, "admin@acme.test")
    announced(world, "W1")
    deposit(admin, pem)
    assert everything(program)[0][0]["keys"]
    asked = program.get(f"/meters/keys?public_key={key_id(world)}").json
    assert asked
    assert "keys" not in asked["meters"][0]
    admin.post(
        f"/o/{world.acme}/meters/public-keys/{key_id(world)}/requirement", {"required": "yes"}
    )
    forced = program.get("/meters/keys")
    assert forced.json
    assert KEY.hex() not in forced.text.lower()
    inside = json.loads(opened(forced.json["meters"][0]["jwe"], private))
    assert inside["keys"]["oms_aes128"] == KEY.hex().upper()
    assert program.get("/meters/keys?public_key=abcdefghjkmn").status_code == 422


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("/meters", Permission.KEYS_DOWNLOAD),
        ("/meters/keys", Permission.METERS_READ),
    ],
)
def test_a_token_needs_the_permission(
    make_program: MakeProgram, path: str, permission: Permission
) -> None:
    answer = make_program(permission).get(path)
    assert answer.status_code == 403
    assert answer.json
    assert answer.json["code"] == "not_permitted"


def test_a_reader_s_token_gets_no_keys(make_program: MakeProgram) -> None:
    program = make_program(maker="reader@acme.test")
    announced(program.world, "W1")
    assert program.get("/meters").status_code == 200
    assert program.get("/meters/keys").status_code == 403


def test_claims_that_come_in_while_somebody_reads_are_not_missed(program: Program) -> None:
    """Two claim at once; whoever reads on from `last` has them all in the end."""
    import threading

    world = program.world
    stock(world, *(f"W{n:02d}" for n in range(40)), state=ClaimState.UNCLAIMED)
    with world.portal.app_context(), unscoped("ids"):
        ids = list(db.session.scalars(select(Meter.id)))

    def claim(some: list[int]) -> None:
        with (
            world.portal.app_context(),
            scope(world.acme_id),
            acting_as(Principal(Actor.JOB, None, "test", org=world.acme_id)),
        ):
            for meter_id in some:
                claims.claim([meter_id], organisation_id=world.acme_id, now=utcnow())
                commit()

    threads = [threading.Thread(target=claim, args=(ids[n::2],)) for n in range(2)]
    for thread in threads:
        thread.start()
    found, last = [], 0
    while any(thread.is_alive() for thread in threads):
        some, last = everything(program, limit=5, after=last)
        found += some
    found += everything(program, after=last)[0]
    assert sorted(m["serial"] for m in found) == [f"W{n:02d}" for n in range(40)]
