"""P-42, K-20: an organisation brings in devices whose keys it has already: claimed at once, with their own origin."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.cast import Person, World
from tests.imports.conftest import Desk
from tests.meters import make
from tests.meters.delivering import KEY, key, own_csv
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.meters.kinds import ABP, OTAA_11, KeyKind
from webapp.meters.models import Meter, MeterKey, Radio

pytestmark = pytest.mark.feature("P-42", "K-20")


@pytest.fixture
def desk(world: World, admin: Person) -> Desk:
    with world.portal.app_context(), unscoped("product types"):
        make.product_type()
        lorawan = {"radio": Radio.LORAWAN}
        make.product_type("Sensor 1.1", kinds=sorted(OTAA_11), **lorawan)
        make.product_type("Sensor ABP", kinds=sorted(ABP), **lorawan)
        for kind in (KeyKind.AES192, KeyKind.AES256, KeyKind.DES, KeyKind.TDES):
            make.product_type(f"Old {kind}", kinds=[kind], radio=Radio.MBUS)
        commit()
    return Desk(admin, world, "meters")


def with_type(content: str, name: str = "Water meter") -> str:
    lines = content.strip().split("\n")
    return "\n".join([f"product type;{lines[0]}", *(f"{name};{line}" for line in lines[1:])]) + "\n"


def test_they_are_claimed_at_once(desk: Desk) -> None:
    url = desk.bring_in(with_type(own_csv(2)))
    assert desk.state(url) == "committed", desk.faults()
    meters = desk.all(select(Meter).order_by(Meter.serial))
    assert [(m.serial, m.claim_state) for m in meters] == [
        ("W00000", "claimed"),
        ("W00001", "claimed"),
    ]
    assert all(m.claimed_at and m.delivery_id is None for m in meters)
    assert {k.origin for k in desk.all(select(MeterKey))} == {"import"}
    assert all(m.feed_seq for m in meters), "head-ends fetch them"


def test_one_that_another_owns_is_refused_without_a_name(desk: Desk) -> None:
    with desk.world.portal.app_context(), unscoped("a meter of somebody else"):
        make.meter(desk.world.globex_id, "W00000")
        commit()
    url = desk.check(with_type(own_csv(1)))
    assert [f for _l, f, _w in desk.faults()] == ["serial"]
    assert "Globex" not in desk.person.get(url).text


@pytest.mark.parametrize(
    ("name", "columns", "cells", "kinds"),
    [
        (
            "Sensor 1.1",
            "deveui;joineui;appkey;nwkkey",
            f"70B3D5E75E000001;70B3D5E75E00000A;{key(1)};{key(2)}",
            ["app_key", "nwk_key"],
        ),
        (
            "Sensor ABP",
            "deveui;devaddr;nwkskey;appskey",
            f"70B3D5E75E000001;260B1234;{key(1)};{key(2)}",
            ["app_s_key", "nwk_s_key"],
        ),
        ("Old aes192", "serial;aes192", f"O1;{KEY + key(1)[:16]}", ["aes192"]),
        ("Old aes256", "serial;aes256", f"O1;{KEY + key(1)}", ["aes256"]),
        ("Old des", "serial;des", f"O1;{key(3)[:16]}", ["des"]),
        ("Old tdes", "serial;3des", f"O1;{KEY + key(1)[:16]}", ["tdes"]),
    ],
)
def test_each_radio_has_its_kinds(
    desk: Desk, name: str, columns: str, cells: str, kinds: list[str]
) -> None:
    url = desk.bring_in(with_type(f"{columns}\n{cells}\n", name))
    assert desk.state(url) == "committed", desk.faults()
    (meter,) = desk.all(select(Meter))
    assert meter.key_kinds == kinds


@pytest.mark.parametrize(
    ("name", "columns", "cells", "field"),
    [
        (
            "Sensor 1.1",
            "deveui;joineui;appkey",
            f"70B3D5E75E000001;70B3D5E75E00000A;{key(1)}",
            "nwk_key",
        ),
        ("Sensor 1.1", "deveui;appkey;nwkkey", f"70B3D5E75E000001;{key(1)};{key(2)}", "join_eui"),
        ("Sensor ABP", "deveui;nwkskey;appskey", f"70B3D5E75E000001;{key(1)};{key(2)}", "dev_addr"),
        ("Old des", "serial;des", f"O1;{KEY}", "des"),
    ],
)
def test_what_the_type_needs_is_asked(
    desk: Desk, name: str, columns: str, cells: str, field: str
) -> None:
    desk.check(with_type(f"{columns}\n{cells}\n", name))
    assert field in {f for _l, f, _w in desk.faults()}


def test_who_may_not_edit_meters_imports_none(desk: Desk, reader: Person, stranger: Person) -> None:
    assert reader.get(f"{desk.base}/new/meters").status_code == 403
    assert stranger.get(f"{desk.base}/new/meters").status_code == 404


def test_undone_unless_it_was_batched(desk: Desk, portal: Portal) -> None:
    url = desk.bring_in(with_type(own_csv(1)))
    desk.undo(url)
    assert desk.state(url) == "undone"
    with portal.app_context(), unscoped("looking"):
        assert db.session.scalars(select(Meter)).all() == []
