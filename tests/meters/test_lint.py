"""Weak keys: each kind is found, and random ones are left in peace."""

from __future__ import annotations

import hashlib
import random
from datetime import date

import pytest

from tests.meters.vectors import ABSENT, VECTORS
from webapp.meters.envelope import Fingerprints
from webapp.meters.lint import LABELS, Finding, Stock, examine

SERIAL = "76348799"
DEV_EUI = "70B3D57ED0001234"


def findings(text: str, *identifiers: str, made: date | None = None) -> set[str]:
    return {str(found) for found in examine(bytes.fromhex(text), identifiers, made=made)}


@pytest.mark.feature("K-6")
@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("00" * 16, "zero"),
        ("00" * 8, "zero"),
        ("FF" * 16, "repeated"),
        ("11111111111111111111111111111111", "repeated"),
        ("DEADBEEF" * 4, "repeated"),
        ("FEDCBA9876543210FEDCBA9876543210", "repeated"),
        ("0011223344556677" * 3, "repeated"),
        ("000102030405060708090A0B0C0D0E0F", "counting"),
        ("0102030405060708090A0B0C0D0E0F11", "counting"),
        ("0F0E0D0C0B0A09080706050403020100", "counting"),
        ("00112233445566778899AABBCCDDEEFF", "counting"),
        ("CAFEBABE123456789ABCDEF0CAFEBABE", "counting"),
        ("82B0551191F51D66EFCDAB8967452301", "counting"),
        ("12345678901234567890123456789012", "counting"),
        ("0102030405060708", "counting"),
        ("53756D6D65723230323420486F757365", "printable"),
        (b"Pa$$w0rd!2024abc".hex(), "printable"),
        (b"secret12".hex(), "printable"),
        ("76348799" + "A1C3F0997E5D2B4466808F13", "derived"),
        ("A1C3F0997E5D2B44" + "9987347666808F13", "derived"),
        ("A1C3F099" + DEV_EUI + "66808F13", "derived"),
        ("0000000000000000" + DEV_EUI, "derived"),
        (b"\x9a\xf1\x03\x76".hex() + SERIAL.encode().hex() + "F1039A71", "derived"),
        (hashlib.md5(SERIAL.encode()).hexdigest(), "derived"),
        (hashlib.sha256(DEV_EUI.lower().encode()).hexdigest()[:32], "derived"),
        (hashlib.sha1(bytes.fromhex(DEV_EUI)).hexdigest()[:32], "derived"),
        ("20240131" + "00" * 12, "derived"),
        ("20240131235959" + "FF" * 9, "derived"),
        ("A1C3F09920240131" + "7E5D2B4466808F13", "derived"),
    ],
)
def test_weak_keys_are_found(key: str, found: str) -> None:
    assert found in findings(key, SERIAL, DEV_EUI, made=date(2024, 1, 31))


def test_short_serials_count_only_where_they_are_the_whole_key() -> None:
    assert findings("000000000000000000000000000F4711", "F4711") == {"derived"}
    assert findings("A1C3F0997E5D2B44F471166808F13C02", "F4711") == set()


@pytest.mark.feature("K-6")
def test_published_example_keys_are_weak_and_delivered_ones_are_not() -> None:
    keys = {
        row["key"]: row["id"] for row in VECTORS["wmbus_encrypted"] if row["kind"] == "positive"
    }
    if not keys:
        pytest.skip(ABSENT)
    weak = {name for key, name in keys.items() if examine(bytes.fromhex(key))}
    assert weak == {
        "wmbusmeters-01-actislink",
        "wmbusmeters-15-kadenwater",
        "apator162-zero-key",
        "oms-annexN-profileA",
        "oms-annexN-profileB-radio-adapter",
        "amber-longheader",
    }


@pytest.mark.feature("K-6")
@pytest.mark.parametrize("size", [8, 16, 24, 32])
def test_a_hundred_thousand_random_keys_of_every_size_are_left_in_peace(size: int) -> None:
    rolled = random.Random(f"keys of {size}")
    count = 100_000 if size == 16 else 25_000
    wrong = [
        (value.hex(), found)
        for number in range(count)
        if (value := rolled.randbytes(size))
        and (found := examine(value, (f"{number:08d}", f"70B3D57E{number:08X}")))
    ]
    assert wrong == []


@pytest.mark.feature("K-6")
def test_shared_and_reversed_keys_are_found_on_both_devices() -> None:
    prints, stock = Fingerprints(bytes(range(32))), Stock()
    one, two = bytes(range(3, 19)), bytes.fromhex("82B0551191F51D66EFCDAB8967452301")

    def add(device: str, value: bytes) -> list[tuple[str, Finding]]:
        return list(stock.add(device, prints.of(value), prints.of(value[::-1])))

    assert add("A", one) == []
    assert add("B", two) == []
    assert add("B", two) == []
    assert add("C", one) == [("A", Finding.SHARED), ("C", Finding.SHARED)]
    assert add("D", two[::-1]) == [("B", Finding.REVERSED), ("D", Finding.REVERSED)]
    assert add("E", bytes(16)) == []
    assert add("F", bytes(16)) == [("E", Finding.SHARED), ("F", Finding.SHARED)]


def test_every_finding_has_words() -> None:
    assert set(LABELS) == set(Finding)
