"""Keys, serial numbers, radio addresses and QR codes, as people type, paste and scan them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.meters.vectors import VECTORS, named
from webapp.meters import addresses, serials, tr005
from webapp.meters.kinds import ABP, ALGORITHMS, KEY_BYTES, LABELS, KeyKind, KeyTextError, parse_key
from webapp.meters.sentences import SENTENCES, Sentence, SpokenError

KEY = "82B0551191F51D66EFCDAB8967452301"


@pytest.mark.feature("K-20")
def test_every_kind_has_a_length_an_algorithm_and_a_name() -> None:
    assert set(KEY_BYTES) == set(ALGORITHMS) == set(LABELS) == set(KeyKind)
    lengths = {str(kind): size for kind, size in KEY_BYTES.items()}
    assert lengths == {
        "app_key": 16,
        "nwk_key": 16,
        "nwk_s_key": 16,
        "app_s_key": 16,
        "oms_aes128": 16,
        "aes128": 16,
        "aes192": 24,
        "aes256": 32,
        "des": 8,
        "tdes": 24,
    }
    assert (ALGORITHMS[KeyKind.DES], ALGORITHMS[KeyKind.TDES]) == ("DES", "3DES")
    assert {ALGORITHMS[kind] for kind in ABP} == {"AES-128"}


@pytest.mark.feature("K-20")
@pytest.mark.parametrize(
    "text",
    [
        KEY,
        KEY.lower(),
        f"  {KEY}\r\n",
        f"0x{KEY}",
        "-".join(re.findall("..", KEY)),
        ":".join(re.findall("..", KEY)),
        " ".join(re.findall("....", KEY)),
        "82B05511-91F5-1D66-EFCD-AB8967452301",
    ],
)
def test_keys_are_read_with_and_without_separators(text: str) -> None:
    assert parse_key(text, KeyKind.APP_KEY) == bytes.fromhex(KEY)


@pytest.mark.feature("K-20")
@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("", ["key_empty", {"kind": "AppKey"}]),
        (" - ", ["key_empty", {"kind": "AppKey"}]),
        (KEY[:-1], ["key_length", {"kind": "AppKey", "digits": 31, "needed": 32}]),
        (KEY * 2, ["key_length", {"kind": "AppKey", "digits": 64, "needed": 32}]),
        ("O" + KEY[1:], ["key_not_hex", {"kind": "AppKey", "place": 1}]),
        (KEY[:-1] + "g", ["key_not_hex", {"kind": "AppKey", "place": 32}]),
        ("٣" * 32, ["key_not_hex", {"kind": "AppKey", "place": 1}]),
    ],
)
def test_what_is_no_key_is_told_without_being_shown(text: str, stored: list[Any]) -> None:
    with pytest.raises(KeyTextError) as caught:
        parse_key(text, KeyKind.APP_KEY)
    assert caught.value.sentence.as_json() == stored
    assert not text[3:20] or text[3:20] not in str(caught.value) + repr(caught.value)


@given(st.text(max_size=80), st.sampled_from(list(KeyKind)))
def test_any_text_is_a_key_or_a_sentence(text: str, kind: KeyKind) -> None:
    try:
        value = parse_key(text, kind)
    except KeyTextError as error:
        said = str(error)
    else:
        said = "fine"
        assert len(value) == KEY_BYTES[kind]
    assert said


@pytest.mark.feature("K-3")
@pytest.mark.parametrize(
    ("text", "serial"),
    [
        ("abc-1", "ABC-1"),
        ("  76348799\n", "76348799"),
        ("\ufeffM-1", "M-1"),
        ("M\u20131", "M-1"),
        ("\u201eM-1\u201c", "M-1"),
        ("A" * 32, "A" * 32),
    ],
)
def test_serials_are_normalised(text: str, serial: str) -> None:
    assert serials.normalise(text) == serial


@pytest.mark.feature("K-3")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "serial_empty"),
        (" \t", "serial_empty"),
        ("A" * 33, "serial_long"),
        ("A B", "serial_characters"),
        ("straße", "serial_characters"),
        ("ı1", "serial_characters"),
        ("A\x00B", "serial_characters"),
        ("A/B", "serial_characters"),
    ],
)
def test_what_is_no_serial_is_refused(text: str, code: str) -> None:
    with pytest.raises(serials.SerialError) as caught:
        serials.normalise(text)
    assert caught.value.sentence.code == code
    assert "\0" not in str(caught.value)


def test_inner_spaces_go_only_from_a_field_for_one_serial() -> None:
    assert serials.normalise(" 7634 8799 ", single=True) == "76348799"


@pytest.mark.feature("K-11")
def test_a_pasted_list_is_split_at_commas_semicolons_spaces_and_lines() -> None:
    found = serials.read_list('a-1, A-2;A-3\tA-4\r\n\r\n"A-5" a-1\nA_6')
    assert found.serials == ["A-1", "A-2", "A-3", "A-4", "A-5"]
    assert found.duplicates == ["A-1"]
    assert [(fault.line, fault.sentence.code) for fault in found.faults] == [
        (4, "serial_characters")
    ]


@pytest.mark.feature("K-9")
@pytest.mark.parametrize("row", named(VECTORS["lorawan_qr_tr005"], "data"))
def test_published_codes(row: dict[str, Any]) -> None:
    if not row["valid"]:
        with pytest.raises(SpokenError):
            tr005.parse(row["data"])
        return
    code = tr005.parse(row["data"])
    assert code.canonical == row.get("canonical", row["data"])
    if "dev_eui" in row:
        assert (code.join_eui, code.dev_eui) == (row["join_eui"], row["dev_eui"])
        assert (code.vendor_id, code.model_id) == (row["vendor_id"], row["model_id"])


@pytest.mark.feature("K-9")
def test_a_code_with_everything_in_it() -> None:
    text = " lw:d0:1122334455667788:aabbccddeeff0011:01af0042:OAABBCC:SM-4711:PX:C1F2A \n"
    code = tr005.parse(text)
    assert (code.owner_token, code.serial, code.proprietary) == ("AABBCC", "M-4711", "X")
    assert code.dev_eui == "AABBCCDDEEFF0011"
    assert tr005.scanned(text) == code
    assert tr005.scanned(" m-47 11 ") == "M-4711"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("http://example.org", "tr005_prefix"),
        ("LW:D0:1122334455667788:AABBCCDDEEFF0011", "tr005_parts"),
        ("LW:D0:1122334455667788:AABBCCDDEEFF00XX:01AF0042", "eui"),
        ("LW:D0:1122334455667788:AABBCCDDEEFF0011:01AF", "tr005_profile"),
        ("LW:D0:" + "1" * 600, "tr005_long"),
    ],
)
def test_broken_codes_are_refused(text: str, code: str) -> None:
    with pytest.raises(SpokenError) as caught:
        tr005.parse(text)
    assert caught.value.sentence.code == code


@given(st.text(max_size=120))
def test_any_scan_is_a_code_a_serial_or_a_sentence(text: str) -> None:
    try:
        said = str(tr005.scanned(text))
    except SpokenError as error:
        said = str(error)
    assert said


def test_makers_codes_go_both_ways() -> None:
    assert addresses.maker_of(0x2C2D) == "KAM"
    assert addresses.maker_bytes("kam") == bytes.fromhex("2D2C")
    assert addresses.maker_of(int.from_bytes(addresses.maker_bytes("ZZZ"), "little")) == "ZZZ"


def test_addresses_are_read_in_any_dress() -> None:
    assert addresses.eui("70-b3-d5-7e-d0-00-12-34") == "70B3D57ED0001234"
    assert addresses.dev_addr("26 01 1a 2b") == "26011A2B"
    assert addresses.mbus_id("4711") == "00004711"
    assert addresses.mbus_byte("0x1b", name="version") == 0x1B
    assert addresses.lorawan_version("MAC_V1_0_3") == addresses.lorawan_version("1.0.3") == "1.0.3"
    for call, text in (
        (addresses.eui, "70B3D57ED000123"),
        (addresses.dev_addr, "2601"),
        (addresses.mbus_id, "123456789"),
        (addresses.mbus_id, ""),
        (addresses.mbus_maker, "KA"),
        (addresses.lorawan_version, "2.0"),
    ):
        with pytest.raises(addresses.AddressError) as caught:
            call(text)  # type: ignore[operator]
        assert str(caught.value)


def test_every_sentence_can_be_stored_and_said_again() -> None:
    class Anything(dict[str, str]):
        def __missing__(self, key: str) -> str:
            return "x"

    for code in SENTENCES:
        sentence = Sentence(code, Anything())
        assert str(sentence)
        assert Sentence.from_json(sentence.as_json()).code == code
