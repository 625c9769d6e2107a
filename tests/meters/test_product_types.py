"""Product types and makers in the operator's area (K-3)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tests.cast import Person, World
from tests.meters import make
from tests.meters.desk import put
from webapp.audit.models import AuditRow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.meters.models import Maker, ProductType

pytestmark = pytest.mark.feature("K-3")
AREA = "/operator/meters"


@pytest.fixture
def maker_id(world: World) -> int:
    with world.portal.app_context():
        row = make.maker("INT")
        commit()
        return row.id


def facts(maker: int, **more: Any) -> dict[str, Any]:
    usual = {
        "maker_id": str(maker),
        "name": "TOPAS LoRa W8",
        "medium": "water",
        "radio": "lorawan",
        "key_kinds": ["app_key"],
        "lorawan_version": "MAC_V1_0_3",
        "mode": "",
        "active": "y",
    }
    return {**usual, **more}


def stored(world: World) -> ProductType | None:
    with world.portal.app_context():
        row = db.session.scalars(select(ProductType)).one_or_none()
        if row is not None:
            db.session.expunge_all()
        return row


def test_a_type_is_created_listed_changed_and_put_out_of_use(
    operator: Person, world: World, maker_id: int
) -> None:
    assert operator.post(f"{AREA}/types", data=facts(maker_id)).status_code == 303
    row = stored(world)
    assert row is not None
    assert row.lorawan_version == "1.0.3"
    assert row.key_kinds == ["app_key"]
    assert "TOPAS LoRa W8" in operator.get(f"{AREA}/types?radio=lorawan&maker=INT").text
    url = f"{AREA}/types/{row.public_id}"
    assert "TOPAS LoRa W8" in operator.get(url).text
    changed = facts(maker_id, name="TOPAS W8", version=str(row.version))
    del changed["active"]
    assert operator.post(url, data=changed).status_code == 303
    late = operator.post(url, data=facts(maker_id, version=str(row.version)))
    assert late.status_code == 409
    row = stored(world)
    assert row is not None
    assert (row.name, row.active) == ("TOPAS W8", False)
    assert "TOPAS W8" not in operator.get(f"{AREA}/types?active=1").text
    with world.portal.app_context(), unscoped("the operator's log"):
        events = set(db.session.scalars(select(AuditRow.event)))
    assert {"meters:product_type:created", "meters:product_type:changed"} <= events


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": " "}, "Enter the product"),
        ({"radio": "telepathy"}, "Not a valid choice"),
        ({"key_kinds": ["oms_aes128"]}, "no use for: OMS key"),
        ({"key_kinds": ["nwk_key"]}, "AppKey and NwkKey"),
        ({"key_kinds": []}, "AppKey and NwkKey"),
        ({"lorawan_version": ""}, "which LoRaWAN version"),
        ({"lorawan_version": "9.9"}, "no LoRaWAN version"),
        ({"lorawan_version": "1.1.0"}, "1.0 with AppKey alone"),
        ({"key_kinds": ["app_key", "nwk_key"]}, "LoRaWAN 1.1 goes with"),
        ({"radio": "wmbus", "key_kinds": ["des"], "mode": "7"}, "modes 5 and 7"),
        ({"radio": "mbus", "key_kinds": ["oms_aes128"]}, "no use for"),
        ({"maker_id": "999999"}, "Not a valid choice"),
        ({"maker_id": "x"}, "Choice"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    operator: Person, world: World, maker_id: int, wrong: dict[str, Any], words: str
) -> None:
    answer = operator.post(f"{AREA}/types", data=facts(maker_id, **wrong))
    assert answer.status_code == 422
    assert words in answer.text
    assert stored(world) is None


@pytest.mark.parametrize(
    "right",
    [
        {"key_kinds": ["app_key", "nwk_key"], "lorawan_version": "1.1.0"},
        {"key_kinds": ["nwk_s_key", "app_s_key"], "lorawan_version": "1.0.2"},
        {"radio": "wmbus", "key_kinds": ["oms_aes128"], "mode": "7", "lorawan_version": ""},
        {"radio": "mbus", "key_kinds": [], "medium": "heat", "lorawan_version": ""},
    ],
)
def test_what_fits_is_taken(
    operator: Person, world: World, maker_id: int, right: dict[str, Any]
) -> None:
    assert operator.post(f"{AREA}/types", data=facts(maker_id, **right)).status_code == 303


def test_with_devices_of_it_radio_and_keys_stay(operator: Person, world: World) -> None:
    put(world, "A-1")
    row = stored(world)
    assert row is not None
    url = f"{AREA}/types/{row.public_id}"
    as_is = facts(row.maker_id, name="Water", radio="wmbus", key_kinds=["oms_aes128"], mode="5")
    as_is |= {"version": str(row.version)}
    refused = operator.post(url, data={**as_is, "key_kinds": ["aes128"], "mode": ""})
    assert refused.status_code == 409
    assert "any more" in refused.text
    assert operator.post(url, data=as_is).status_code == 303
    row = stored(world)
    assert row is not None
    assert (row.name, row.mode) == ("Water", 5)


def test_a_name_is_the_maker_s_once(operator: Person, world: World, maker_id: int) -> None:
    operator.post(f"{AREA}/types", data=facts(maker_id))
    twice = operator.post(f"{AREA}/types", data=facts(maker_id, name="topas lora w8"))
    assert twice.status_code == 409
    assert "already" in twice.text


def test_a_double_click_makes_one(operator: Person, world: World, maker_id: int) -> None:
    for _n in range(2):
        answer = operator.post(f"{AREA}/types", data=facts(maker_id, nonce="n" * 22))
        assert answer.status_code == 303
    assert stored(world) is not None


def test_makers_are_created_and_renamed(operator: Person, world: World) -> None:
    made = operator.post(f"{AREA}/makers", data={"code": "kam", "name": "Kamstrup A/S"})
    assert made.status_code == 303
    assert "Kamstrup A/S" in operator.get(f"{AREA}/makers?q=KAM").text
    twice = operator.post(f"{AREA}/makers", data={"code": "KAM", "name": "Other"})
    assert twice.status_code == 409
    for bad in ("K", "K M", "ÄÖÜ", ""):
        assert operator.post(f"{AREA}/makers", data={"code": bad, "name": "x"}).status_code == 422
    url = f"{AREA}/makers/KAM"
    assert operator.get(url).status_code == 200
    assert operator.get(f"{AREA}/makers/XXX").status_code == 404
    renamed = {"code": "KAM", "name": "Kamstrup", "version": "1"}
    assert operator.post(url, data={**renamed, "code": "XXX"}).status_code == 422
    assert operator.post(url, data=renamed).status_code == 303
    assert operator.post(url, data=renamed).status_code == 409
    with world.portal.app_context():
        assert db.session.scalars(select(Maker.name)).all() == ["Kamstrup"]


def test_the_area_is_the_operator_s(admin: Person, world: World, maker_id: int) -> None:
    for rest in ("types", "types/new", "makers", "makers/new", "makers/INT"):
        assert admin.get(f"{AREA}/{rest}").status_code in (403, 404), rest
    assert admin.post(f"{AREA}/types", data=facts(maker_id)).status_code in (403, 404)
    assert stored(world) is None
