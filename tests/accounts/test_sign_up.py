"""An account of one's own, and the company that one founds with it (P-8)."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.accounts.conftest import ADMIN, OTHER_PASSWORD, PASSWORD, Door
from tests.cast import Person
from webapp.accounts import jobs
from webapp.accounts.models import SignUp, User
from webapp.core.clock import utcnow
from webapp.core.crypto import digest
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.mail import types
from webapp.mail.models import Mail
from webapp.orgs.models import Membership, Organisation
from webapp.orgs.routes import sign_up as routes
from webapp.orgs.services.accounts import free_username

pytestmark = pytest.mark.feature("P-8")

NEW = "nina@new.test"
FORM = {
    "name": "Nina Neu",
    "email": NEW,
    "password": PASSWORD,
    "again": PASSWORD,
    "language": "de",
}
COMPANY = {
    "name": "Neu AB",
    "country": "SE",
    "time_zone": "Europe/Stockholm",
    "language": "sv",
    "nonce": "n1",
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "TAKES_SECONDS", 0.0)


def sign_up(door: Door, address: str = "203.0.113.7", **changed: str) -> int:
    answer = door.browser().post(
        "/sign-up", {**FORM, **changed}, environ_overrides={"REMOTE_ADDR": address}
    )
    if answer.status_code == 303:
        assert answer.location == "/sign-up/sent"
    return answer.status_code


def links(door: Door) -> list[str]:
    texts = [text for _, text in door.mails("confirm_email")]
    found = [re.search(r"http://localhost(/sign-up/[\w-]+)", text) for text in texts]
    return [match[1] for match in found if match]


def link(door: Door, **changed: str) -> str:
    assert sign_up(door, **changed) == 303
    return links(door)[-1]


def people(door: Door) -> list[str]:
    with door.world.portal.app_context():
        return list(db.session.scalars(select(User.email)))


def nina(door: Door) -> Person:
    """Signed up, confirmed, signed in."""
    browser = door.browser()
    assert browser.post(link(door), {"password": PASSWORD}).location == "/"
    return browser


def test_the_mailed_link_makes_the_account_and_signs_in(door: Door) -> None:
    path = link(door)
    assert door.mails("confirm_email")[0][0] == NEW
    assert NEW not in people(door)
    browser = door.browser()
    assert "Nina Neu" in browser.get(path).text
    assert browser.post(path, {"password": PASSWORD}).location == "/"
    page = browser.get(browser.get("/").location)
    assert page.status_code == 200
    assert '<html lang="de"' in page.text
    user = door.user(NEW)
    assert (user.username, user.name, user.language) == ("nina", "Nina Neu", "de")
    assert door.try_in(NEW).status_code == 303
    assert door.try_in("nina").status_code == 303
    assert "accounts:user:signed_up" in [row.event for row in door.audit()]


def test_before_the_link_nothing_works(door: Door) -> None:
    link(door)
    assert door.try_in(NEW).status_code == 422


def test_one_has_a_hidden_space_of_ones_own(door: Door) -> None:
    nina(door)
    with door.world.portal.app_context(), unscoped("looking"):
        own = db.session.scalars(
            select(Organisation).join(Membership).where(Membership.user_id == door.user(NEW).id)
        ).all()
    assert [(o.kind, o.personal_user_id) for o in own] == [("personal", door.user(NEW).id)]


def test_the_link_alone_opens_nothing(door: Door) -> None:
    """Who did not choose the password does not bring a stranger's account to life."""
    path = link(door)
    answer = door.browser().post(path, {"password": OTHER_PASSWORD})
    assert answer.status_code == 422
    assert "not the password that you chose" in answer.text
    assert door.browser().post(path, {}).status_code == 422
    assert NEW not in people(door)
    assert door.browser().post(path, {"password": PASSWORD}).status_code == 303


def test_its_password_can_not_be_guessed(door: Door) -> None:
    path = link(door)
    codes = [door.browser().post(path, {"password": "wrong"}).status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]


def test_looking_does_not_use_the_link(door: Door) -> None:
    path = link(door)
    for _ in range(3):
        assert door.browser().client.head(path).status_code == 200
    assert NEW not in people(door)


def test_a_link_works_once(door: Door) -> None:
    path = link(door)
    door.browser().post(path, {"password": PASSWORD})
    assert door.browser().get(path).status_code == 410
    assert door.browser().post(path, {"password": PASSWORD}).status_code == 410


def test_of_two_at_the_same_moment_one_wins(door: Door) -> None:
    first, second = link(door), link(door)
    paths = [first, first, second, second]
    with ThreadPoolExecutor(4) as pool:
        codes = Counter(
            pool.map(
                lambda path: door.browser().post(path, {"password": PASSWORD}).status_code, paths
            )
        )
    assert codes == {303: 1, 410: 3}
    assert people(door).count(NEW) == 1


def test_a_link_lives_a_day(door: Door) -> None:
    with time_machine.travel(utcnow(), tick=True) as clock:
        path = link(door)
        clock.shift(timedelta(hours=23, minutes=59))
        assert door.browser().get(path).status_code == 200
        clock.shift(timedelta(minutes=2))
        expired = door.browser().get(path)
        unknown = door.browser().get(f"/sign-up/{'a' * 43}")
        assert (expired.status_code, unknown.status_code) == (410, 410)
        assert expired.text.count("can&#39;t be used") == unknown.text.count("can&#39;t be used")
        with door.world.portal.app_context():
            jobs.forget_old_rows()
            assert db.session.scalars(select(SignUp)).all() == []


@pytest.mark.parametrize("token", ["x", "ä-ö", "%20", "a" * 5000])
def test_an_unknown_link_is_the_same_page(door: Door, token: str) -> None:
    assert door.browser().get(f"/sign-up/{token}").status_code == 410


def test_a_known_address_is_answered_alike_and_its_owner_told(door: Door) -> None:
    assert sign_up(door, email=ADMIN.upper(), language="it") == 303
    assert door.mails("confirm_email") == []
    [(recipient, text)] = door.mails("notification")
    assert recipient == ADMIN
    assert "already have an account" in text
    door.change(ADMIN, deactivated_at=utcnow())
    assert sign_up(door, email=ADMIN) == 303
    assert len(door.mails("notification")) == 1


def test_the_answer_takes_the_same_time(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    moments: list[float] = []
    monkeypatch.setattr(routes, "TAKES_SECONDS", 1000.0)
    monkeypatch.setattr(routes, "pause_until", moments.append)
    began = routes.time.monotonic()
    sign_up(door)
    sign_up(door, email=ADMIN)
    assert len(moments) == 2
    assert all(1000 <= moment - began < 1010 for moment in moments)


def test_an_address_taken_meanwhile_is_not_given_twice(door: Door) -> None:
    path = link(door)
    door.change(ADMIN, username="other")
    with door.world.portal.app_context():
        admin = db.session.scalars(select(User).where(User.email == ADMIN)).one()
        admin.email = NEW.upper()
        commit()
    assert door.browser().post(path, {"password": PASSWORD}).status_code == 410


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "  "}, "Enter your name"),
        ({"name": "x" * 121}, "At most 120"),
        ({"email": ""}, "Enter your e-mail"),
        ({"email": "nobody"}, "not a mail address"),
        ({"email": f"{NEW}\r\nBcc: all@acme.test"}, "not a mail address"),
        ({"password": "short", "again": "short"}, "at least 12 characters"),
        ({"again": "other"}, "two passwords differ"),
        ({"password": "Nina.New.Test-1", "again": "Nina@New.Test-1"}, "two passwords differ"),
        ({"language": "xx"}, "Not a valid choice"),
    ],
)
def test_bad_entries_are_said(door: Door, change: dict[str, str], words: str) -> None:
    answer = door.browser().post("/sign-up", {**FORM, **change})
    assert answer.status_code == 422
    assert words in answer.text
    assert PASSWORD not in answer.text
    assert door.mails("confirm_email") == []


def test_neither_portal_nor_mailbox_can_be_flooded(door: Door) -> None:
    codes = [sign_up(door, email=f"n{n}@new.test") for n in range(11)]
    assert codes == [303] * 10 + [429]
    for number in range(5):
        assert sign_up(door, address=f"198.51.100.{number}") == 303
    assert [to for to, _ in door.mails("confirm_email")].count(NEW) == 3


@given(st.dictionaries(st.sampled_from(list(FORM)), st.text(max_size=300)))
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_typed_breaks_the_page(door: Door, data: dict[str, str]) -> None:
    assert door.browser().post("/sign-up", {**FORM, **data}).status_code < 500


def test_only_digests_are_kept(door: Door) -> None:
    token = link(door).rpartition("/")[2]
    with door.world.portal.app_context(), unscoped("the test reads the rows"):
        row = db.session.scalars(select(SignUp)).one()
        assert row.token_digest == digest(token)
        assert row.password_hash.startswith("$argon2id$")
        mail = db.session.scalars(select(Mail)).one()
        assert token not in (mail.html or "") + (mail.text or "")


def test_sending_again_makes_a_new_link(door: Door) -> None:
    old = link(door)
    with door.world.portal.test_request_context(), unscoped("the operator sends it again"):
        renewal = types.renewal_of("confirm_email")
        assert renewal is not None
        renewal(db.session.scalars(select(Mail)).one())
        commit()
    assert door.browser().get(old).status_code == 410
    assert door.browser().get(links(door)[-1]).status_code == 200


def test_the_sign_in_page_leads_here_and_who_is_in_needs_it_not(door: Door, admin: Person) -> None:
    assert 'href="/sign-up"' in door.browser().get("/sign-in").text
    assert admin.get("/sign-up").location == "/"
    assert admin.post("/sign-up", FORM).location == "/"


@pytest.mark.parametrize(
    ("wanted", "name"),
    [("nina", "nina"), ("ADMIN.acme.test", "ADMIN.acme.test2"), ("x", "userx"), ("+", "user")],
)
def test_user_names_are_made_of_the_address(door: Door, wanted: str, name: str) -> None:
    with door.world.portal.app_context():
        assert free_username(wanted) == name


# The personal home


def test_home_offers_a_company_and_tells_of_invitations(door: Door) -> None:
    person = nina(door)
    door.change(NEW, language="en")
    page = person.get(person.get("/").location).text
    assert "/me/companies/new" in page
    assert "Accept an invitation" in page
    assert NEW in page


def test_who_founds_a_company_administrates_it(door: Door) -> None:
    person = nina(door)
    answer = person.post("/me/companies/new", COMPANY)
    assert answer.status_code == 303, answer.text
    page = person.get(answer.location)
    assert page.status_code == 200
    assert "Neu AB" in page.text
    assert person.get(f"{answer.location}users").status_code == 200
    assert person.post("/me/companies/new", COMPANY).location == answer.location
    with door.world.portal.app_context(), unscoped("looking"):
        company = db.session.scalars(
            select(Organisation).where(Organisation.name == "Neu AB")
        ).one()
        assert (company.parent_id, company.may_create) == (None, False)


@pytest.mark.parametrize("change", [{"name": ""}, {"prefix": "ACME"}, {"country": "XX"}])
def test_a_bad_company_founds_nothing(door: Door, change: dict[str, str]) -> None:
    person = nina(door)
    assert person.post("/me/companies/new", {**COMPANY, **change}).status_code == 422
    with door.world.portal.app_context(), unscoped("looking"):
        names = db.session.scalars(select(Organisation.name)).all()
    assert "Neu AB" not in names


def test_nobody_founds_companies_without_end(door: Door) -> None:
    person = nina(door)
    codes = [
        person.post("/me/companies/new", {**COMPANY, "nonce": f"n{n}"}).status_code
        for n in range(6)
    ]
    assert codes == [303] * 5 + [429]
