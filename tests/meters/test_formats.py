"""What leaves opens where it is meant to: each form is read back by a reader written from the format's own description,
ChirpStack's by its published protocol messages."""

from __future__ import annotations

import csv
import io
import json
import time
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from chirpstack_api import api as chirpstack_api
from google.protobuf import json_format

from webapp.core.web import Portal
from webapp.meters.formats import FORMATS, Device, Form, Options, OptionsError, write
from webapp.meters.formats.zips import ZipStream
from webapp.meters.kinds import KeyKind
from webapp.meters.reading.deliveries import DeliveryFormat, preview, read
from webapp.meters.reading.rows import DeviceRow
from webapp.meters.sentences import Sentence

APP, NWK = bytes(range(0xA0, 0xB0)), bytes(range(0x50, 0x60))
APP_S, NWK_S, OMS = bytes(range(1, 17)), bytes(range(33, 49)), bytes(range(200, 216))
OTAA = Device(
    serial="LW-4711",
    maker="Acme Meters, Inc.",
    product_type="Water 1",
    medium="water",
    name='Keller; "links", Süd',
    dev_eui="70B3D57ED0001234",
    join_eui="70B3D57ED0000000",
    lorawan_version="1.0.3",
    lorawan_phy_version="RP001_V1_0_3_REV_A",
    frequency_plan_id="EU_863_870_TTN",
    keys={KeyKind.APP_KEY: APP},
)
OTAA_11 = replace(
    OTAA,
    serial="LW-11",
    name="",
    dev_eui="70B3D57ED0001111",
    lorawan_version="1.1.0",
    keys={KeyKind.APP_KEY: APP, KeyKind.NWK_KEY: NWK},
)
ABP = replace(
    OTAA,
    serial="LW-ABP",
    name="",
    dev_eui="70B3D57ED000AB90",
    join_eui=None,
    dev_addr="26011A2B",
    keys={KeyKind.NWK_S_KEY: NWK_S, KeyKind.APP_S_KEY: APP_S},
)
METER = Device(
    serial="76348799",
    maker="Kamstrup",
    product_type="Multical 21",
    medium="water",
    mbus_maker="KAM",
    mbus_id="76348799",
    mbus_version=0x1B,
    mbus_medium=0x16,
    keys={KeyKind.OMS_AES128: OMS},
)
OLD = Device(serial="-OLD", keys={KeyKind.DES: bytes(range(8)), KeyKind.TDES: bytes(range(24))})
EMPTY = Device(serial="EMPTY")
ALL = [OTAA, OTAA_11, ABP, METER, OLD, EMPTY]
OPTIONS = Options(
    chirpstack_application_id="8a1b5c1e-0000-4000-8000-000000000001",
    chirpstack_profile_id="8a1b5c1e-0000-4000-8000-000000000002",
    thingpark_model_id="ACME/Water,1",
    thingpark_plan_id="acme/plan",
)


def written(
    name: str, devices: Iterable[Device] = ALL, options: Options = OPTIONS
) -> tuple[bytes, list[tuple[str, str]]]:
    """The file, and who was left out for what reason."""
    out: list[tuple[str, str]] = []

    def left_out(device: Device, reason: Sentence) -> None:
        assert str(reason)
        out.append((device.serial, reason.code))

    return b"".join(write(FORMATS[name], devices, options, left_out)), out


@pytest.mark.feature("K-24")
def test_csv_has_headings_and_a_mark_and_every_device() -> None:
    content, out = written("csv")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert out == [("EMPTY", "out_no_keys")]
    assert [row["No."] for row in rows] == ["1", "2", "3", "4", "5"]
    assert rows[0]["AppKey"] == APP.hex().upper()
    assert rows[1]["NwkKey"] == NWK.hex().upper()
    assert (rows[2]["DevAddr"], rows[2]["NwkSKey"]) == ("26011A2B", NWK_S.hex().upper())
    assert (rows[3]["M-Bus version"], rows[3]["OMS key"]) == ("1B", OMS.hex().upper())
    assert rows[4]["Serial number"] == "'-OLD"
    assert rows[4]["3DES key"] == bytes(range(24)).hex().upper()


@pytest.mark.feature("K-24")
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("thousands", ["", ".", "'", " "])
def test_csv_with_the_users_delimiter_and_thousands_separator(
    delimiter: str, thousands: str
) -> None:
    options = replace(OPTIONS, delimiter=delimiter, thousands=thousands)
    many = [replace(METER, serial=str(number)) for number in range(1, 1235)]
    content, _ = written("csv", many, options)
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter))
    assert rows[-1][0] == f"1{thousands}234"
    assert {len(row) for row in rows} == {22}


@pytest.mark.feature("K-24")
def test_csv_has_its_headings_in_the_language_asked_for(portal: Portal) -> None:
    with portal.test_request_context():
        german, _ = written("csv", [METER], replace(OPTIONS, language="de"))
        english, _ = written("csv", [METER], OPTIONS)
    assert "Seriennummer" in german.decode().splitlines()[0]
    assert "Serial number" in english.decode().splitlines()[0]


@pytest.mark.feature("K-24")
def test_csv_can_be_read_in_again() -> None:
    content, _ = written("csv", [OTAA, OTAA_11, ABP, METER])
    _, _, mapping = preview(io.BytesIO(content))
    rows = list(read(io.BytesIO(content), DeliveryFormat.OWN_CSV, mapping=mapping))
    assert all(isinstance(row, DeviceRow) for row in rows)
    again = [row for row in rows if isinstance(row, DeviceRow)]
    assert [row.keys for row in again] == [dict(d.keys) for d in (OTAA, OTAA_11, ABP, METER)]
    assert (again[3].mbus_maker, again[3].mbus_version) == ("KAM", 0x1B)


@pytest.mark.feature("K-24")
def test_json_holds_everything() -> None:
    content, out = written("json")
    found = json.loads(content)
    assert found["format"] == "outpost-keys/1"
    assert [device["serial"] for device in found["devices"]] == [d.serial for d in ALL[:-1]]
    assert out == [("EMPTY", "out_no_keys")]
    meter = found["devices"][3]
    assert meter["keys"] == {"oms_aes128": OMS.hex().upper()}
    assert (meter["mbus_version"], meter["mbus_medium"]) == (0x1B, 0x16)
    assert "dev_eui" not in meter
    assert json.loads(written("json", [])[0]) == {"format": "outpost-keys/1", "devices": []}


def tts_csv_reader(text: str) -> list[dict[str, str]]:
    """From the CSV file reference: `;`, heading, same number of fields in each row, `""` within quotes."""
    rows, cells, cell, quoted, place = list[list[str]](), list[str](), "", False, 0
    while place < len(text):
        c = text[place]
        if quoted and c == '"' and text[place + 1 : place + 2] == '"':
            cell, place = cell + '"', place + 1
        elif c == '"':
            quoted = not quoted
        elif c == ";" and not quoted:
            cells, cell = [*cells, cell], ""
        elif c == "\n" and not quoted:
            rows.append([*cells, cell])
            cells, cell = [], ""
        else:
            cell += c
        place += 1
    assert not quoted
    assert not cells
    assert not cell
    header, *rest = rows
    assert all(len(row) == len(header) for row in rest)
    return [dict(zip(header, row, strict=True)) for row in rest]


@pytest.mark.feature("K-24")
def test_the_things_stack_csv_follows_its_reference() -> None:
    content, out = written("tts_csv")
    heading = "id;dev_eui;join_eui;name;frequency_plan_id;lorawan_version;lorawan_phy_version;app_key;nwk_key"
    assert content.decode().startswith(heading)
    first, second, third = tts_csv_reader(content.decode())
    assert first["id"] == "eui-70b3d57ed0001234"
    assert first["name"] == OTAA.name
    assert (first["lorawan_version"], first["app_key"], first["nwk_key"]) == (
        "MAC_V1_0_3",
        APP.hex().upper(),
        "",
    )
    assert (second["lorawan_version"], second["nwk_key"]) == ("MAC_V1_1", NWK.hex().upper())
    assert second["name"] == "LW-11"
    assert (third["dev_addr"], third["app_s_key"], third["f_nwk_s_int_key"], third["app_key"]) == (
        "26011A2B",
        APP_S.hex().upper(),
        NWK_S.hex().upper(),
        "",
    )
    assert out == [
        ("76348799", "out_no_dev_eui"),
        ("-OLD", "out_no_dev_eui"),
        ("EMPTY", "out_no_dev_eui"),
    ]


@pytest.mark.feature("K-24")
def test_the_things_stack_json_is_a_stream_of_objects() -> None:
    content, _ = written("tts_json")
    first, second, third = [json.loads(line) for line in content.decode().splitlines()]
    assert first == {
        "ids": {
            "device_id": "eui-70b3d57ed0001234",
            "dev_eui": "70B3D57ED0001234",
            "join_eui": "70B3D57ED0000000",
        },
        "name": OTAA.name,
        "lorawan_version": "MAC_V1_0_3",
        "lorawan_phy_version": "RP001_V1_0_3_REV_A",
        "frequency_plan_id": "EU_863_870_TTN",
        "supports_join": True,
        "root_keys": {"app_key": {"key": APP.hex().upper()}},
    }
    assert second["root_keys"]["nwk_key"] == {"key": NWK.hex().upper()}
    assert third["supports_join"] is False
    assert "root_keys" not in third
    assert third["session"]["dev_addr"] == "26011A2B"


@pytest.mark.feature("K-24", "K-4")
@pytest.mark.parametrize("name", ["tts_csv", "tts_json"])
def test_what_is_written_for_the_things_stack_is_read_as_a_delivery(name: str) -> None:
    content, _ = written(name, [OTAA, OTAA_11, ABP])
    rows = [
        row for row in read(io.BytesIO(content), DeliveryFormat(name)) if isinstance(row, DeviceRow)
    ]
    assert [row.keys for row in rows] == [dict(device.keys) for device in (OTAA, OTAA_11, ABP)]
    assert [row.lorawan_version for row in rows] == ["1.0.3", "1.1", "1.0.3"]


@pytest.mark.feature("K-24")
def test_devices_of_types_that_say_too_little_for_the_things_stack_are_left_out() -> None:
    lacking = [
        replace(OTAA, lorawan_version=None),
        replace(OTAA, lorawan_phy_version=""),
        replace(OTAA, frequency_plan_id=None),
        replace(OTAA, join_eui=None),
        replace(OTAA_11, keys={KeyKind.APP_KEY: APP}),
        replace(ABP, dev_addr=None),
        replace(OTAA, keys={}),
    ]
    content, out = written("tts_json", lacking)
    assert content == b""
    assert [code for _, code in out] == [
        "out_no_version",
        "out_no_phy",
        "out_no_plan",
        "out_no_join_eui",
        "out_no_nwk_key",
        "out_no_dev_addr",
        "out_no_lorawan_keys",
    ]


def message(name: str, body: dict[str, Any]) -> Any:
    """By ChirpStack's own protocol definitions: an unknown or misspelt field is an error."""
    return json_format.ParseDict(body, getattr(chirpstack_api, name)())


@pytest.mark.feature("K-24")
def test_chirpstack_payloads_fit_its_published_messages() -> None:
    content, out = written("chirpstack")
    lines = [json.loads(line) for line in content.decode().splitlines()]
    assert [code for _, code in out] == ["out_no_dev_eui"] * 3
    first, second, third = lines
    created = message("CreateDeviceRequest", {"device": first["device"]}).device
    assert (created.dev_eui, created.join_eui) == ("70b3d57ed0001234", "70b3d57ed0000000")
    assert created.application_id == OPTIONS.chirpstack_application_id
    assert created.device_profile_id == OPTIONS.chirpstack_profile_id
    assert created.tags["serial"] == "LW-4711"
    keys = message("CreateDeviceKeysRequest", {"deviceKeys": first["deviceKeys"]}).device_keys
    assert (keys.nwk_key, keys.app_key) == (APP.hex(), "")
    keys = message("CreateDeviceKeysRequest", {"deviceKeys": second["deviceKeys"]}).device_keys
    assert (keys.nwk_key, keys.app_key) == (NWK.hex(), APP.hex())
    session = message(
        "ActivateDeviceRequest", {"deviceActivation": third["deviceActivation"]}
    ).device_activation
    assert (session.dev_addr, session.app_s_key) == ("26011a2b", APP_S.hex())
    assert {session.nwk_s_enc_key, session.s_nwk_s_int_key, session.f_nwk_s_int_key} == {
        NWK_S.hex()
    }


@pytest.mark.feature("K-24")
def test_thingpark_csv_is_positional() -> None:
    content, out = written("thingpark")
    (row,) = csv.reader(io.StringIO(content.decode()))
    assert row == [
        "CREATE_OTAA",
        "70B3D57ED0001234",
        "",
        "ACME/Water,1",
        "70B3D57ED0000000",
        APP.hex().upper(),
        "",
        "acme/plan",
        "",
        "",
        OTAA.name,
    ]
    assert dict(out) == {
        "LW-11": "out_no_column_nwk_key",
        "LW-ABP": "out_abp",
        "76348799": "out_no_dev_eui",
        "-OLD": "out_no_dev_eui",
        "EMPTY": "out_no_dev_eui",
    }


@pytest.mark.feature("K-24")
def test_wmbusmeters_gets_a_file_for_each_meter() -> None:
    other = replace(METER, mbus_maker="ELS", keys={KeyKind.OMS_AES128: APP})
    content, out = written(
        "wmbusmeters",
        [METER, other, OTAA, replace(METER, mbus_maker=None), replace(METER, keys={})],
    )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["wmbusmeters.d/KAM-76348799", "wmbusmeters.d/ELS-76348799"]
        lines = archive.read("wmbusmeters.d/KAM-76348799").decode().splitlines()
    settings = dict(line.split("=", 1) for line in lines)
    assert settings == {
        "name": "KAM-76348799",
        "id": "76348799",
        "key": OMS.hex().upper(),
        "driver": "auto",
    }
    assert [code for _, code in out] == ["out_no_mbus", "out_no_maker", "out_no_oms_key"]


@pytest.mark.feature("K-24")
def test_lists_of_maker_number_and_key() -> None:
    content, _ = written("man_id_key")
    assert content.decode() == f"KAM;76348799;{OMS.hex().upper()}\r\n"
    (row,) = read(io.BytesIO(content), DeliveryFormat.MAN_ID_KEY)
    assert isinstance(row, DeviceRow)
    assert row.keys == dict(METER.keys)


def test_archives_of_more_than_65535_files_open() -> None:
    content = b"".join(ZipStream().pack((f"f{n}", b"%d" % n) for n in range(70_000)))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) == 70_000
        assert archive.read("f69999") == b"69999"
    with zipfile.ZipFile(io.BytesIO(b"".join(ZipStream().pack([])))) as archive:
        assert archive.namelist() == []


def test_names_with_line_ends_stay_one_line() -> None:
    odd = replace(OTAA, name="a\r\nb\tc", product_type="x\ny")
    for name in ("tts_csv", "tts_json", "chirpstack", "thingpark"):
        content = written(name, [odd])[0].decode()
        assert content.count("\n") == (2 if name == "tts_csv" else 1)
        assert "a b c" in content


@pytest.mark.feature("K-24")
@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("csv", Options(delimiter="x"), "option_delimiter"),
        ("csv", Options(delimiter=",", thousands=","), "option_thousands"),
        ("csv", Options(thousands="0"), "option_thousands"),
        ("chirpstack", Options(), "option_missing"),
        ("thingpark", Options(thingpark_model_id=" "), "option_missing"),
    ],
)
def test_choices_that_do_not_fit_are_refused_before_anything_is_written(
    name: str, options: Options, code: str
) -> None:
    with pytest.raises(OptionsError) as caught:
        write(FORMATS[name], [], options, lambda *_: None)
    assert caught.value.sentence.code == code
    assert str(caught.value)


@pytest.mark.feature("K-22")
def test_a_device_does_not_show_its_keys() -> None:
    assert APP.hex() not in repr(OTAA).lower()
    assert repr(APP) not in repr(OTAA)


@pytest.mark.feature("K-24")
@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.id)
def test_a_hundred_thousand_devices_would_take_two_seconds_at_most(form: Form) -> None:
    """A fifth of them, by the processor's time: the machine has other work."""
    keys = {KeyKind.APP_KEY: APP, KeyKind.OMS_AES128: OMS}
    devices = [
        replace(
            OTAA,
            serial=str(number),
            dev_eui=f"70B3D57E{number:08X}",
            mbus_maker="KAM",
            mbus_id=f"{number:08d}",
            keys=keys,
        )
        for number in range(20_000)
    ]
    started = time.process_time()
    chunks = [len(chunk) for chunk in write(form, devices, OPTIONS, lambda *_: None)]
    assert time.process_time() - started < 0.4
    assert sum(chunks) > 900_000
    assert max(chunks[:-2]) < 200_000
