"""Acme's panic button, a printer with a serial, one without, and an enrolment token."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.cast import World
from webapp.core.clock import utcnow
from webapp.core.db import commit
from webapp.core.tenancy import scope
from webapp.devices.access import ENROLMENT, issue
from webapp.printers.codes import code_of
from webapp.printers.services import add_printer, create_button

SERIAL = "XRX9C934E1"


@dataclass
class Field:
    """What a printer's app has in hand, and the codes that stand on labels."""

    world: World
    token: str = ""
    button: str = ""
    printer: str = ""
    spare: str = ""
    spare_code: str = ""
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.world.portal.test_client(use_cookies=False)

    def launch(self, **message: Any) -> TestResponse:
        """As the app sends it; `facts` and so on replace the usual ones."""
        token = message.pop("token", self.token)
        body = {"launch_id": str(uuid.uuid4()), "facts": {"serial": SERIAL, "ip": "192.0.2.31"}}
        return self.client.post(
            "/device/v1/printers/launch",
            json={**body, **message},
            headers={"Authorization": f"Bearer {token}"},
        )

    def open(self, **message: Any) -> str:
        """Launch and use the link: the path of the first page."""
        answer = self.launch(**message)
        assert answer.status_code == 201, answer.text
        opened = self.client.get(answer.json["url"])  # type: ignore[index]
        assert opened.status_code == 303, opened.text
        path: str = urlsplit(opened.location).path
        return path.rsplit("/", 1)[0]


@pytest.fixture
def acme(world: World) -> Field:
    made = Field(world)
    now = utcnow()
    with world.portal.app_context(), scope(world.acme_id):
        button = create_button(
            "Alliance building",
            organisation_id=world.acme_id,
            technician_emails=["technicians@acme.test", "night@acme.test"],
            language="fr",
            languages=["fr", "en", "de"],
            phone="+32 2 555 12 34",
            now=now,
        )
        printer = add_printer(
            "Colour 2nd floor",
            organisation_id=world.acme_id,
            button=button,
            serial=SERIAL,
            model="Xerox AltaLink C8045",
            location="Alliance, 2nd floor",
            now=now,
        )
        spare = add_printer("Reception", organisation_id=world.acme_id, button=button, now=now)
        _row, made.token = issue(
            ENROLMENT, organisation_id=world.acme_id, name="Apps", created_by="admin", now=now
        )
        made.button, made.printer, made.spare = button.public_id, printer.public_id, spare.public_id
        made.spare_code = code_of(spare)
        commit()
    return made
