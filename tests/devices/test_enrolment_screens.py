"""Enrolment tokens (B-1): made, shown once, used, revoked."""

from __future__ import annotations

import re
import uuid

import pytest
from sqlalchemy import select

from tests.cast import Person, World
from tests.printers.desk import hidden, one, rows, text_of
from webapp.audit.models import AuditRow
from webapp.devices.events import DeviceEvent
from webapp.devices.models import Credential

pytestmark = pytest.mark.feature("B-1")


def tokens(world: World) -> str:
    return f"/o/{world.acme}/enrolment-tokens"


def create(person: Person, world: World, name: str = "Apps") -> str:
    page = person.post(tokens(world), {"name": name, "nonce": uuid.uuid4().hex})
    assert page.status_code == 200, text_of(page.text)
    (text,) = set(re.findall(r"op_enrol_[a-z0-9]{12}_[\w-]{43}", page.text))
    return str(text)


def launch(world: World, token: str) -> int:
    client = world.portal.test_client()
    return client.post(
        "/device/v1/printers/launch",
        json={"launch_id": str(uuid.uuid4())},
        headers={"Authorization": f"Bearer {token}"},
    ).status_code


def test_a_token_is_shown_once_and_launches(world: World, admin: Person) -> None:
    text = create(admin, world)
    page = admin.get(tokens(world)).text
    assert text not in page
    assert text[:21] in page, "its beginning tells which one it is"
    assert "Valid" in page
    assert one(world, select(Credential)).last_used_at is None
    assert launch(world, text) == 201
    used = one(world, select(Credential))
    assert used.last_used_at is not None
    assert used.created_by in admin.get(tokens(world)).text


def test_a_form_sent_twice_makes_one_token_and_tells_it_once(world: World, admin: Person) -> None:
    page = admin.get(f"{tokens(world)}/new").text
    data = {"name": "Apps", "nonce": hidden(page, "nonce")}
    assert admin.post(tokens(world), data).status_code == 200
    again = admin.post(tokens(world), data)
    assert again.status_code == 303
    assert again.location.endswith("/enrolment-tokens")
    assert len(rows(world, select(Credential))) == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_a_token_needs_a_name(world: World, admin: Person, name: str) -> None:
    answer = admin.post(tokens(world), {"name": name})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert rows(world, select(Credential)) == []


def test_a_revoked_token_launches_nothing(world: World, admin: Person) -> None:
    text = create(admin, world)
    public_id = text.split("_")[2]
    assert "Revoke “Apps” now?" in admin.get(tokens(world)).text
    confirm = admin.get(f"{tokens(world)}/{public_id}/revocations/confirm")
    assert "can't launch from this moment" in text_of(confirm.text)
    for _click in range(2):
        assert admin.post(f"{tokens(world)}/{public_id}/revocations").status_code == 303
    assert launch(world, text) == 401
    page = admin.get(tokens(world)).text
    assert "Revoked" in page
    assert 'id="revoke-' not in page
    audited = rows(world, select(AuditRow.event).order_by(AuditRow.seq))
    assert audited == [DeviceEvent.ENROLMENT_CREATED, DeviceEvent.ENROLMENT_REVOKED]


def test_readers_see_tokens_but_make_none(world: World, admin: Person, reader: Person) -> None:
    create(admin, world)
    page = reader.get(tokens(world))
    assert "Apps" in page.text
    assert "revocations" not in page.text
    assert "Create enrolment token" not in page.text
    assert reader.post(tokens(world), {"name": "Mine"}).status_code == 403


def test_another_organisations_token_is_unknown(
    world: World, admin: Person, stranger: Person
) -> None:
    text = create(admin, world)
    theirs = f"/o/{world.globex}/enrolment-tokens"
    assert stranger.post(f"{theirs}/{text.split('_')[2]}/revocations").status_code == 404
    assert "Apps" not in stranger.get(theirs).text
    assert launch(world, text) == 201
