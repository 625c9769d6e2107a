"""Signing in and out (P-1)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.accounts.conftest import ADMIN, OTHER_PASSWORD, PASSWORD, READER, Door, hashed
from tests.cast import Person
from webapp.accounts import passwords
from webapp.accounts.models import UserSession
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.core.web import local_target

SHARED = [HealthCheck.function_scoped_fixture]
WRONG = "The user name, the e-mail address or the password is wrong."


@pytest.mark.feature("P-1")
@pytest.mark.parametrize(
    "name", [ADMIN, "ADMIN@Acme.Test", "admin.acme.test", "Admin.ACME.test", f"  {ADMIN} "]
)
def test_user_name_or_email_opens(door: Door, name: str) -> None:
    browser = door.browser()
    answer = door.try_in(name, browser=browser)
    assert (answer.status_code, answer.location) == (303, "/")
    assert browser.get("/me/profile").status_code == 200


@pytest.mark.feature("P-1")
def test_the_page_names_language_status_and_whom_to_ask(door: Door) -> None:
    page = door.browser().get("/sign-in").text
    for part in ("Svenska", "/status", "Show password", "Ask the administrator", "support@"):
        assert part in page


@pytest.mark.feature("P-1")
def test_wrong_entries_are_one_answer(door: Door) -> None:
    door.change(READER, deactivated_at=utcnow())
    answers = [
        door.try_in(name, password)
        for name, password in (
            (ADMIN, "wrong"),
            ("nobody@acme.test", "wrong"),
            ("nobody", PASSWORD),
            (READER, PASSWORD),
            (ADMIN, PASSWORD + " "),
            (ADMIN, "x" * 5000),
        )
    ]
    assert {a.status_code for a in answers} == {422}
    assert all(WRONG in a.text for a in answers)


@pytest.mark.feature("P-1")
def test_unknown_names_cost_a_hash_too(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    computed = []
    real = PasswordHasher.verify

    def counting(self: PasswordHasher, stored: str, password: str) -> bool:
        computed.append(passwords.extract_parameters(stored))
        return real(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    door.change(READER, password_hash=None)
    for name in (ADMIN, "nobody@acme.test", READER):
        door.try_in(name, "wrong")
    assert len(computed) == 3
    assert computed[0] == computed[1] == computed[2]


@pytest.mark.parametrize("data", [{"name": "", "password": "x"}, {"name": "x", "password": ""}, {}])
def test_an_empty_field_is_said_beside_it(door: Door, data: dict[str, str]) -> None:
    answer = door.browser().post("/sign-in", data)
    assert answer.status_code == 422
    assert "Enter your" in answer.text


def test_what_was_typed_stays_but_never_the_password(door: Door) -> None:
    page = door.try_in("somebody", "Secret-1-secret!").text
    assert 'value="somebody"' in page
    assert "Secret-1-secret!" not in page


@pytest.mark.feature("P-1")
def test_one_lands_where_one_wanted_to_go(door: Door) -> None:
    browser = door.browser()
    asked = browser.get("/me/sessions?x=1")
    assert asked.location == "/sign-in?next=/me/sessions?x%3D1"
    assert 'value="/me/sessions?x=1"' in browser.get(asked.location).text
    assert door.try_in(browser=browser, next="/me/sessions?x=1").location == "/me/sessions?x=1"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "\\/evil.test",
        "/\t/evil.test",
        "javascript:alert(1)",
        "evil",
    ],
)
def test_next_leads_nowhere_else(door: Door, target: str) -> None:
    assert door.try_in(next=target).location == "/"


@given(st.text(alphabet="/\\\t\n :@.#?evil", max_size=12))
@settings(max_examples=200, deadline=None)
def test_no_next_leaves_the_portal(target: str) -> None:
    found = local_target(target, "/")
    assert found.startswith("/")
    assert not found.lstrip("\t\n ").startswith(("//", "/\\"))


def test_who_is_signed_in_is_sent_home(door: Door, admin: Person) -> None:
    assert admin.get("/sign-in").location == "/"
    assert admin.get("/sign-in?next=/me/profile").location == "/me/profile"
    assert door.try_in(browser=admin).location == "/"


@pytest.mark.feature("P-1")
def test_a_prepared_cookie_does_not_become_a_session(door: Door) -> None:
    browser = door.browser()
    browser.get("/sign-in")
    with browser.client.session_transaction() as cookie:
        cookie["_user_id"] = "planted"
        cookie["planted"] = "yes"
        cookie["language"] = "it"
    door.try_in(browser=browser)
    with browser.client.session_transaction() as cookie:
        assert cookie["_user_id"] != "planted"
        assert "planted" not in cookie
        assert cookie["language"] == "it"


def test_signing_in_twice_gives_two_tokens(door: Door) -> None:
    tokens = set()
    for _ in range(2):
        browser = door.browser()
        door.try_in(browser=browser)
        with browser.client.session_transaction() as cookie:
            tokens.add(cookie["_user_id"])
    assert len(tokens) == 2


def test_a_form_without_token_is_refused(door: Door) -> None:
    answer = door.browser().client.post("/sign-in", data={"name": ADMIN, "password": PASSWORD})
    assert answer.status_code == 400


@pytest.mark.feature("P-2")
def test_a_hash_of_old_parameters_is_made_anew(door: Door) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    door.change(ADMIN, password_hash=weak)
    assert door.try_in().status_code == 303
    stored = door.user().password_hash
    assert stored is not None
    assert "m=19456,t=2,p=1" in stored
    assert door.try_in().status_code == 303


def test_many_sign_ins_at_once_from_one_browser(door: Door) -> None:
    """Rehash, known browser and log meet there; none of them may refuse the others."""
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    door.change(ADMIN, password_hash=weak)
    seed = door.browser()
    door.try_in(READER, browser=seed)
    known = seed.client.get_cookie("known_browser")
    assert known is not None

    def come(_: int) -> int:
        browser = door.browser()
        browser.client.set_cookie("known_browser", known.value)
        return door.try_in(browser=browser).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(come, range(4))) == [303] * 4


@pytest.mark.feature("P-7")
def test_a_password_changed_meanwhile_opens_nothing(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old password was right when it was looked at; the change ended all sessions since."""
    real = passwords.verify

    def slow(stored: str | None, password: str) -> bool:
        fits = real(stored, password)
        door.change(ADMIN, password_hash=hashed(OTHER_PASSWORD))
        return fits

    monkeypatch.setattr(passwords, "verify", slow)
    browser = door.browser()
    assert door.try_in(browser=browser).status_code == 422
    assert browser.get("/me/profile").status_code == 303


@pytest.mark.feature("P-7")
def test_signing_out_ends_the_session_for_good(door: Door) -> None:
    browser = door.browser()
    door.try_in(browser=browser)
    stolen = browser.client.get_cookie("outpost")
    answer = browser.post("/sign-out")
    assert answer.location == "/sign-in"
    assert "You are signed out." in browser.get("/sign-in").text
    thief = door.browser()
    assert stolen is not None
    thief.client.set_cookie("outpost", stolen.value)
    assert thief.get("/me/profile").status_code == 303


def test_signing_out_is_a_post(admin: Person) -> None:
    assert admin.get("/sign-out").status_code == 405


@pytest.mark.feature("P-7")
def test_a_session_ends_after_twelve_hours_idle(door: Door, admin: Person) -> None:
    def age(hours: float) -> None:
        with door.world.portal.app_context(), unscoped("the test turns the clock"):
            row = db.session.scalars(select(UserSession)).one()
            row.last_seen_at = utcnow() - timedelta(hours=hours)
            db.session.commit()

    age(11.9)
    assert admin.get("/me/profile").status_code == 200
    with door.world.portal.app_context():
        seen = db.session.scalars(select(UserSession.last_seen_at)).one()
        assert utcnow() - seen < timedelta(minutes=1)
    age(12.1)
    assert admin.get("/me/profile").location == "/sign-in?next=/me/profile"


def test_a_deactivated_person_is_out_at_once(door: Door, admin: Person) -> None:
    door.change(ADMIN, deactivated_at=utcnow())
    assert admin.get("/me/profile").status_code == 303


def test_the_log_tells_who_came_and_who_was_refused(door: Door) -> None:
    door.try_in(ADMIN, "My-secret-typo-1")
    door.try_in("My-Passw0rd-typed-as-name", "x")
    browser = door.browser()
    door.try_in(browser=browser)
    browser.post("/sign-out")
    rows = door.audit()
    assert [(r.event, r.organisation_id == door.world.acme_id) for r in rows] == [
        ("accounts:session:refused", True),
        ("accounts:session:refused", False),
        ("accounts:session:opened", True),
        ("accounts:session:ended", True),
    ]
    assert all("secret" not in json.dumps(r.payload) for r in rows)
    assert all("Passw0rd" not in json.dumps(r.payload) for r in rows)
    assert rows[0].payload is not None
    assert rows[0].payload["via"] == "203.0.113.7"


@given(name=st.text(max_size=300), password=st.text(max_size=300), target=st.text(max_size=50))
@settings(max_examples=25, deadline=None, suppress_health_check=SHARED)
def test_nothing_typed_breaks_the_page(door: Door, name: str, password: str, target: str) -> None:
    answer = door.try_in(name, password, next=target, address="198.51.100.1")
    assert answer.status_code in (400, 422, 429)


@pytest.mark.parametrize("address", ["", "unknown", "10.0.0.1:1234", "fe80::1%eth0", "::1"])
def test_whatever_a_proxy_calls_the_address(door: Door, address: str) -> None:
    assert door.try_in(address=address).status_code == 303
