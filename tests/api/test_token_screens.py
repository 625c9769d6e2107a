"""API tokens as an administrator sees them."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.api.programs import Program
from tests.cast import Person, World
from webapp.accounts.models import User, UserSession
from webapp.accounts.passwords import hash_password
from webapp.api.models import Token
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Membership

pytestmark = pytest.mark.feature("P-32")

READ = "printers:printers:read"


def url(person: Person, rest: str = "") -> str:
    return f"/o/{person.world.acme}/api-tokens{rest}"


def facts(**more: Any) -> dict[str, Any]:
    until = (utcnow() + timedelta(days=90)).date().isoformat()
    return {"name": "Ticket system", "permissions": [READ], "expires_on": until, **more}


def rows(world: World) -> list[Token]:
    with world.portal.app_context(), unscoped("a test looks"):
        return list(db.session.scalars(select(Token)))


def change(world: World, statement: Any) -> None:
    with world.portal.app_context(), unscoped("a test changes rows"):
        db.session.execute(statement)
        commit()


def text_in(page: str) -> str:
    found = re.search(r"op_api_[a-z0-9]{12}_[A-Za-z0-9_-]{43}", html.unescape(page))
    assert found, page
    return found[0]


def test_it_is_made_shown_once_and_opens_the_api(admin: Person) -> None:
    page = admin.get(url(admin, "/new"))
    assert "See printers and panic buttons" in page.text
    answer = admin.post(url(admin), facts())
    assert answer.status_code == 200, answer.text
    text = text_in(answer.text)
    client = admin.world.portal.test_client(use_cookies=False)
    got = client.get("/api/v1/printers", headers={"Authorization": f"Bearer {text}"})
    assert got.status_code == 200
    row = rows(admin.world)[0]
    for later in (url(admin), url(admin, f"/{row.public_id}")):
        shown = admin.get(later)
        assert shown.status_code == 200
        assert text.split("_", 3)[3] not in shown.text
        assert "Ticket system" in shown.text


def test_sent_twice_one_is_made(admin: Person) -> None:
    sent = facts(nonce="once")
    admin.post(url(admin), sent)
    again = admin.post(url(admin), sent)
    assert again.status_code == 303
    assert len(rows(admin.world)) == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": " "}, "Enter a name"),
        ({"name": "x" * 61}, "At most 60"),
        ({"permissions": []}, "Tick at least one"),
        ({"permissions": ["nonsense"]}, "not a valid choice"),
        ({"permissions": ["organisation:users:edit"]}, "not a valid choice"),
        ({"expires_on": ""}, "Choose a day"),
        ({"expires_on": "31.12.2026"}, "Not a valid date"),
        ({"expires_on": "2020-01-01"}, "has passed"),
        ({"expires_on": "2099-01-01"}, "two years"),
    ],
)
def test_bad_input_is_refused_beside_its_field(
    admin: Person, wrong: dict[str, Any], says: str
) -> None:
    answer = admin.post(url(admin), facts(**wrong))
    assert answer.status_code == 422
    assert says in answer.text
    assert rows(admin.world) == []


def test_nobody_gives_what_they_do_not_have(reader: Person) -> None:
    grant = update(Membership).where(Membership.user_id == reader.user_id)
    change(reader.world, grant.values(grants=["organisation:api:edit"]))
    page = reader.get(url(reader, "/new"))
    assert READ in page.text
    assert "printers:requests:edit" not in page.text
    answer = reader.post(url(reader), facts(permissions=["printers:requests:edit"]))
    assert answer.status_code == 422


@pytest.mark.feature("P-9")
def test_after_ten_minutes_the_password_is_asked_again(admin: Person) -> None:
    long_ago = utcnow() - timedelta(minutes=11)
    change(admin.world, update(UserSession).values(proved_at=long_ago))
    known = hash_password("Tractor-Lantern-42!")
    change(admin.world, update(User).values(password_hash=known))
    assert 'name="proof"' in admin.get(url(admin, "/new")).text
    without = admin.post(url(admin), facts())
    assert without.status_code == 422
    assert "Enter your password" in without.text
    wrong = admin.post(url(admin), facts(proof="nonsense"))
    assert "not your present password" in wrong.text
    assert rows(admin.world) == []
    right = admin.post(url(admin), facts(proof="Tractor-Lantern-42!"))
    assert right.status_code == 200
    assert 'name="proof"' not in admin.get(url(admin, "/new")).text


def test_revoking_asks_and_shuts_out_at_once(admin: Person, program: Program) -> None:
    row = rows(admin.world)[0]
    asked = admin.get(url(admin, f"/{row.public_id}/revocations/confirm"))
    assert "Revoke “Ticket system” now?" in html.unescape(asked.text)
    answer = admin.post(url(admin, f"/{row.public_id}/revocations"))
    assert answer.status_code == 303
    assert program.get("/organisation").status_code == 401
    assert "Revoked" in admin.get(url(admin)).text
    assert admin.post(url(admin, f"/{row.public_id}/revocations")).status_code == 303


def test_another_organisations_token_is_unknown(stranger: Person, program: Program) -> None:
    row = rows(program.world)[0]
    own = f"/o/{stranger.world.globex}/api-tokens/{row.public_id}"
    assert stranger.get(own).status_code == 404
    assert stranger.post(f"{own}/revocations").status_code == 404
