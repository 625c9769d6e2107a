"""What a device said last and why it was refused, for who helps it (P-43)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import time_machine
from sqlalchemy import func, select

from tests.cast import Person
from tests.printers.conftest import SERIAL, Field, acme
from tests.printers.desk import text_of
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.devices.messages import forget_old
from webapp.devices.models import Credential, Device, DeviceMessage

__all__ = ["acme"]
pytestmark = pytest.mark.feature("P-43")


def support(acme: Field) -> str:
    return f"/o/{acme.world.acme}/devices/{acme.printer}/support"


def token_page(acme: Field) -> str:
    public_id = acme.token.split("_")[2]
    return f"/o/{acme.world.acme}/enrolment-tokens/{public_id}/support"


def kept(acme: Field) -> list[DeviceMessage]:
    with acme.world.portal.app_context(), unscoped("looking"):
        return list(db.session.scalars(select(DeviceMessage).order_by(DeviceMessage.id)))


def test_a_message_stands_at_its_printer_and_its_token(acme: Field, reader: Person) -> None:
    assert acme.launch().status_code == 201
    for page in (support(acme), token_page(acme)):
        shown = text_of(reader.get(page).text)
        assert "POST /device/v1/printers/launch" in shown
        assert "201" in shown
    (message,) = kept(acme)
    assert message.size_bytes > 50
    assert message.cause == ""


def test_a_refusal_says_why_though_the_request_was_rolled_back(acme: Field, reader: Person) -> None:
    assert acme.launch(facts={"serial": 5}).status_code == 422
    shown = text_of(reader.get(token_page(acme)).text)
    assert "422" in shown
    assert "invalid_message: Expected" in shown


def test_a_revoked_token_is_told_from_a_wrong_one(acme: Field, reader: Person) -> None:
    assert acme.launch(token=acme.token[:-3] + "xxx").status_code == 401
    with acme.world.portal.app_context(), unscoped("revoking"):
        wanted = Credential.public_id == acme.token.split("_")[2]
        db.session.scalars(select(Credential).where(wanted)).one().revoked_at = utcnow()
        commit()
    assert acme.launch().status_code == 401
    assert [m.cause for m in kept(acme)] == [
        "credential_invalid: secret_wrong",
        "credential_invalid: revoked",
    ]
    assert "credential_invalid: revoked" in reader.get(token_page(acme)).text


def test_unknown_credentials_leave_nothing(acme: Field) -> None:
    assert acme.launch(token=f"op_enrol_abcdefghjkmn_{'x' * 43}").status_code == 401
    assert acme.launch(token="nonsense").status_code == 401
    acme.client.get("/device/v1/ping")
    assert kept(acme) == []


@pytest.mark.parametrize(
    ("ahead", "words"),
    [(0, "right to within"), (90, "90 s ahead"), (-3600, "3600 s behind")],
)
def test_the_clock_of_the_device(acme: Field, reader: Person, ahead: int, words: str) -> None:
    with time_machine.travel(datetime(2030, 1, 1, 12, tzinfo=UTC), tick=False):
        date = format_datetime(utcnow() + timedelta(seconds=ahead), usegmt=True)
        headers = {"Authorization": f"Bearer {acme.token}", "Date": date}
        body = {
            "launch_id": "0b9d0f8e-8d0b-4a0e-9a0a-0a0a0a0a0a0a",
            "facts": {"serial": SERIAL, "ip": "192.0.2.31"},
        }
        answer = acme.client.post("/device/v1/printers/launch", json=body, headers=headers)
        assert answer.status_code == 201
    assert words in text_of(reader.get(support(acme)).text)


@pytest.mark.parametrize("date", ["soon", "Mon, 99 Foo 2030", "Mon, 01 Jan 0001 00:00:00 GMT", ""])
def test_a_nonsense_date_is_passed_over(acme: Field, date: str) -> None:
    headers = {"Authorization": f"Bearer {acme.token}", "Date": date}
    acme.client.post("/device/v1/printers/launch", json={}, headers=headers)
    assert [m.clock_offset_ms for m in kept(acme)] == [None]


def test_the_last_fifty_of_seven_days_are_kept(acme: Field) -> None:
    with time_machine.travel(datetime(2030, 1, 10, 12, tzinfo=UTC), tick=False):
        with acme.world.portal.app_context(), unscoped("many messages"):
            device = db.session.scalars(
                select(Device).where(Device.public_id == acme.printer)
            ).one()
            for n in range(70):
                db.session.add(message(device, utcnow() - timedelta(minutes=70 - n), 200))
            db.session.add(message(device, utcnow() - timedelta(days=7, seconds=1), 418))
            commit()
            forget_old()
            left = db.session.scalar(select(func.count()).select_from(DeviceMessage))
            oldest = db.session.scalar(select(func.min(DeviceMessage.at)))
        assert left == 50
        assert oldest == utcnow() - timedelta(minutes=50)


def message(device: Device, at: datetime, status: int) -> DeviceMessage:
    return DeviceMessage(
        organisation_id=device.organisation_id,
        device_id=device.id,
        at=at,
        endpoint="POST /x",
        status=status,
        cause="",
        size_bytes=1,
        took_ms=1,
    )


@pytest.mark.feature("P-11")
def test_strangers_see_nobodys_messages(acme: Field, stranger: Person) -> None:
    acme.launch()
    globex = acme.world.globex
    assert stranger.get(f"/o/{globex}/devices/{acme.printer}/support").status_code == 404
    public_id = acme.token.split("_")[2]
    assert stranger.get(f"/o/{globex}/enrolment-tokens/{public_id}/support").status_code == 404


def test_the_pages_of_printer_and_tokens_lead_there(acme: Field, reader: Person) -> None:
    page = reader.get(f"/o/{acme.world.acme}/printers/{acme.printer}")
    assert f'href="{support(acme)}"' in page.text
    listed = reader.get(f"/o/{acme.world.acme}/enrolment-tokens").text
    assert f'href="{token_page(acme)}"' in listed
