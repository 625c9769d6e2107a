"""Files of deliveries and serial numbers: every format, every encoding, and what people rename to .csv."""

from __future__ import annotations

import base64
import io
import json
import random
import re
import resource
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Iterator
from typing import IO, Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.meters.vectors import VECTORS, needed
from webapp.meters.kinds import KeyKind
from webapp.meters.reading import tables
from webapp.meters.reading.deliveries import LABELS, DeliveryFormat, preview, read
from webapp.meters.reading.fields import suggest
from webapp.meters.reading.rows import DeviceRow, FileError, Found, RowFault
from webapp.meters.reading.serial_files import ALL_CELLS, ColumnNeeded, read_serials

needed()
FIXTURES = {row["name"]: row["text"] for row in VECTORS["import_fixtures"]}
KEM = VECTORS["kem_envelope_constructed"]
APP_KEY = "82B0551191F51D66EFCDAB8967452301"
OWN = f"Serial number;DevEUI;JoinEUI;AppKey\r\nM-1;70B3D57ED0000001;70B3D57ED0000000;{APP_KEY}\r\n"
MAPPING = {"serial": 0, "dev_eui": 1, "join_eui": 2, "app_key": 3}


def file(content: str | bytes, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO(content if isinstance(content, bytes) else content.encode(encoding))


def own(content: str | bytes, **more: Any) -> list[Found]:
    return list(read(file(content), DeliveryFormat.OWN_CSV, mapping=MAPPING, **more))


def device(found: list[Found]) -> DeviceRow:
    assert len(found) == 1
    assert isinstance(found[0], DeviceRow)
    return found[0]


def refused(rows: Iterator[Found] | Any) -> str:
    with pytest.raises(FileError) as caught:
        list(rows)
    assert str(caught.value)
    return caught.value.sentence.code


@pytest.mark.feature("K-4")
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_our_csv_in_any_encoding_and_with_any_line_ends(encoding: str, end: str) -> None:
    text = OWN.replace("Serial number", "Zählernummer").replace("\r\n", end)
    found = device(own(text.encode(encoding)))
    assert (found.serial, found.dev_eui, found.line) == ("M-1", "70B3D57ED0000001", 2)
    assert found.keys == {KeyKind.APP_KEY: bytes.fromhex(APP_KEY)}


@pytest.mark.feature("K-4")
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("form", ["{0}", '"{0}"', " {0} ", '" {0}"'])
def test_our_csv_with_any_delimiter_and_quotes(delimiter: str, form: str) -> None:
    cells = ["m-1", "70-b3-d5-7e-d0-00-00-01", "70:B3:D5:7E:D0:00:00:00", APP_KEY.lower()]
    heading = delimiter.join(["Serial number", "DevEUI", "JoinEUI", "AppKey"])
    text = f"{heading}\n{delimiter.join(form.format(cell) for cell in cells)}{delimiter * 3}\n\n"
    found = device(own(text))
    assert (found.serial, found.join_eui) == ("M-1", "70B3D57ED0000000")


def test_a_line_that_names_the_delimiter_is_obeyed() -> None:
    found = device(own("sep=|\r\n" + OWN.replace(";", "|")))
    assert (found.serial, found.line) == ("M-1", 3)


@pytest.mark.feature("K-4")
def test_columns_are_mapped_by_hand_with_values_for_all_rows() -> None:
    text = f"a;b;c\n12345678;x;{APP_KEY}\n;y;{APP_KEY}\n"
    rows = list(
        read(
            file(text),
            DeliveryFormat.OWN_CSV,
            mapping={"mbus_id": 0, "oms_aes128": 2},
            defaults={"mbus_maker": "kam", "mbus_version": "1B", "mbus_medium": "16"},
        )
    )
    first, second = rows
    assert isinstance(first, DeviceRow)
    assert (first.mbus_maker, first.mbus_version, first.mbus_medium) == ("KAM", 0x1B, 0x16)
    assert first.serial == "12345678"
    assert isinstance(second, RowFault)
    assert second.sentence.code == "row_no_identity"


@pytest.mark.feature("K-4")
def test_every_fault_of_a_row_is_named_with_line_column_and_serial() -> None:
    text = "Serial number;DevEUI;JoinEUI;AppKey\n" + "\n".join(
        [
            f"M-1;70B3D57ED000000;70B3D57ED0000000;{APP_KEY}",
            f"M-2;70B3D57ED0000001;70B3D57ED0000000;{APP_KEY[:-2]}",
            "M-3;70B3D57ED0000001;xyz;zz" + APP_KEY[2:],
            "M-4;70B3D57ED0000001;70B3D57ED0000000;",
            f"M 5;70B3D57ED0000001;70B3D57ED0000000;{APP_KEY}",
        ]
    )
    found = [
        (f.line, f.column, f.sentence.code, f.serial) for f in own(text) if isinstance(f, RowFault)
    ]
    assert found == [
        (2, "DevEUI", "eui", "M-1"),
        (3, "AppKey", "key_length", "M-2"),
        (4, "JoinEUI", "eui", "M-3"),
        (4, "AppKey", "key_not_hex", "M-3"),
        (5, "", "row_no_key", "M-4"),
        (6, "Serial number", "serial_characters", "70B3D57ED0000001"),
    ]


@pytest.mark.feature("K-22")
def test_no_fault_and_no_row_shows_a_key() -> None:
    for bad in (APP_KEY[:-2], APP_KEY + "00", "zz" + APP_KEY[2:]):
        text = OWN.replace(APP_KEY, bad)
        for found in own(text):
            assert isinstance(found, RowFault)
            assert bad[4:20] not in repr(found) + str(found.sentence)
    good = device(own(OWN))
    assert APP_KEY.lower() not in repr(good).lower()
    assert repr(bytes.fromhex(APP_KEY)) not in repr(good)


def test_a_mapping_that_does_not_fit_is_refused() -> None:
    def bad(mapping: dict[str, int]) -> str:
        return refused(read(file(OWN), DeliveryFormat.OWN_CSV, mapping=mapping))

    assert bad({"app_key": 3}) == "file_mapping"
    assert bad({"serial": 0, "colour": 1}) == "file_mapping"
    assert bad({"serial": 0, "app_key": 9}) == "file_mapping_column"


@pytest.mark.feature("K-4")
def test_the_preview_proposes_a_mapping_by_the_heading() -> None:
    header, rows, mapping = preview(file(OWN))
    assert header == ["Serial number", "DevEUI", "JoinEUI", "AppKey"]
    assert mapping == MAPPING
    assert len(rows) == 1
    words = [
        "Hersteller",
        "Zählernummer",
        "Generation",
        "Medium",
        "AES-Key",
        "Bemerkung",
        "serial_no",
    ]
    assert suggest(words) == {
        "mbus_maker": 0,
        "mbus_id": 1,
        "mbus_version": 2,
        "mbus_medium": 3,
        "oms_aes128": 4,
        "serial": 6,
    }


@pytest.mark.feature("K-4")
def test_the_things_stack_csv_with_all_columns() -> None:
    rows = list(read(file(FIXTURES["all_columns.csv"]), DeliveryFormat.TTS_CSV))
    assert [row.serial for row in rows] == ["1" * 16, "2" * 16, "3" * 16]
    first = rows[0]
    assert isinstance(first, DeviceRow)
    assert (first.join_eui, first.dev_addr, first.name) == ("1" * 16, "01020304", "Device 1")
    assert (first.lorawan_version, first.lorawan_phy_version) == ("1.0.4", "RP002_V1_0_3")
    assert first.frequency_plan_id == "EU_863_870_TTN"
    assert set(first.keys) == {
        KeyKind.APP_KEY,
        KeyKind.NWK_KEY,
        KeyKind.APP_S_KEY,
        KeyKind.NWK_S_KEY,
    }
    assert first.keys[KeyKind.APP_KEY] == b"\x11" * 16


@pytest.mark.feature("K-4")
def test_the_things_stack_csv_with_commas() -> None:
    rows = list(read(file(FIXTURES["comma_separated.csv"]), DeliveryFormat.TTS_CSV))
    assert [len(row.keys) for row in rows if isinstance(row, DeviceRow)] == [2, 2, 2]


def test_the_things_stack_csv_without_keys_names_the_device_without_one() -> None:
    for name, serial in (
        ("generate_device_id.csv", "111111111111111A"),
        ("with_version_id.csv", "1111111111111111"),
    ):
        (found,) = read(file(FIXTURES[name]), DeliveryFormat.TTS_CSV)
        assert isinstance(found, RowFault)
        assert (found.sentence.code, found.serial) == ("row_no_key", serial)
    assert refused(read(file("id;name\na;b\n"), DeliveryFormat.TTS_CSV)) == "file_column_missing"


def tts_device(number: int, **more: Any) -> dict[str, Any]:
    eui = f"70B3D57E{number:08X}"
    return {
        "ids": {"device_id": f"eui-{eui.lower()}", "dev_eui": eui, "join_eui": "0" * 15 + "1"},
        "name": f"Device {number}",
        "lorawan_version": "MAC_V1_1",
        "lorawan_phy_version": "PHY_V1_1_REV_B",
        "frequency_plan_id": "EU_863_870_TTN",
        "supports_join": True,
        "root_keys": {"app_key": {"key": APP_KEY}, "nwk_key": {"key": APP_KEY[::-1]}},
        **more,
    }


@pytest.mark.feature("K-4")
@pytest.mark.parametrize("form", ["stream", "lines", "list", "pretty"])
def test_the_things_stack_json(form: str) -> None:
    devices = [tts_device(number) for number in range(3000)]
    text = {
        "stream": "".join(map(json.dumps, devices)),
        "lines": "\n".join(map(json.dumps, devices)),
        "list": json.dumps(devices),
        "pretty": "\n".join(json.dumps(d, indent=2) for d in devices),
    }[form]
    rows = list(read(file(text), DeliveryFormat.TTS_JSON))
    assert len(rows) == 3000
    last = rows[-1]
    assert isinstance(last, DeviceRow)
    assert (last.dev_eui, last.lorawan_version) == ("70B3D57E00000BB7", "1.1")
    assert last.keys[KeyKind.NWK_KEY] == bytes.fromhex(APP_KEY[::-1])
    lines = {"lines": 3000, "pretty": 2999 * len(json.dumps(devices[0], indent=2).splitlines()) + 1}
    assert last.line == lines.get(form, 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"ids": {"dev_eui": "70B3D57E00000BB7"', "json_broken"),
        ("hello", "json_broken"),
        (json.dumps(tts_device(1)) + "}", "json_broken"),
        ("[]", "file_no_rows"),
        ("[" * 100_000, "file_no_rows"),
        ('{"a":' * 60_000, "json_large"),
        ('{"a": "' + "x" * 400_000, "json_large"),
    ],
)
def test_json_that_is_none_is_refused(text: str, code: str) -> None:
    assert refused(read(file(text), DeliveryFormat.TTS_JSON)) == code


def test_objects_that_are_no_devices_are_named() -> None:
    text = json.dumps(
        [1, {"ids": 3}, {"ids": {"dev_eui": 5}}, tts_device(1, name=7), tts_device(2)]
    )
    found = list(read(file(text), DeliveryFormat.TTS_JSON))
    codes = [f.sentence.code for f in found if isinstance(f, RowFault)]
    assert codes == ["json_object", "json_object", "json_text", "json_text"]
    assert isinstance(found[-1], DeviceRow)


@pytest.mark.feature("K-4")
def test_lists_of_maker_number_and_key() -> None:
    rows = list(read(file(FIXTURES["eddi24_keys.txt"]), DeliveryFormat.MAN_ID_KEY))
    found = [(r.mbus_maker, r.mbus_id, r.serial) for r in rows if isinstance(r, DeviceRow)]
    assert found == [
        ("AAA", "00000000", "00000000"),
        ("BBB", "11111111", "11111111"),
        ("CCC", "22222222", "22222222"),
    ]
    short = list(
        read(file(f"4711;{APP_KEY}"), DeliveryFormat.MAN_ID_KEY, defaults={"mbus_maker": "KAM"})
    )
    assert device(short).mbus_id == "00004711"


def test_lines_of_such_a_list_that_name_no_device_are_faults() -> None:
    text = f"{APP_KEY}\n4711;{APP_KEY}\nKAM;1;{APP_KEY};x\nK4M;12345678;{APP_KEY}\n"
    found = list(read(file(text), DeliveryFormat.MAN_ID_KEY))
    assert [f.sentence.code for f in found if isinstance(f, RowFault)] == [
        "row_no_number",
        "row_cells",
        "row_cells",
        "mbus_maker",
    ]


def kem(inner: str, password: str = "0310482W", method: str = "aes128-cbc") -> str:
    """Encrypts as the documented envelope does: key and start value are the padded password."""
    key = password.encode().ljust(16, b"\0")
    plain = inner.encode() + bytes(-len(inner.encode()) % 16)
    cipher = Cipher(AES(key), CBC(key)).encryptor()
    sealed = base64.b64encode(cipher.update(plain) + cipher.finalize()).decode()
    return re.sub(
        "<CipherValue>.*</CipherValue>",
        f"<CipherValue>{sealed}</CipherValue>",
        KEM["text"].replace("aes128-cbc", method),
    )


KEM2_INNER = f"""<?xml version="1.0"?><Devices schemaVersion="1"><Device><DeviceId><SerialNumber>76348799</SerialNumber>
<ManufacturerId>KAM</ManufacturerId></DeviceId><CustomerDeviceNumber>9</CustomerDeviceNumber><ShortName>KWM2210</ShortName>
<Keys><Key><Type>DEK</Type><Value>{APP_KEY}</Value></Key><Key><Type>GPK</Type><Value>{APP_KEY[::-1]}</Value></Key></Keys>
</Device></Devices>"""


def packed(text: str, name: str = "meters.kem", copies: int = 1) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(copies):
            archive.writestr(f"{number}{name}", text)
        archive.writestr("readme.txt", "hello")
    return out.getvalue()


@pytest.mark.feature("K-4")
@pytest.mark.parametrize("as_zip", [False, True])
def test_kem_files_open_with_their_password(as_zip: bool) -> None:
    content = packed(KEM["text"]) if as_zip else KEM["text"].encode()
    found = device(list(read(file(content), DeliveryFormat.KEM, password=KEM["password"])))
    assert (found.serial, found.mbus_maker, found.name) == ("57722719", "KAM", "MC21")
    assert found.keys == {KeyKind.OMS_AES128: bytes.fromhex("C2E387277E39C9D821F3B05E1616F87C")}


@pytest.mark.feature("K-4")
def test_kem2_files_open_too() -> None:
    content = packed(kem(KEM2_INNER), ".kem2")
    found = device(list(read(file(content), DeliveryFormat.KEM2, password="0310482W")))
    assert (found.serial, found.mbus_id, found.mbus_maker) == ("76348799", "76348799", "KAM")
    assert found.keys[KeyKind.OMS_AES128] == bytes.fromhex(APP_KEY)


BOMB = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "cccccccccc">]><a>&b;</a>'


@pytest.mark.parametrize(
    ("content", "password", "code"),
    [
        (KEM["text"], "", "kem_password_missing"),
        (KEM["text"], "wrong", "kem_password"),
        (KEM["text"], "x" * 17, "kem_password_long"),
        (KEM["text"].replace("aes128-cbc", "aes256-cbc"), "0310482W", "kem_method"),
        (KEM["text"].replace("CipherValue>/qE", "CipherValue>"), "0310482W", "kem_xml"),
        (KEM["text"].replace("CipherValue>/qEn", "CipherValue>"), "0310482W", "kem_password"),
        ("<a><b/></a>", "x", "kem_not_sealed"),
        ("no xml at all", "x", "kem_xml"),
        ("", "x", "kem_xml"),
        (BOMB, "x", "kem_doctype"),
        (kem(BOMB), "0310482W", "kem_doctype"),
        (kem("<Other><Meter/></Other>"), "0310482W", "kem_content"),
        (kem("<MetersInOrder></MetersInOrder>"), "0310482W", "file_no_rows"),
        (packed("x", ".txt"), "x", "kem_none"),
        (packed(KEM["text"], copies=2), "x", "kem_several"),
        (packed(KEM["text"])[:-30], "x", "file_archive"),
    ],
)
def test_kem_files_that_do_not_open_say_why(content: str | bytes, password: str, code: str) -> None:
    assert refused(read(file(content), DeliveryFormat.KEM, password=password)) == code


def xlsx() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return out.getvalue()


def ods() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<x/>")
    return out.getvalue()


@pytest.mark.feature("K-4", "K-11")
@pytest.mark.parametrize(
    ("content", "code", "word"),
    [
        (b"", "file_empty", ""),
        (b"\r\n \r\n", "file_empty", ""),
        (b"\xef\xbb\xbf", "file_empty", ""),
        (xlsx(), "file_spreadsheet", "XLSX"),
        (ods(), "file_spreadsheet", "ODS"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file_spreadsheet", "XLS"),
        (packed("x"), "file_archive", "ZIP"),
        (b"PK\x03\x04 broken", "file_archive", "ZIP"),
        (b"%PDF-1.7 ...", "file_archive", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "file_archive", "PNG"),
        (b"serial;key\n\x00\x01\x02\n", "file_binary", "2"),
        (b"x" * 10_000_000, "file_line_long", "1"),
        (b'serial;"key\n' + b"a;b\n" * 40_000, "file_quote", "1"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(content: bytes, code: str, word: str) -> None:
    with pytest.raises(FileError) as caught:
        own(content)
    assert caught.value.sentence.code == code
    assert word in str(caught.value)
    with pytest.raises(FileError):
        read_serials(file(content))


@pytest.mark.feature("K-4", "K-11")
def test_ten_megabytes_of_junk_are_refused_at_once() -> None:
    started = time.process_time()
    junk = random.Random(7).randbytes(10_000_000)
    with pytest.raises(FileError):
        own(junk)
    with pytest.raises(FileError):
        list(read(file(junk), DeliveryFormat.TTS_JSON))
    assert time.process_time() - started < 3


def delivered(rows: int) -> IO[bytes]:
    rolled, stream = random.Random(3), tempfile.TemporaryFile()  # noqa: SIM115
    stream.write(b"Serial number;DevEUI;JoinEUI;AppKey\r\n")
    for number in range(rows):
        eui, key = f"70B3D57E{number:08X}", rolled.randbytes(16).hex()
        stream.write(f"M-{number};{eui};0000000000000001;{key}\r\n".encode())
    return stream


def counted(stream: IO[bytes]) -> int:
    rows = read(stream, DeliveryFormat.OWN_CSV, mapping=MAPPING)
    return sum(isinstance(row, DeviceRow) for row in rows)


@pytest.mark.feature("K-4")
def test_large_files_are_read_in_bounded_memory() -> None:
    with delivered(20_000) as stream:
        tracemalloc.start()
        count = counted(stream)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == 20_000
        assert peak < 4_000_000
        assert not stream.closed


@pytest.mark.slow
@pytest.mark.feature("K-4")
def test_a_million_rows_are_read_in_bounded_memory() -> None:
    with delivered(1_000_000) as stream:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.process_time()
        assert counted(stream) == 1_000_000
        assert time.process_time() - started < 40
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


def test_a_heading_without_rows_says_so() -> None:
    assert (
        refused(read(file(OWN.splitlines()[0]), DeliveryFormat.OWN_CSV, mapping=MAPPING))
        == "file_no_rows"
    )


def test_quoted_cells_may_hold_line_ends_and_line_numbers_stay_right() -> None:
    text = f'Serial number;DevEUI;JoinEUI;AppKey;Note\nM-1;70B3D57ED0000001;;{APP_KEY};"a\nb"\nM-2;x;;{APP_KEY};\n'
    first, second = own(text)
    assert (first.line, second.line) == (2, 4)


def test_every_format_has_a_label() -> None:
    assert set(LABELS) == set(DeliveryFormat)


@pytest.mark.feature("K-11")
@pytest.mark.parametrize(
    "text",
    [
        "M-1,M-2,M-3",
        "M-1;M-2;M-3",
        "m-1 m-2\tM-3",
        "M-1\r\nM-2\r\n\r\nM-3\r\n",
        '"M-1"\n"M-2"\n"M-3"',
        "Serial number\nM-1\nM-2\nM-3",
        "Product;Serial no.;Note\nX;M-1;a\nX;M-2;\nX;M-3;c",
        "Note,Seriennummer\n,M-1\n,M-2\n,M-3\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_serials_are_found_in_lists_and_under_their_heading(text: str, encoding: str) -> None:
    found = read_serials(file(text, encoding))
    assert (found.serials, found.faults) == (["M-1", "M-2", "M-3"], [])


@pytest.mark.feature("K-11")
def test_of_several_columns_one_is_chosen_and_never_guessed() -> None:
    text = "Was;Wo\nM-1;Keller\nM-2;Dach\n"
    with pytest.raises(ColumnNeeded) as caught:
        read_serials(file(text))
    assert caught.value.columns == ["Was", "Wo"]
    assert read_serials(file(text), column=0).serials == ["M-1", "M-2"]
    wrapped = "M-1,M-2\nM-3,M-4\n"
    with pytest.raises(ColumnNeeded):
        read_serials(file(wrapped))
    assert read_serials(file(wrapped), column=ALL_CELLS).serials == ["M-1", "M-2", "M-3", "M-4"]


@pytest.mark.feature("K-11")
def test_faults_and_duplicates_of_a_list_are_named_with_their_line() -> None:
    found = read_serials(file("M-1\nM_2\nM-1\nM-1\n" + "X" * 33 + "\n"))
    assert (found.serials, found.duplicates) == (["M-1"], ["M-1"])
    assert [(f.line, f.sentence.code) for f in found.faults] == [
        (2, "serial_characters"),
        (5, "serial_long"),
    ]


@pytest.mark.feature("K-11")
def test_a_hundred_thousand_serials_are_read_at_once() -> None:
    started = time.process_time()
    text = "\n".join(f"MTR-{number}" for number in range(100_000))
    assert len(read_serials(file(text)).serials) == 100_000
    assert time.process_time() - started < 3


@given(st.binary(max_size=2000), st.sampled_from(list(DeliveryFormat)))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_rows_or_a_sentence(content: bytes, form: DeliveryFormat) -> None:
    try:
        said = [
            str(found.sentence) if isinstance(found, RowFault) else found.serial
            for found in read(file(content), form, mapping=MAPPING, password="x")
        ]
    except FileError as error:
        said = [str(error)]
    assert all(said)


@given(st.text(max_size=500), st.sampled_from(list(DeliveryFormat)[:4]))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_rows_or_a_sentence(content: str, form: DeliveryFormat) -> None:
    raw = content.encode("utf-8", "surrogatepass")
    try:
        said = [repr(found) for found in read(file(raw), form, mapping=MAPPING)]
    except FileError as error:
        said = [str(error)]
    assert all(said)


def test_delimiters_in_quotes_are_not_counted() -> None:
    lines = ['"a,b,c";d\n', '"e,f,g";h\n']
    assert tables.delimiter_of(lines) == ";"
