"""One's own password, sessions and profile (P-2, P-7)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.accounts.conftest import ADMIN, OTHER_PASSWORD, PASSWORD, Door
from tests.cast import Person, sign_in
from webapp.accounts import jobs
from webapp.accounts.models import PasswordReset, UserSession
from webapp.accounts.user_agents import in_words
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.web import Portal

CHANGE = {"old_password": PASSWORD, "password": OTHER_PASSWORD, "again": OTHER_PASSWORD}
PROFILE = {
    "name": "Ada Łęcka",
    "language": "pl",
    "csv_delimiter": "semicolon",
    "csv_thousands": "space",
}


def ids_of(door: Door, email: str = ADMIN) -> list[str]:
    """Public ids of a person's sessions, the oldest first."""
    with door.world.portal.app_context():
        return list(
            db.session.scalars(
                select(UserSession.public_id)
                .where(UserSession.user_id == door.world.user_ids[email])
                .order_by(UserSession.id)
            )
        )


@pytest.mark.feature("P-7")
def test_changing_the_password_ends_all_other_sessions_and_tells(door: Door, admin: Person) -> None:
    other = sign_in(door.world, ADMIN)
    answer = admin.post("/me/password", CHANGE)
    assert answer.location == "/me/password"
    assert "Your password is changed" in admin.get("/me/password").text
    assert other.get("/me/profile").status_code == 303
    assert door.try_in(password=PASSWORD).status_code == 422
    assert door.try_in(password=OTHER_PASSWORD).status_code == 303
    assert [to for to, _ in door.mails("password_changed")] == [ADMIN]
    assert door.audit()[0].event == "accounts:password:changed"


@pytest.mark.feature("P-2")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"old_password": "wrong"}, "not your present password"),
        ({"old_password": ""}, "Enter your present password"),
        ({"password": "short", "again": "short"}, "at least 12 characters"),
        ({"password": PASSWORD, "again": PASSWORD}, "the password you have now"),
        ({"again": "other"}, "two passwords differ"),
        ({"password": "Admin.Acme.Test-1", "again": "Admin.Acme.Test-1"}, "user name or e-mail"),
        ({"password": "A1-" + "x" * 300, "again": "A1-" + "x" * 300}, "At most 256"),
    ],
)
def test_a_bad_change_changes_nothing(
    door: Door, admin: Person, change: dict[str, str], words: str
) -> None:
    answer = admin.post("/me/password", {**CHANGE, **change})
    assert answer.status_code == 422
    assert words in answer.text
    assert door.try_in(password=PASSWORD).status_code == 303
    assert door.mails("password_changed") == []


def test_the_old_password_cannot_be_guessed_from_an_open_screen(door: Door, admin: Person) -> None:
    wrong = {**CHANGE, "old_password": "wrong"}
    assert [admin.post("/me/password", wrong).status_code for _ in range(6)] == [422] * 5 + [429]
    answer = admin.post("/me/password", CHANGE)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 600


@pytest.mark.feature("P-7")
def test_sessions_are_listed_in_words(door: Door, admin: Person) -> None:
    door.try_in(browser=door.firefox(), address="203.0.113.99")
    page = admin.get("/me/sessions").text
    assert "Firefox 128 on Android" in page
    assert "203.0.113.99" in page
    assert page.count(">this one<") == 1
    assert page.count("/endings") == 2


@pytest.mark.feature("P-7")
def test_one_session_is_ended(door: Door, admin: Person) -> None:
    other = sign_in(door.world, ADMIN)
    answer = admin.post(f"/me/sessions/{ids_of(door)[1]}/endings")
    assert answer.location == "/me/sessions"
    assert other.get("/me/profile").status_code == 303
    assert admin.get("/me/profile").status_code == 200
    assert door.audit()[-1].event == "accounts:session:ended"


@pytest.mark.feature("P-7")
def test_all_others_are_ended(door: Door, admin: Person, stranger: Person) -> None:
    others = [sign_in(door.world, ADMIN) for _ in range(3)]
    admin.post("/me/sessions/endings")
    assert "3 other sessions ended" in admin.get("/me/sessions").text
    assert [o.get("/me/profile").status_code for o in others] == [303] * 3
    assert stranger.get("/me/profile").status_code == 200
    admin.post("/me/sessions/endings")
    assert len(door.audit()) == 1


def test_ending_this_one_is_signing_out(door: Door, admin: Person) -> None:
    assert admin.post(f"/me/sessions/{ids_of(door)[0]}/endings").location == "/sign-in"
    assert admin.get("/me/profile").status_code == 303


@pytest.mark.feature("P-7")
def test_nobody_ends_somebody_elses_session(
    door: Door, admin: Person, reader: Person, stranger: Person
) -> None:
    [mine] = ids_of(door)
    for person in (reader, stranger):
        assert person.post(f"/me/sessions/{mine}/endings").status_code == 404
    assert admin.get("/me/profile").status_code == 200
    assert admin.post("/me/sessions/unknown/endings").status_code == 404


def test_an_ended_session_is_not_ended_again(door: Door, admin: Person) -> None:
    sign_in(door.world, ADMIN)
    path = f"/me/sessions/{ids_of(door)[1]}/endings"
    assert admin.post(path).status_code == 303
    assert admin.post(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/me/profile", "/me/password", "/me/sessions", "/me/first-password"]
)
def test_nobody_else_sees_these_pages(visitor: Person, path: str) -> None:
    assert visitor.get(path).location == f"/sign-in?next={path}"
    assert visitor.post(path).status_code in (303, 405)


def test_the_profile_is_changed(door: Door, admin: Person) -> None:
    assert admin.post("/me/profile", PROFILE).location == "/me/profile"
    user = door.user()
    assert (user.name, user.sort_name) == ("Ada Łęcka", "ada łecka")
    assert (user.language, user.csv_delimiter, user.csv_thousands) == ("pl", ";", " ")
    page = admin.get("/me/profile").text
    assert 'value="Ada Łęcka"' in page
    assert '<html lang="pl"' in page
    assert ADMIN in page
    [row] = door.audit()
    assert row.payload is not None
    assert "name" in row.payload["detail"]["fields"]


def test_a_tab_is_a_delimiter_too(door: Door, admin: Person) -> None:
    admin.post("/me/profile", {**PROFILE, "csv_delimiter": "tab"})
    assert door.user().csv_delimiter == "\t"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"csv_delimiter": "comma", "csv_thousands": "comma"}, "must differ"),
        ({"name": "   "}, "Enter your name"),
        ({"name": "x" * 121}, "At most 120"),
        ({"language": "xx"}, "Not a valid choice"),
        ({"csv_delimiter": "|"}, "Not a valid choice"),
        ({"csv_thousands": ""}, "Not a valid choice"),
    ],
)
def test_a_bad_profile_changes_nothing(
    door: Door, admin: Person, change: dict[str, str], words: str
) -> None:
    answer = admin.post("/me/profile", {**PROFILE, **change})
    assert answer.status_code == 422
    assert words in answer.text
    assert door.user().name == "Admin"


def test_neither_email_nor_rights_are_ones_own_to_change(door: Door, admin: Person) -> None:
    admin.post("/me/profile", {**PROFILE, "email": "x@evil.test", "is_operator": "1"})
    user = door.user()
    assert user.email == ADMIN
    assert not user.is_operator


@given(
    st.dictionaries(
        st.sampled_from([*PROFILE, "old_password", "password", "again"]), st.text(max_size=300)
    ),
    st.sampled_from(["/me/profile", "/me/password", "/me/first-password", "/forgotten"]),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_typed_breaks_a_page(admin: Person, data: dict[str, str], path: str) -> None:
    assert admin.post(path, data).status_code < 500


KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"{KHTML} Chrome/126.0.0.0"
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5"


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        (
            f"(Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/126.0.1",
            "Edge 126 on Windows",
        ),
        (f"(Linux; Android 10; K) {CHROME} Mobile Safari/537.36", "Chrome 126 on Android"),
        (f"(X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36", "Chrome 126 on ChromeOS"),
        (
            f"(iPhone; CPU iPhone OS 17_5 like Mac OS X) {WEBKIT} Mobile/15E148 Safari/604.1",
            "Safari 17 on iPhone",
        ),
        (f"(Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Safari/605.1.15", "Safari 17 on macOS"),
        ("(X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128 on Linux"),
        ("", "Unknown browser"),
    ],
)
def test_browsers_are_named_in_words(ground: Portal, rest: str, words: str) -> None:
    assert in_words(f"Mozilla/5.0 {rest}") == words


def test_old_rows_are_swept(door: Door, admin: Person) -> None:
    with door.world.portal.app_context():
        now, user_id = utcnow(), door.world.user_ids[ADMIN]
        old = now - timedelta(days=32)
        for at in (old, now):
            db.session.add(
                PasswordReset(
                    user_id=user_id, token_digest=str(at).encode(), created_at=at, expires_at=at
                )
            )
        session = db.session.scalars(select(UserSession)).one()
        session.last_seen_at = old
        commit()
        jobs.forget_old_rows()
        assert db.session.scalars(select(UserSession)).all() == []
        assert len(db.session.scalars(select(PasswordReset)).all()) == 1
