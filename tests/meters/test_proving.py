"""Prove a key (K-25): which of one's claimed devices a telegram is from, and whether the stored key opens it."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.cast import Person, World
from tests.meters import make
from webapp.audit.models import AuditRow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.meters import proving
from webapp.meters.kinds import KeyKind, Slot
from webapp.meters.models import ClaimState, KeyReveal, Radio

pytestmark = pytest.mark.feature("K-25")

# OMS specification, volume 2, annex N: gas meter, security mode 5.
GAS = (
    "2E44931578563412330333637A2A0020255923C95AAA26D1B2E7493BC2AD013EC4A6F6D3529B520EDFF0EA6DEFC955B2"
    "9D6D69EBF3EC8A"
)
GAS_KEY = bytes.fromhex("0102030405060708090A0B0C0D0E0F11")
DEV_EUI, JOIN_EUI = "70B3D5499E100001", "70B3D5499E100000"
APP_KEY = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")


def join_request(key: bytes = APP_KEY) -> bytes:
    signed = b"\x00" + bytes.fromhex(JOIN_EUI)[::-1] + bytes.fromhex(DEV_EUI)[::-1] + b"\x07\x00"
    signer = CMAC(AES(key))
    signer.update(signed)
    return signed + signer.finalize()[:4]


def gas_meter(world: World, key: bytes = GAS_KEY, **more: Any) -> None:
    with world.portal.app_context(), unscoped("a test's meter"):
        make.meter(
            more.pop("org", world.acme_id),
            more.pop("serial", "GAS-1"),
            keys={KeyKind.OMS_AES128: key},
            mbus_maker="ELS",
            mbus_id="12345678",
            mbus_version=0x33,
            mbus_medium=0x03,
            **more,
        )
        commit()


def lora_meter(world: World, key: bytes = APP_KEY) -> None:
    with world.portal.app_context(), unscoped("a test's meter"):
        module = make.product_type("Module", radio=Radio.LORAWAN, kinds=[KeyKind.APP_KEY])
        make.meter(
            world.acme_id,
            "L1",
            of_type=module,
            keys={KeyKind.APP_KEY: key},
            dev_eui=DEV_EUI,
            join_eui=JOIN_EUI,
        )
        commit()


def attempt(person: Person, telegrams: str = "", **more: Any) -> TestResponse:
    org = person.world.globex if person.email == "admin@globex.test" else person.world.acme
    return person.post(f"/o/{org}/meters/proof", {"telegrams": telegrams, **more})


def test_the_right_key_opens_and_shows_the_readings(admin: Person) -> None:
    gas_meter(admin.world)
    answer = attempt(admin, GAS)
    assert answer.status_code == 200
    assert "The key opens the telegram." in answer.text
    assert "GAS-1" in answer.text
    assert "28504.27" in answer.text.replace(",", ""), "the volume of annex N"
    assert GAS_KEY.hex() not in answer.text.lower()


def test_another_key_does_not(admin: Person) -> None:
    gas_meter(admin.world, bytes(range(16)))
    assert "This key does not open the telegram." in attempt(admin, GAS).text


def test_the_operating_key_is_the_one_that_is_tried(admin: Person) -> None:
    with admin.world.portal.app_context(), unscoped("an exchanged key"):
        meter = make.meter(
            admin.world.acme_id,
            "GAS-1",
            keys={KeyKind.OMS_AES128: bytes(range(16))},
            mbus_maker="ELS",
            mbus_id="12345678",
        )
        make.add_key(meter, KeyKind.OMS_AES128, GAS_KEY, Slot.OPERATING)
        commit()
    assert "The key opens the telegram." in attempt(admin, GAS).text


@pytest.mark.parametrize("encode", [bytes.hex, lambda raw: base64.b64encode(raw).decode()])
def test_a_join_request_is_proved_in_hex_and_base64(admin: Person, encode: Any) -> None:
    lora_meter(admin.world)
    answer = attempt(admin, encode(join_request()))
    assert "The key signed this join request." in answer.text
    assert DEV_EUI in answer.text
    wrong = attempt(admin, encode(join_request(bytes(16))))
    assert "did not sign" in wrong.text


@pytest.mark.parametrize("state", [ClaimState.UNCLAIMED, ClaimState.PENDING])
def test_only_claimed_devices_are_tried(admin: Person, state: ClaimState) -> None:
    gas_meter(admin.world, state=state)
    answer = attempt(admin, GAS)
    assert "This is none of your claimed devices." in answer.text
    assert "GAS-1" not in answer.text


def test_nobody_else_s_device_is_told_of(stranger: Person) -> None:
    gas_meter(stranger.world)
    answer = attempt(stranger, GAS)
    assert "This is none of your claimed devices." in answer.text
    assert "GAS-1" not in answer.text


def test_several_telegrams_are_tried_at_once_pasted_or_from_a_file(admin: Person) -> None:
    gas_meter(admin.world)
    lora_meter(admin.world)
    lines = f"{GAS}\r\n\r\n{join_request().hex()}\nno telegram!\n"
    for answer in (
        attempt(admin, lines),
        attempt(admin, file=(io.BytesIO(lines.encode()), "capture.txt")),
    ):
        assert "The key opens the telegram." in answer.text
        assert "The key signed this join request." in answer.text
        assert "neither hexadecimal nor base64" in answer.text


def test_a_telegram_broken_over_lines_is_one(admin: Person) -> None:
    gas_meter(admin.world)
    assert "The key opens the telegram." in attempt(admin, f"{GAS[:30]}\n{GAS[30:]}").text


def test_a_file_of_bytes_is_read(admin: Person) -> None:
    gas_meter(admin.world)
    answer = attempt(admin, file=(io.BytesIO(bytes.fromhex(GAS)), "telegram.bin"))
    assert "The key opens the telegram." in answer.text


def test_it_is_written_down_without_content(admin: Person) -> None:
    gas_meter(admin.world)
    attempt(admin, GAS)
    with admin.world.portal.app_context(), unscoped("the log"):
        row = db.session.scalars(
            select(AuditRow).where(AuditRow.event == "meters:key:proved")
        ).one()
        assert row.payload["detail"]["opened"] == 1
        assert GAS[20:40] not in str(row.payload)
        assert db.session.scalar(select(func.count()).select_from(KeyReveal)) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Paste a telegram"),
        ("\n".join(["00"] * 201), "At most 200 telegrams"),
        ("%%%", "neither hexadecimal nor base64"),
        ("00", "too short"),
    ],
)
def test_bad_input_is_answered_in_words(admin: Person, text: str, words: str) -> None:
    answer = attempt(admin, text)
    assert answer.status_code in (200, 422)
    assert words in answer.text


def test_a_large_file_is_refused(admin: Person) -> None:
    answer = attempt(admin, file=(io.BytesIO(b"a" * (proving.LARGEST_FILE + 2)), "x.txt"))
    assert answer.status_code == 422
    assert "too large" in answer.text


def test_trying_is_throttled(admin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "BY_PERSON", proving.Limit("prove-key", 2, 600))
    assert [attempt(admin, "00").status_code for _ in range(3)] == [200, 200, 429]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=300))
def test_any_bytes_are_answered(ground: Any, raw: bytes) -> None:
    with unscoped("any bytes"):
        for text, upload in ((raw.decode("latin-1"), b""), ("", raw), (raw.hex(), b"")):
            if text.strip() or upload:
                found = proving.telegrams_in(text or "00", upload)
                assert found
