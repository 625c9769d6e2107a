"""Asking again before what is dangerous (P-9)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from tests.accounts.conftest import ADMIN, PASSWORD, Door
from tests.accounts.phones import set_up
from tests.cast import Person, World
from webapp.accounts.models import User, UserSession
from webapp.core.access import access_of
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.web import Portal
from webapp.orgs.permissions import Permission

pytestmark = pytest.mark.feature("P-9")

NEW_USER = {
    "name": "Nils Ünal",
    "username": "nils",
    "email": "nils@acme.test",
    "language": "de",
    "csv_delimiter": "semicolon",
    "csv_thousands": "point",
    "password": "",
}
Fields = list[tuple[str, str]]


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(utcnow(), tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def later(clock: time_machine.Coordinates, door: Door, admin: Person) -> Door:
    """The administrator signed in eleven minutes ago."""
    clock.shift(timedelta(minutes=11))
    return door


def users(world: World) -> str:
    return f"/o/{world.acme}/users/new"


def new_user(world: World) -> Fields:
    return [
        *NEW_USER.items(),
        ("organisation", world.acme),
        ("roles", "reader"),
        ("roles", "printer_admin"),
    ]


def post(person: Person, url: str, fields: Fields, **more: Any) -> Any:
    data: MultiDict[str, str] = MultiDict(fields)
    return person.post(url, {name: data.getlist(name) for name in data}, **more)


def carried_by(page: str) -> Fields:
    """What the question posts again."""
    form = page.partition('<form class="form"')[2].partition("</form>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    return [(html.unescape(n), html.unescape(v)) for n, v in found if n != "csrf_token"]


def exists(door: Door, email: str) -> bool:
    with door.world.portal.app_context():
        return db.session.scalar(select(User.id).where(User.email == email)) is not None


def test_within_ten_minutes_nobody_asks(
    clock: time_machine.Coordinates, door: Door, admin: Person
) -> None:
    clock.shift(timedelta(minutes=9, seconds=59))
    assert post(admin, users(door.world), new_user(door.world)).status_code == 303
    assert exists(door, "nils@acme.test")


def test_afterwards_a_form_is_answered_with_the_question(later: Door, admin: Person) -> None:
    answer = post(admin, users(later.world), new_user(later.world))
    assert answer.status_code == 403
    assert "Is it still you?" in answer.text
    assert not exists(later, "nils@acme.test")


def test_the_question_brings_everything_along(later: Door, admin: Person) -> None:
    fields = new_user(later.world)
    question = post(admin, users(later.world), fields)
    assert sorted(carried_by(question.text)) == sorted(fields)
    again = [*carried_by(question.text), ("step_up", PASSWORD)]
    answer = post(admin, users(later.world), again)
    assert answer.status_code == 303, answer.text
    page = admin.get(answer.location).text
    assert "Nils Ünal" in page
    assert "Printer administrator" in page


def test_hostile_text_is_carried_unchanged(later: Door, admin: Person) -> None:
    hostile = '"><script>alert(1)</script>\r\n{{ 7 * 7 }}&amp;'
    fields = [*new_user(later.world), ("note", hostile), ("note", "")]
    page = post(admin, users(later.world), fields).text
    assert "<script>alert" not in page
    assert ("note", hostile) in carried_by(page)
    assert ("note", "") in carried_by(page)


def test_a_wrong_password_keeps_the_form(later: Door, admin: Person) -> None:
    fields = new_user(later.world)
    answer = post(admin, users(later.world), [*fields, ("step_up", "wrong")])
    assert answer.status_code == 422
    assert "not your present password" in answer.text
    assert sorted(carried_by(answer.text)) == sorted(fields)
    assert "wrong" not in "".join(value for _, value in carried_by(answer.text))
    assert not exists(later, "nils@acme.test")
    assert later.audit()[-1].event == "accounts:proof:refused"


def test_an_empty_answer_asks_again(later: Door, admin: Person) -> None:
    answer = post(admin, users(later.world), [*new_user(later.world), ("step_up", "")])
    assert answer.status_code == 422
    assert "Enter your password once more" in answer.text


def test_it_can_not_be_guessed(later: Door, admin: Person) -> None:
    wrong = [*new_user(later.world), ("step_up", "wrong")]
    right = [*new_user(later.world), ("step_up", PASSWORD)]
    url = users(later.world)
    assert [post(admin, url, wrong).status_code for _ in range(6)] == [422] * 5 + [429]
    answer = post(admin, url, right)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 600
    assert ("name", "Nils Ünal") in carried_by(answer.text)
    assert not exists(later, "nils@acme.test")


def test_the_proof_stands_though_the_form_is_refused(later: Door, admin: Person) -> None:
    """What is mended afterwards is not asked for twice."""
    fields = [(n, "no @ here" if n == "email" else v) for n, v in new_user(later.world)]
    answer = post(admin, users(later.world), [*fields, ("step_up", PASSWORD)])
    assert answer.status_code == 422
    assert "Is it still you?" not in answer.text
    assert post(admin, users(later.world), new_user(later.world)).status_code == 303


def test_the_proof_is_this_sessions_alone(later: Door, admin: Person) -> None:
    admin.post("/me/proof", {"step_up": PASSWORD, "next": "/me/sessions"})
    with later.world.portal.app_context():
        proved = db.session.scalars(
            select(UserSession.proved_at).where(UserSession.user_id == admin.user_id)
        ).all()
    assert proved == [utcnow()]


def test_the_page_of_the_question_leads_back(later: Door, admin: Person) -> None:
    assert "Is it still you?" in admin.get("/me/proof?next=/me/sessions").text
    wrong = admin.post("/me/proof", {"step_up": "wrong", "next": "/me/sessions"})
    assert wrong.status_code == 422
    assert 'value="/me/sessions"' in wrong.text
    answer = admin.post("/me/proof", {"step_up": PASSWORD, "next": "/me/sessions"})
    assert answer.location == "/me/sessions"
    assert admin.get("/me/proof?next=/me/password").location == "/me/password"


@pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test", "/\\evil.test", "x"])
def test_it_leads_nowhere_else(later: Door, admin: Person, target: str) -> None:
    answer = admin.post("/me/proof", {"step_up": PASSWORD, "next": target})
    assert answer.location == "/"


def test_a_code_of_the_phone_proves_as_well_and_counts_once(
    clock: time_machine.Coordinates, door: Door, admin: Person
) -> None:
    phone, _ = set_up(admin)
    clock.shift(timedelta(minutes=11))
    code = phone.code()
    assert "six digits" in admin.get("/me/proof").text
    assert admin.post("/me/proof", {"step_up": phone.wrong()}).status_code == 422
    assert admin.post("/me/proof", {"step_up": code}).status_code == 303
    clock.shift(timedelta(minutes=11))
    assert admin.post("/me/proof", {"step_up": code}).status_code == 422
    assert admin.post("/me/proof", {"step_up": PASSWORD}).status_code == 303


def test_a_fragment_is_led_to_the_page_and_back(later: Door, admin: Person) -> None:
    answer = admin.post(
        "/me/two-factor/endings",
        headers={
            "HX-Request-Type": "partial",
            "HX-Current-URL": "http://localhost/me/two-factor?tab=1",
        },
    )
    assert answer.headers["HX-Redirect"] == "/me/proof?next=/me/two-factor?tab%3D1"


def test_who_may_not_is_told_so_before_being_asked(
    clock: time_machine.Coordinates, door: Door, reader: Person, stranger: Person
) -> None:
    clock.shift(timedelta(minutes=11))
    page = post(reader, users(door.world), new_user(door.world))
    assert page.status_code == 403
    assert "Is it still you?" not in page.text
    assert post(stranger, users(door.world), new_user(door.world)).status_code == 404


def test_the_question_needs_the_csrf_token(later: Door, admin: Person) -> None:
    answer = admin.client.post("/me/proof", data={"step_up": PASSWORD})
    assert answer.status_code == 400


def test_setting_up_a_phone_needs_a_proof(later: Door, admin: Person) -> None:
    """An open screen is not enough to lock its owner out."""
    assert admin.post("/me/two-factor/setups").status_code == 403
    assert later.user(ADMIN).totp_sealed is None


def test_what_hands_out_power_asks(portal: Portal) -> None:
    """Every post about users, and one's own second step and address."""
    asking = {
        rule.endpoint
        for rule in portal.url_map.iter_rules()
        if getattr(portal.view_functions[rule.endpoint], "__asks_proof__", False)
    }
    for rule in portal.url_map.iter_rules():
        is_post = "POST" in (rule.methods or ())
        is_of_users = rule.rule.startswith("/o/<org>/users")
        if is_post and is_of_users and access_of(portal, rule.endpoint) is Permission.USERS_EDIT:
            assert rule.endpoint in asking, rule
    own = {"begin_two_factor", "end_two_factor", "renew_recovery_codes"}
    assert {f"accounts.{name}" for name in own} <= asking
