"""Captured telegrams against public vectors, and against everything that people paste instead."""

from __future__ import annotations

import base64
import time
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.meters.vectors import VECTORS, named, needed
from webapp.meters.kinds import KeyKind
from webapp.meters.telegrams import (
    JoinRequest,
    TelegramError,
    Verdict,
    WmbusTelegram,
    describe,
    fitting,
    prove,
    read,
    read_bytes,
    read_upload,
    status,
)
from webapp.meters.telegrams.frames import Format

needed()
ENCRYPTED = VECTORS["wmbus_encrypted"]
POSITIVE = [row for row in ENCRYPTED if row["kind"] == "positive"]
NEGATIVE = [row for row in ENCRYPTED if row["kind"] == "negative"]
JOINS = [row for row in VECTORS["lorawan"] if row["type"] == "join_request_mic"]
PLAIN_ELF = next(row for row in POSITIVE if row["id"] == "wmbusmeters-07-elf2")
OMS_A = next(row for row in POSITIVE if row["id"] == "oms-annexN-profileA")
OMS_B = next(row for row in POSITIVE if row["id"] == "oms-annexN-profileB-radio-adapter")
MULTICAL = next(row for row in POSITIVE if row["id"] == "kamstrup-multical21-full")

at = datetime.fromisoformat

READINGS: dict[str, list[tuple[str, int, object]]] = {
    "wmbusmeters-01-actislink": [("volume", 0, "1")],
    "wmbusmeters-03-caltose": [
        ("hca", 0, "225"),
        ("hca", 1, "99"),
        ("hca", 8, "203"),
        ("date", 1, date(2026, 1, 1)),
        ("date", 8, date(2026, 2, 1)),
    ],
    "wmbusmeters-05-caltose": [("hca", 0, "339"), ("hca", 1, "627"), ("hca", 8, "272")],
    "wmbusmeters-07-elf2": [
        ("energy", 0, "144"),
        ("energy", 0, "1"),
        ("energy", 1, "72"),
        ("volume", 0, "17.856"),
        ("volume", 0, "1.576"),
        ("volume", 0, "0.002"),
        ("power", 0, "0"),
        ("volume_flow", 0, "0"),
        ("flow_temperature", 0, "22.5"),
        ("return_temperature", 0, "22.6"),
        ("datetime", 0, at("2025-10-15 14:39")),
        ("error_flags", 0, "0"),
    ],
    "wmbusmeters-09-fhkvdataiv": [
        ("hca", 0, "2"),
        ("hca", 1, "25"),
        ("date", 1, date(2020, 12, 31)),
        ("date", 8, date(2019, 10, 31)),
    ],
    "wmbusmeters-11-kaden": [
        ("fabrication", 0, "23800604"),
        ("hca", 0, "0"),
        ("hca", 1, "3"),
        ("external_temperature", 0, "19.6"),
        ("flow_temperature", 0, "19.7"),
        ("datetime", 0, at("2026-02-09 04:01")),
        ("date", 1, date(2127, 1, 1)),
    ],
    "wmbusmeters-13-kadenwater": [
        ("volume", 0, "81.0976"),
        ("volume", 0, "0.0096"),
        ("volume_flow", 0, "1.715"),
        ("fabrication", 0, "19228217"),
        ("datetime", 0, at("2026-06-13 19:36")),
    ],
    "wmbusmeters-15-kadenwater": [("volume", 0, "94.6123"), ("volume_flow", 0, "0.859")],
    "wmbusmeters-17-picoflux": [
        ("volume", 0, "4.492"),
        ("datetime", 0, at("2026-02-09 08:57")),
    ],
    "wmbusmeters-19-picoflux": [("volume", 0, "4.492")],
    "wmbusmeters-21-unismart": [
        ("fabrication", 0, "03162296"),
        ("volume", 0, "917"),
        ("volume", 1, "911.32"),
        ("datetime", 0, at("2021-09-15 13:18")),
        ("datetime", 1, at("2021-09-01 06:00")),
    ],
    "wmbusmeters-23-waterstarm": [
        ("volume", 0, "0.106"),
        ("datetime", 0, at("2020-07-30 10:40")),
    ],
    "kamstrup-multical21-full": [
        ("volume", 0, "6.408"),
        ("volume", 1, "6.408"),
        ("flow_temperature", 1, "127"),
        ("external_temperature", 1, "19"),
    ],
    "apator162-zero-key": [],
    "oms-annexN-profileA": [
        ("volume", 0, "28504.27"),
        ("datetime", 0, at("2008-05-31 23:50")),
        ("error_flags", 0, "0"),
    ],
    "oms-annexN-profileB-radio-adapter": [
        ("volume", 0, "28504.27"),
        ("datetime", 0, at("2008-05-31 23:50")),
        ("error_flags", 0, "0"),
    ],
    "jmbus-kamstrup-hopbit": [("volume", 0, "474.24"), ("volume", 1, "473.247")],
    "amber-longheader": [("identification", 0, "AMBER wireless Testmodul! S Mode")],
    "engelmann-waterstar-15-months": [("volume", 0, "4.48"), ("volume", 4, "0.018")],
}
"""From `expected` of each vector: quantity, storage number, value."""


def wmbus(text: str) -> WmbusTelegram:
    telegram = read(text)
    assert isinstance(telegram, WmbusTelegram)
    return telegram


def refused(text: str) -> str:
    with pytest.raises(TelegramError) as caught:
        read(text)
    return caught.value.sentence.code


def other(key: str) -> bytes:
    """The key with one bit changed."""
    raw = bytearray.fromhex(key)
    raw[-1] ^= 1
    return bytes(raw)


@pytest.mark.feature("K-25")
@pytest.mark.parametrize("row", named(ENCRYPTED))
def test_a_telegram_says_whose_it_is(row: dict[str, Any]) -> None:
    telegram = wmbus(row["telegram"])
    address = telegram.address
    assert (address.maker, address.id) == (row["manufacturer"], row["meter_id"])
    assert (f"{address.version:02X}", f"{address.medium:02X}") == (
        row["version"],
        row["device_type"],
    )
    assert telegram.sender.maker == row["dll_manufacturer"]
    assert (telegram.format is Format.A) == (row["frame"] == "A_with_dll_crc")


@pytest.mark.feature("K-25")
@pytest.mark.parametrize("row", named(POSITIVE))
def test_the_right_key_opens_it_and_shows_the_readings(row: dict[str, Any]) -> None:
    proof = prove(wmbus(row["telegram"]), bytes.fromhex(row["key"]))
    assert proof.verdict is Verdict.OPENS
    plain = bytes.fromhex(row["plaintext"] + row.get("unencrypted_tail", ""))
    assert plain.endswith(proof.plain)
    assert len(plain) - len(proof.plain) == (2 if row["security_mode"].startswith("ELL") else 0)
    found = [(str(r.quantity), r.storage, _comparable(r.value)) for r in proof.records]
    for quantity, storage, value in READINGS[row["id"]]:
        assert (quantity, storage, _comparable(value)) in found


def _comparable(value: object) -> object:
    if isinstance(value, datetime):
        return value.replace(second=0)
    if isinstance(value, date) or value is None:
        return value
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return value


@pytest.mark.feature("K-25")
@pytest.mark.parametrize("row", named(POSITIVE))
def test_one_bit_changed_in_the_key_is_a_wrong_key(row: dict[str, Any]) -> None:
    changed = bytearray.fromhex(row["key"])
    changed[0] ^= 0x10
    proof = prove(wmbus(row["telegram"]), bytes(changed))
    assert proof.verdict is Verdict.WRONG_KEY
    assert not proof.records
    assert not proof.plain


@pytest.mark.feature("K-25")
@pytest.mark.parametrize("row", named(NEGATIVE))
def test_the_published_wrong_keys_are_refused(row: dict[str, Any]) -> None:
    proof = prove(wmbus(row["telegram"]), bytes.fromhex(row["key"]))
    assert proof.verdict is Verdict.WRONG_KEY
    assert proof.reason.code == ("wrong_mac" if "MAC" in row["expected"]["must"] else "wrong_key")


@pytest.mark.feature("K-25")
@pytest.mark.parametrize("row", named(VECTORS["wmbus_plain_by_brand"], "driver"))
def test_addresses_of_eleven_brands(row: dict[str, Any]) -> None:
    """Also those whose source has decrypted them already: their header is as sent."""
    telegram = wmbus(row["telegram"])
    sender = telegram.sender
    assert (sender.maker, sender.id) == (row["manufacturer"], row["meter_id"])
    assert (f"{sender.version:02X}", f"{sender.medium:02X}") == (row["version"], row["device_type"])
    proof = prove(telegram, bytes(16))
    unsupported = row["driver"] == "sharky"  # its security mode 0x15 is the maker's own
    assert proof.verdict is (Verdict.UNSUPPORTED if unsupported else Verdict.NOT_ENCRYPTED)


def test_readings_of_telegrams_in_clear_are_shown_too() -> None:
    row = next(r for r in VECTORS["wmbus_plain_by_brand"] if r["driver"] == "supercal")
    values = {
        r.quantity: r.value for r in prove(wmbus(row["telegram"]), b"").records if not r.storage
    }
    assert values["energy"] == Decimal(296)
    assert values["power"] == Decimal("3.14")
    assert values["return_temperature"] == Decimal("31.14")


def test_large_numbers_are_written_out() -> None:
    row = next(r for r in VECTORS["wmbus_plain_by_brand"] if r["driver"] == "kamheat")
    energies = [str(r.value) for r in prove(wmbus(row["telegram"]), b"").records if r.unit == "MJ"]
    assert energies == ["42930", "42420"]


@pytest.mark.feature("K-25")
@pytest.mark.parametrize("row", named(JOINS))
def test_a_join_request_names_its_device_and_shows_whose_key_signed_it(row: dict[str, Any]) -> None:
    for text in (
        row["phy_payload"],
        row["phy_payload"].upper(),
        base64.b64encode(bytes.fromhex(row["phy_payload"])).decode(),
    ):
        request = read(text)
        assert isinstance(request, JoinRequest)
        assert (request.join_eui, request.dev_eui) == (row["join_eui"], row["dev_eui"])
        assert request.dev_nonce == row["dev_nonce"]
        proof = prove(request, bytes.fromhex(row["key"]))
        assert proof.verdict is (Verdict.OPENS if row["valid"] else Verdict.WRONG_KEY)
        assert prove(request, other(row["key"])).verdict is Verdict.WRONG_KEY


@pytest.mark.feature("K-25")
def test_other_lorawan_messages_are_told_apart() -> None:
    rows = {row["id"]: row for row in VECTORS["lorawan"]}
    assert refused(rows["brocaar-ja"]["encrypted"]) == "lorawan_join_accept"
    assert refused(rows["lora-packet-ja-mic"]["phy_payload"]) == "lorawan_join_accept"
    assert refused(rows["brocaar-rejoin1"]["phy_payload"]) == "lorawan_other"
    assert refused(rows["lora-packet-data-2a3518af"]["phy_payload"]) == "lorawan_other"
    assert refused(rows["brocaar-jr"]["phy_payload"][:-2]) == "telegram_short"
    assert refused(rows["brocaar-jr"]["phy_payload"] + "00") == "lorawan_other"


def crc16_en13757(data: bytes) -> bytes:
    """Bit by bit, from the standard's polynomial; shares nothing with the code under test."""
    remainder = 0
    for byte in data:
        for bit in range(7, -1, -1):
            top = remainder >> 15 & 1
            remainder = (remainder << 1) & 0xFFFF
            if top ^ (byte >> bit & 1):
                remainder ^= 0x3D65
    return (remainder ^ 0xFFFF).to_bytes(2, "big")


def as_frame_a(plain: bytes) -> bytes:
    blocks = [plain[:10], *(plain[i : i + 16] for i in range(10, len(plain), 16))]
    return b"".join(block + crc16_en13757(block) for block in blocks)


def as_frame_b(plain: bytes) -> bytes:
    count = 1 if len(plain) <= 126 else 2
    body = bytes([plain[0] + 2 * count]) + plain[1:]
    blocks = [body[i : i + 126] for i in range(0, len(body), 126)]
    return b"".join(block + crc16_en13757(block) for block in blocks)


@pytest.mark.feature("K-25")
@pytest.mark.parametrize("row", named([r for r in POSITIVE if r["frame"] == "no_dll_crc"]))
def test_frames_with_check_sums_read_the_same(row: dict[str, Any]) -> None:
    """The same telegrams as they were on the air, in format A and B."""
    plain = bytes.fromhex(row["telegram"])
    for framed, form in ((as_frame_a(plain), Format.A), (as_frame_b(plain), Format.B)):
        telegram = read_bytes(framed)
        assert isinstance(telegram, WmbusTelegram)
        assert telegram.format is form
        assert telegram.address.id == row["meter_id"]
        assert prove(telegram, bytes.fromhex(row["key"])).opens


def test_a_damaged_block_is_named() -> None:
    damaged = bytearray.fromhex(OMS_A["telegram"])
    damaged[40] ^= 0x01
    with pytest.raises(TelegramError) as caught:
        read(damaged.hex())
    assert caught.value.sentence.as_json() == ["telegram_crc", {"block": 3}]
    assert "Block 3" in str(caught.value)


@pytest.mark.parametrize(
    "dress",
    [
        "{0}",
        " {0}\r\n",
        "telegram=|{0}|+12",
        "0x{0}",
        "T1;1;1;2025-10-15 14:39:02.000;97;148;24271170;0x{0}",
        '"{0}"',
    ],
)
def test_receivers_dress_telegrams_in_many_ways(dress: str) -> None:
    assert wmbus(dress.format(PLAIN_ELF["telegram"])).address.id == "24271170"


def test_hexadecimal_may_be_spaced_out_and_in_lower_case() -> None:
    spaced = " ".join(f"{byte:02x}" for byte in bytes.fromhex(PLAIN_ELF["telegram"]))
    assert wmbus(spaced).address.id == "24271170"
    assert wmbus(spaced.replace(" ", ":")).address.id == "24271170"
    assert wmbus("\n".join(spaced.split(" "))).address.id == "24271170"
    assert (
        wmbus(base64.b64encode(bytes.fromhex(PLAIN_ELF["telegram"])).decode()).address.maker
        == "APA"
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "telegram_empty"),
        ("  \n", "telegram_empty"),
        ("the meter in the cellar", "telegram_unreadable"),
        ("äöü", "telegram_unreadable"),
        ("2E44", "telegram_short"),
        ("A" * 5000, "telegram_long"),
        ("68 0F 0F 68 08 01 72 78 56 34 12 24 40 01 07 55 00 00 00 9D 16", "telegram_wired"),
        (PLAIN_ELF["telegram"][:-20], "telegram_cut"),
        (PLAIN_ELF["telegram"] + "00" * 3, "telegram_over"),
        ("0C" + PLAIN_ELF["telegram"][2:26], "telegram_header"),
    ],
)
def test_what_is_no_telegram_is_refused_with_the_reason(text: str, code: str) -> None:
    assert refused(text) == code


def test_a_telegram_that_announces_more_blocks_than_it_has_is_refused() -> None:
    raw = bytearray.fromhex(PLAIN_ELF["telegram"])
    raw[13] = 0xF0
    assert refused(raw.hex()) == "blocks_missing"


@pytest.mark.parametrize(
    ("mode", "verdict"), [(8, "unsupported"), (13, "unsupported"), (4, "unsupported")]
)
def test_security_modes_that_cannot_be_checked_say_so(mode: int, verdict: str) -> None:
    raw = bytearray.fromhex(PLAIN_ELF["telegram"])
    raw[14] = raw[14] & 0xE0 | mode
    proof = prove(wmbus(raw.hex()), bytes.fromhex(PLAIN_ELF["key"]))
    assert (proof.verdict, proof.reason.code) == (verdict, "mode_unsupported")
    assert str(mode) in str(proof.reason)


def test_a_changed_byte_breaks_the_signature_of_mode_7() -> None:
    plain = bytearray(_strip_a(bytes.fromhex(OMS_B["telegram"])))
    plain[-1] ^= 1
    proof = prove(wmbus(bytes(plain).hex()), bytes.fromhex(OMS_B["key"]))
    assert (proof.verdict, proof.reason.code) == ("wrong_key", "wrong_mac")


def _strip_a(raw: bytes) -> bytes:
    first, rest = raw[:10], raw[12:]
    return first + b"".join(rest[i : i + 18][:-2] for i in range(0, len(rest), 18))


def test_mode_7_without_its_counter_or_in_parts_is_not_judged() -> None:
    plain = _strip_a(bytes.fromhex(OMS_B["telegram"]))
    key = bytes.fromhex(OMS_B["key"])
    start = plain.index(bytes.fromhex("900F002C"))
    fragmented = bytearray(plain)
    fragmented[start + 3] |= 0x40
    assert prove(wmbus(fragmented.hex()), key).reason.code == "afl_fragment"
    without = bytes([plain[0] - 17]) + plain[1:start] + plain[start + 17 :]
    assert prove(wmbus(without.hex()), key).reason.code == "afl_missing"


def test_keys_of_the_wrong_size_are_named() -> None:
    proof = prove(wmbus(PLAIN_ELF["telegram"]), bytes(32))
    assert (proof.verdict, proof.reason.params) == ("wrong_key", {"needed": 16, "bytes": 32})
    join = read(JOINS[0]["phy_payload"])
    assert prove(join, bytes(24)).verdict is Verdict.WRONG_KEY


def test_a_telegram_of_the_link_layer_that_is_in_clear_is_checked_by_its_sum() -> None:
    raw = bytearray.fromhex(MULTICAL["telegram"])
    plain = bytes.fromhex(MULTICAL["plaintext"])
    raw[17:] = plain
    assert prove(wmbus(raw.hex()), bytes(16)).verdict is Verdict.NOT_ENCRYPTED
    raw[16] &= 0x1F  # says itself that nothing is encrypted
    proof = prove(wmbus(raw.hex()), bytes(16))
    assert proof.verdict is Verdict.NOT_ENCRYPTED
    assert proof.records
    raw[-1] ^= 1
    assert refused(raw.hex()) == "telegram_ell_crc"


@pytest.mark.feature("K-25")
def test_nothing_said_of_a_telegram_holds_the_key() -> None:
    for row in ENCRYPTED:
        key = bytes.fromhex(row["key"])
        telegram = wmbus(row["telegram"])
        proof = prove(telegram, key)
        said = repr(telegram) + repr(proof) + str(proof.reason) + repr(proof.reason.as_json())
        if key.strip(b"\0"):
            assert row["key"].lower() not in said.lower()
            assert repr(key) not in said


@given(st.binary(max_size=300), st.binary(max_size=33))
@settings(max_examples=400, deadline=None)
def test_any_bytes_give_an_answer(raw: bytes, key: bytes) -> None:
    _answer(raw, key)


VALID = [bytes.fromhex(row["telegram"]) for row in ENCRYPTED]


@given(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6),
    st.sampled_from([bytes.fromhex(row["key"]) for row in ENCRYPTED]),
)
@settings(max_examples=400, deadline=None)
def test_damaged_telegrams_give_an_answer(
    raw: bytes, changes: list[tuple[int, int]], key: bytes
) -> None:
    damaged = bytearray(raw)
    for place, byte in changes:
        damaged[place % len(damaged)] = byte
    _answer(bytes(damaged), key)


@given(st.binary(max_size=200))
@settings(max_examples=400, deadline=None)
@example(bytes.fromhex("8d1f"))
@example(bytes.fromhex("0d13e0"))
@example(bytes.fromhex("fcff"))
@example(b"\x05\x13" + b"\xff" * 4)
def test_any_records_are_decoded_or_noted(content: bytes) -> None:
    raw = bytes([len(content) + 10]) + bytes.fromhex("442D2C9987347601077800")[:10] + content
    _answer(raw[:1] + raw[1:10] + b"\x78" + content, b"")


def _answer(raw: bytes, key: bytes) -> None:
    started = time.process_time()
    try:
        proof = prove(read_bytes(raw), key)
    except TelegramError as error:
        said = str(error)
    else:
        said = str(proof.reason)
        for record in proof.records:
            assert record.label
            str(record.value)
    assert said
    assert time.process_time() - started < 1


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_an_answer(text: str) -> None:
    try:
        said = repr(read(text))
    except TelegramError as error:
        said = str(error)
    assert said


@pytest.mark.feature("K-25")
def test_the_header_is_described_for_a_page() -> None:
    lines = dict(describe(wmbus(OMS_B["telegram"])))
    assert lines["Maker's code"] == "ELS"
    assert lines["M-Bus number"] == "12345678"
    assert lines["M-Bus medium"] == "Gas (03)"
    assert lines["Sent by"] == "RAD 11223344 03 37"
    assert lines["Encryption"] == "security mode 7"
    assert "Status" not in lines
    low = next(row for row in POSITIVE if row["id"] == "wmbusmeters-23-waterstarm")
    assert dict(describe(wmbus(low["telegram"])))["Status"] == "Low battery"
    assert "counter mode" in dict(describe(wmbus(MULTICAL["telegram"])))["Encryption"]
    join = dict(describe(read(JOINS[0]["phy_payload"])))
    assert (join["DevEUI"], join["JoinEUI"]) == ("0203040502030405", "0102030401020304")


@pytest.mark.feature("K-25")
def test_the_keys_that_could_fit_are_picked_by_the_telegram() -> None:
    every, join = set(KeyKind), read(JOINS[0]["phy_payload"])
    assert fitting(join, every) == [KeyKind.NWK_KEY]
    assert fitting(join, every - {KeyKind.NWK_KEY}) == [KeyKind.APP_KEY]
    assert fitting(join, {KeyKind.DES}) == []
    assert fitting(wmbus(POSITIVE[0]["telegram"]), every) == [KeyKind.DES]
    for row in (OMS_A, OMS_B, MULTICAL):
        assert fitting(wmbus(row["telegram"]), every) == [KeyKind.OMS_AES128, KeyKind.AES128]


def test_every_bit_of_the_status_has_words() -> None:
    assert status.words(None) == status.words(0) == []
    assert status.words(0x03) == ["The meter reports an alarm"]
    assert status.words(0x1D)[1:] == ["Low battery", "Permanent error", "Temporary error"]
    assert status.words(0xA0) == ["The maker's own status: A0"]


@pytest.mark.feature("K-25")
def test_an_uploaded_file_may_hold_text_or_the_bytes_themselves() -> None:
    raw = bytes.fromhex(PLAIN_ELF["telegram"])
    for content in (
        raw,
        raw.hex().encode(),
        raw.hex(" ").encode() + b"\r\n",
        base64.b64encode(raw),
    ):
        telegram = read_upload(content)
        assert isinstance(telegram, WmbusTelegram)
        assert telegram.address.id == "24271170"
    for content, code in (
        (b"", "telegram_empty"),
        (b"hello", "telegram_unreadable"),
        (b"hello you", "telegram_unreadable"),
    ):
        with pytest.raises(TelegramError) as caught:
            read_upload(content)
        assert caught.value.sentence.code == code
