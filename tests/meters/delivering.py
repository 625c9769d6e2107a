"""What the tests of deliveries share: an operator's desk, files of every format, and what is then in the tables."""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.cast import Person, World
from tests.imports.conftest import work
from tests.meters import make
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.imports.models import Import, ImportFault, ImportRow
from webapp.meters.kinds import KeyKind
from webapp.meters.models import Delivery, Meter, Radio

KEY = "00112233445566778899AABBCCDDEE01"
PASSWORD = "77665544"


def key(n: int) -> str:
    """Looks random, is the same each time."""
    return bytes((n * 37 + i * i * 101 + 7) % 251 for i in range(16)).hex().upper()


def own_csv(n: int, *, first: int = 0) -> str:
    lines = [f"W{i:05};{i:08};{key(i)}" for i in range(first, first + n)]
    return "\n".join(["serial;mbus id;oms key", *lines]) + "\n"


def kem(
    devices: Sequence[tuple[str, str]], password: str = PASSWORD, *, second: bool = False
) -> bytes:
    """As the maker's program writes it: the list encrypted under the padded password."""
    if second:
        inside = "".join(
            f"<Device><SerialNumber>{number}</SerialNumber><ManufacturerId>KAM</ManufacturerId>"
            f"<Keys><Key><Value>{value}</Value></Key></Keys></Device>"
            for number, value in devices
        )
        plain = f"<Devices>{inside}</Devices>".encode()
    else:
        inside = "".join(
            f"<Meter><SerialNo>{number}</SerialNo><VendorId>KAM</VendorId>"
            f"<EncKeys><DEK>{value}</DEK></EncKeys></Meter>"
            for number, value in devices
        )
        plain = f"<MetersInOrder>{inside}</MetersInOrder>".encode()
    secret = password.encode().ljust(16, b"\0")
    padded = plain + b"\0" * (-len(plain) % 16)
    encryptor = Cipher(AES(secret), CBC(secret)).encryptor()
    cipher = base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()
    method = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
    return (
        f'<EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#"><EncryptionMethod Algorithm="{method}"/>'
        f"<CipherData><CipherValue>{cipher}</CipherValue></CipherData></EncryptedData>"
    ).encode()


def tts_json(euis: Sequence[tuple[str, str]]) -> str:
    return "\n".join(
        json.dumps(
            {
                "ids": {"dev_eui": eui, "join_eui": "70B3D5E75E00000A"},
                "lorawan_version": "MAC_V1_0_3",
                "root_keys": {"app_key": {"key": value}},
                "supports_join": True,
            }
        )
        for eui, value in euis
    )


def tts_csv(euis: Sequence[tuple[str, str]]) -> str:
    lines = [f"eui-{e.lower()};{e};70B3D5E75E00000A;MAC_V1_0_3;{k}" for e, k in euis]
    return "\n".join(["id;dev_eui;join_eui;lorawan_version;app_key", *lines]) + "\n"


@dataclass
class Dock:
    """The operator's pages of deliveries."""

    person: Person
    world: World
    water: str = ""
    sensor: str = ""

    base = "/operator/deliveries"

    def upload(self, content: bytes | str, **data: str) -> TestResponse:
        body = content.encode() if isinstance(content, str) else content
        name = data.pop("name", "delivery.csv")
        sent = {"receiver": "Acme", "format": "own_csv", "product_type": self.water, "encoding": ""}
        return self.person.post(
            f"{self.base}/new", {**sent, **data, "file": (io.BytesIO(body), name)}
        )

    def check(
        self, content: bytes | str, *, columns: dict[str, str] | None = None, **data: str
    ) -> str:
        answer = self.upload(content, **data)
        assert answer.status_code == 303, answer.text
        url = answer.location.removesuffix("/mapping")
        assert self.map(url, **(columns or {})).status_code == 303
        self.work()
        return url

    def map(self, url: str, **chosen: str) -> TestResponse:
        row = self.row(url)
        sent = {"version": str(row.version)}
        for field, source in row.mapping.items():
            sent[f"column_{field}"] = str(source.get("column", ""))
            sent[f"default_{field}"] = source.get("default", "")
        return self.person.post(f"{url}/mapping", {**sent, **chosen})

    def commit(self, url: str) -> TestResponse:
        return self.person.post(f"{url}/commits", {"version": str(self.row(url).version)})

    def deliver(self, content: bytes | str, **data: str) -> str:
        url = self.check(content, columns=None, **data)
        assert self.row(url).state == "checked", self.row(url).problem
        assert self.row(url).faulty == 0, self.faults(url)
        assert self.commit(url).status_code == 303
        self.work()
        return url

    def undo(self, url: str) -> None:
        assert self.person.post(f"{url}/undos").status_code == 303
        self.work()

    def work(self) -> None:
        work(self.world)

    def row(self, url: str) -> Import:
        public_id = url.rstrip("/").rsplit("/", 1)[-1]
        (found,) = self.all(select(Import).where(Import.public_id == public_id))
        return found  # type: ignore[no-any-return]

    def state(self, url: str) -> str:
        return self.row(url).state

    def faults(self, url: str, *, warnings: bool = False) -> list[tuple[int, str | None, str]]:
        statement = select(ImportFault).where(
            ImportFault.import_id == self.row(url).id, ImportFault.is_warning == warnings
        )
        found = self.all(statement.order_by(ImportFault.line, ImportFault.id))
        return [(f.line, f.field, f.words) for f in found]

    def staged(self, url: str) -> list[ImportRow]:
        statement = select(ImportRow).where(ImportRow.import_id == self.row(url).id)
        return self.all(statement.order_by(ImportRow.line))

    def meters(self) -> list[Meter]:
        return self.all(select(Meter).order_by(Meter.id))

    def deliveries(self) -> list[Delivery]:
        return self.all(select(Delivery).order_by(Delivery.id))

    def all(self, statement: Any) -> list[Any]:
        with self.world.portal.app_context(), unscoped("looking at what was stored"):
            return list(db.session.scalars(statement).all())


def dock_of(operator: Person, world: World) -> Dock:
    with world.portal.app_context(), unscoped("product types"):
        water = make.product_type()
        sensor = make.product_type("Sensor", radio=Radio.LORAWAN, kinds=[KeyKind.APP_KEY])
        made = Dock(operator, world, water.public_id, sensor.public_id)
        commit()
    return made


def random_key() -> str:
    return os.urandom(16).hex()
