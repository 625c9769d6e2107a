"""A permission is asked for, given or refused, and the asker is told (P-15)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from tests.cast import Person, World, sign_in
from tests.orgs.trees import Tree, events, mails, membership, person, tree, user
from tests.printers.desk import text_of
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.notices.models import Notification
from webapp.orgs.models import Membership
from webapp.orgs.permission_requests import PermissionRequest
from webapp.orgs.permissions import Permission

__all__ = ["tree"]
pytestmark = pytest.mark.feature("P-15")

AUDIT = Permission.AUDIT_READ


def ask(who: Person, organisation: str, permission: str = AUDIT, **more: str) -> TestResponse:
    form = {"permission": permission, **more}
    return who.post(f"/o/{organisation}/permission-requests", form)


def stored(world: World) -> list[PermissionRequest]:
    with world.portal.app_context(), unscoped("looking"):
        return list(db.session.scalars(select(PermissionRequest).order_by(PermissionRequest.id)))


def place(world: World, more: str = "", organisation: str = "") -> str:
    (row,) = stored(world)
    return f"/o/{organisation or world.acme}/permission-requests/{row.public_id}{more}"


def bell(world: World, email: str) -> list[tuple[str, str, str]]:
    with world.portal.app_context(), unscoped("looking"):
        wanted = Notification.user_id == user(world, email).id
        rows = db.session.scalars(select(Notification).where(wanted).order_by(Notification.id))
        return [(row.title, row.detail, row.url) for row in rows]


def test_asking_leads_the_administrators_to_the_request(
    admin: Person, reader: Person, world: World
) -> None:
    ask(reader, world.acme, message="For the yearly review.")
    ((title, detail, url),) = bell(world, "admin@acme.test")
    assert title == "Reader asks for: Read the audit log"
    assert detail == "For the yearly review."
    assert url == place(world)
    assert f"http://localhost{url}" in (mails(world, "right_asked")[0].text or "")
    page = text_of(admin.get(url).text)
    assert "Reader asks for: Read the audit log" in page
    assert "For the yearly review." in page
    assert "1 permission is asked for" in admin.get(f"/o/{world.acme}/users").text
    listed = text_of(admin.get(f"/o/{world.acme}/permission-requests").text)
    assert "Reader Open Read the audit log" in listed


def test_given_it_is_a_single_permission_and_the_asker_is_told(
    admin: Person, reader: Person, world: World
) -> None:
    ask(reader, world.acme)
    assert reader.get(f"/o/{world.acme}/audit").status_code == 403
    assert admin.post(place(world, "/grants")).status_code == 303
    assert reader.get(f"/o/{world.acme}/audit").status_code == 200
    found = membership(world, "reader@acme.test", world.acme_id)
    assert found is not None
    assert (found.roles, found.grants) == (["reader"], [AUDIT.value])
    (row,) = stored(world)
    assert (row.state, row.decided_by) == ("granted", "Admin")
    assert bell(world, "reader@acme.test")[0][0] == "You may now: Read the audit log"
    told = [m for m in mails(world, "notification") if m.recipient == "reader@acme.test"]
    assert len(told) == 1
    assert events(world, world.acme_id) == [
        "organisation:right:asked",
        "organisation:membership:rights_changed",
        "organisation:right:granted",
    ]
    assert "Given" in text_of(reader.get(f"/o/{world.acme}/rights").text)


def test_refused_the_asker_reads_why(admin: Person, reader: Person, world: World) -> None:
    ask(reader, world.acme)
    empty = admin.post(place(world, "/refusals"), {"answer": "  "})
    assert empty.status_code == 422
    assert "Say why" in empty.text
    assert (
        admin.post(place(world, "/refusals"), {"answer": "Ask Carla instead."}).status_code == 303
    )
    title, detail, _url = bell(world, "reader@acme.test")[0]
    assert (title, detail) == ("Refused: Read the audit log", "Ask Carla instead.")
    assert reader.get(f"/o/{world.acme}/audit").status_code == 403
    assert "Ask Carla instead." in reader.get(f"/o/{world.acme}/rights").text
    assert events(world, world.acme_id)[-1] == "organisation:right:refused"


def test_who_was_refused_asks_again_a_day_later(
    admin: Person, reader: Person, world: World
) -> None:
    ask(reader, world.acme)
    admin.post(place(world, "/refusals"), {"answer": "No."})
    again = ask(reader, world.acme)
    assert "again in 24 hours" in reader.get(again.location).text
    assert len(stored(world)) == 1
    with time_machine.travel(utcnow() + timedelta(hours=25), tick=False):
        ask(sign_in(world, "reader@acme.test"), world.acme)
    assert [r.state for r in stored(world)] == ["refused", "open"]


@pytest.mark.parametrize(("first", "second"), [("grants", "refusals"), ("refusals", "grants")])
def test_decided_once(admin: Person, reader: Person, world: World, first: str, second: str) -> None:
    ask(reader, world.acme)
    admin.post(place(world, f"/{first}"), {"answer": "No."})
    late = admin.post(place(world, f"/{second}"), {"answer": "No."})
    assert late.status_code == 409
    assert "Admin has" in text_of(late.text)
    assert len(bell(world, "reader@acme.test")) == 1


def test_of_two_administrators_at_once_one_decides(
    admin: Person, reader: Person, world: World
) -> None:
    person(world, "second@acme.test", (world.acme, "administrator"))
    ask(reader, world.acme)
    calls = [
        (admin, place(world, "/grants")),
        (sign_in(world, "second@acme.test"), place(world, "/refusals")),
    ]
    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(lambda c: c[0].post(c[1], {"answer": "No."}).status_code, calls))
    assert sorted(codes) == [303, 409]
    assert len(bell(world, "reader@acme.test")) == 1


def test_two_clicks_at_once_ask_once(reader: Person, world: World) -> None:
    people = [reader, sign_in(world, "reader@acme.test")]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda p: ask(p, world.acme), people))
    assert len(stored(world)) == 1
    assert len(mails(world, "right_asked")) == 1


@pytest.mark.feature("P-9")
def test_giving_asks_for_a_fresh_proof(admin: Person, reader: Person, world: World) -> None:
    ask(reader, world.acme)
    with time_machine.travel(utcnow() + timedelta(minutes=11), tick=False):
        assert admin.post(place(world, "/grants")).status_code == 403
    assert stored(world)[0].state == "open"


@pytest.mark.feature("P-13")
def test_nobody_gives_what_they_lack_themselves(reader: Person, world: World) -> None:
    from tests import make
    from webapp.orgs.models import Organisation

    with world.portal.app_context(), unscoped("somebody"):
        row = make.user("clerk@acme.test", name="Clerk")
        acme = db.session.get_one(Organisation, world.acme_id)
        grants = [Permission.USERS_EDIT.value, Permission.USERS_READ.value]
        make.membership(row, acme, grants=grants)
        commit()
    ask(reader, world.acme)
    clerk = sign_in(world, "clerk@acme.test")
    assert "so you can't give it" in text_of(clerk.get(place(world)).text)
    answer = clerk.post(place(world, "/grants"))
    assert answer.status_code == 422
    assert "Read the audit log" in answer.text
    assert stored(world)[0].state == "open"


def test_who_asks_below_is_given_it_there(tree: Tree) -> None:
    world = tree.world
    reader = sign_in(world, "reader@acme.test")
    ask(reader, tree.fjord)
    admin = sign_in(world, "admin@acme.test")
    assert admin.post(place(world, "/grants", tree.fjord)).status_code == 303
    assert reader.get(f"/o/{tree.fjord}/audit").status_code == 200
    assert reader.get(f"/o/{tree.north}/audit").status_code == 403


def test_who_has_left_is_given_nothing(admin: Person, reader: Person, world: World) -> None:
    ask(reader, world.acme)
    with world.portal.app_context(), unscoped("leaving"):
        gone = user(world, "reader@acme.test").id
        db.session.execute(delete(Membership).where(Membership.user_id == gone))
        commit()
    answer = admin.post(place(world, "/grants"))
    assert answer.status_code == 409
    assert "does not belong to this organisation any more" in text_of(answer.text)
    assert membership(world, "reader@acme.test", world.acme_id) is None


@pytest.mark.feature("P-11")
def test_strangers_and_readers_decide_nothing(
    reader: Person, stranger: Person, world: World
) -> None:
    ask(reader, world.acme)
    assert reader.get(place(world)).status_code == 403
    assert reader.post(place(world, "/grants")).status_code == 403
    for more in ("", "/grants", "/refusals"):
        url = place(world, more, world.globex)
        call = stranger.get(url) if not more else stranger.post(url, {"answer": "x"})
        assert call.status_code == 404
    assert stored(world)[0].state == "open"
