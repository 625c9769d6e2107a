"""The way back in by mail (P-4)."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests.accounts.conftest import ADMIN, OTHER_PASSWORD, PASSWORD, READER, STRANGER, Door
from tests.cast import Person
from webapp.accounts import routes, services
from webapp.accounts.models import PasswordReset
from webapp.core.clock import utcnow
from webapp.core.crypto import digest
from webapp.core.db import commit, db
from webapp.core.errors import Refusal
from webapp.core.tenancy import unscoped
from webapp.mail.models import Mail

pytestmark = pytest.mark.feature("P-4")

NEW = {"password": OTHER_PASSWORD, "again": OTHER_PASSWORD}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "FORGOTTEN_TAKES_SECONDS", 0.0)


def ask(door: Door, name: str = ADMIN, address: str = "203.0.113.7") -> None:
    answer = door.browser().post(
        "/forgotten", {"name": name}, environ_overrides={"REMOTE_ADDR": address}
    )
    assert (answer.status_code, answer.location) == (303, "/forgotten/sent")


def links(door: Door) -> list[str]:
    """The mailed links' paths, the oldest first."""
    texts = [text for _, text in door.mails("password_reset")]
    found = [re.search(r"http://localhost(/reset/[\w-]+)", text) for text in texts]
    return [match[1] for match in found if match]


def link(door: Door, name: str = ADMIN) -> str:
    ask(door, name)
    return links(door)[-1]


def test_the_mailed_link_sets_a_new_password(door: Door) -> None:
    path = link(door)
    browser = door.browser()
    page = browser.get(path)
    assert page.status_code == 200
    assert "Admin" in page.text
    answer = browser.post(path, NEW)
    assert answer.location == "/sign-in"
    assert "Your password is set" in browser.get("/sign-in").text
    assert door.try_in(password=PASSWORD).status_code == 422
    assert door.try_in(password=OTHER_PASSWORD).status_code == 303


@pytest.mark.parametrize("name", [ADMIN, "Admin@ACME.test", "admin.acme.test"])
def test_it_goes_to_the_address_of_the_account(door: Door, name: str) -> None:
    ask(door, name)
    [(recipient, text)] = door.mails("password_reset")
    assert recipient == ADMIN
    assert "60" in text


def test_unknown_and_deactivated_get_the_same_answer_and_no_mail(door: Door) -> None:
    door.change(READER, deactivated_at=utcnow())
    for name in ("nobody@acme.test", "nobody", READER):
        ask(door, name)
    assert door.mails("password_reset") == []


def test_the_answer_takes_the_same_time(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was done, the answer leaves at the same moment after the question, with nothing held."""
    moments: list[float] = []
    monkeypatch.setattr(routes, "FORGOTTEN_TAKES_SECONDS", 1000.0)
    monkeypatch.setattr(routes, "pause_until", moments.append)
    began = routes.time.monotonic()
    ask(door, ADMIN)
    ask(door, "nobody")
    assert len(moments) == 2
    assert all(1000 <= moment - began < 1010 for moment in moments)
    assert len(door.mails("password_reset")) == 1


def test_a_pause_is_no_shorter_than_asked() -> None:
    began = routes.time.monotonic()
    routes.pause_until(began + 0.05)
    assert routes.time.monotonic() - began >= 0.05
    routes.pause_until(began - 1)


def test_looking_does_not_use_the_link(door: Door) -> None:
    path = link(door)
    for _ in range(3):
        assert door.browser().client.head(path).status_code == 200
        assert door.browser().get(path, headers={"Sec-Purpose": "prefetch"}).status_code == 200
    assert door.browser().post(path, NEW).status_code == 303


def test_a_bad_password_does_not_use_the_link(door: Door) -> None:
    path = link(door)
    for bad in ({"password": "short", "again": "short"}, {**NEW, "again": "x"}, {}):
        assert door.browser().post(path, bad).status_code == 422
    assert door.browser().post(path, NEW).status_code == 303


def test_a_link_works_once(door: Door) -> None:
    path = link(door)
    door.browser().post(path, NEW)
    for answer in (
        door.browser().get(path),
        door.browser().post(path, {"password": PASSWORD, "again": PASSWORD}),
    ):
        assert answer.status_code == 410
        assert "/forgotten" in answer.text
    assert door.try_in(password=OTHER_PASSWORD).status_code == 303


def test_two_at_the_same_moment_use_it_once(door: Door) -> None:
    path = link(door)

    def use(number: int) -> int:
        password = f"{OTHER_PASSWORD}-{number}"
        return door.browser().post(path, {"password": password, "again": password}).status_code

    with ThreadPoolExecutor(6) as pool:
        codes = sorted(pool.map(use, range(6)))
    assert codes == [303] + [410] * 5


def test_using_one_link_ends_the_persons_others(door: Door) -> None:
    for _ in range(2):
        ask(door)
    first, second = links(door)
    assert door.browser().post(second, NEW).status_code == 303
    assert door.browser().get(first).status_code == 410


def test_others_links_live_on(door: Door) -> None:
    mine, theirs = link(door), link(door, STRANGER)
    door.browser().post(mine, NEW)
    assert door.browser().get(theirs).status_code == 200


def test_a_link_lives_sixty_minutes(door: Door) -> None:
    with time_machine.travel(utcnow(), tick=True) as clock:
        path = link(door)
        clock.shift(timedelta(minutes=59, seconds=50))
        assert door.browser().get(path).status_code == 200
        clock.shift(timedelta(seconds=15))
        assert door.browser().get(path).status_code == 410
        assert door.browser().post(path, NEW).status_code == 410


@pytest.mark.parametrize("token", ["x", "a" * 43, "ä-ö", "%20", "a" * 5000])
def test_an_unknown_link_is_the_same_page(door: Door, token: str) -> None:
    answer = door.browser().get(f"/reset/{token}")
    assert answer.status_code == 410
    assert "can't be used any more" in answer.text or "can&#39;t be used" in answer.text


def test_a_link_of_somebody_deactivated_is_dead(door: Door) -> None:
    path = link(door)
    door.change(ADMIN, deactivated_at=utcnow())
    assert door.browser().get(path).status_code == 410


@pytest.mark.feature("P-7")
def test_it_ends_all_sessions_and_is_told_by_mail(door: Door, admin: Person) -> None:
    door.browser().post(link(door), NEW)
    assert admin.get("/me/profile").status_code == 303
    [(recipient, text)] = door.mails("password_changed")
    assert recipient == ADMIN
    assert "http://localhost/forgotten" in text


def test_it_replaces_a_first_password(door: Door) -> None:
    door.change(ADMIN, must_change_password=True, password_expires_at=utcnow())
    door.browser().post(link(door), NEW)
    browser = door.browser()
    assert door.try_in(password=OTHER_PASSWORD, browser=browser).location == "/"
    assert browser.get("/me/profile").status_code == 200


def test_the_browser_of_the_link_is_known_afterwards(door: Door) -> None:
    """Whoever reads the mailbox is no stranger: others' guesses don't stop them."""
    door.fail(5)
    browser = door.browser()
    browser.post(link(door), NEW)
    assert door.try_in(password=OTHER_PASSWORD).status_code == 429
    assert door.try_in(password=OTHER_PASSWORD, browser=browser).status_code == 303


def test_too_many_questions_are_passed_over_silently(door: Door) -> None:
    for _ in range(5):
        ask(door)
    assert len(door.mails("password_reset")) == 3
    for number in range(10):
        ask(door, f"nobody-{number}", address="198.51.100.4")
    ask(door, READER, address="198.51.100.4")
    assert len(door.mails("password_reset")) == 3
    ask(door, READER, address="198.51.100.5")
    assert len(door.mails("password_reset")) == 4


def test_only_the_digest_is_kept_and_nothing_secret_is_logged(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    path = link(door)
    token = path.rpartition("/")[2]
    door.browser().post(path, NEW)
    with door.world.portal.app_context(), unscoped("the test reads the rows"):
        assert db.session.scalars(select(PasswordReset.token_digest)).all() == [digest(token)]
        [mail] = db.session.scalars(select(Mail).where(Mail.type == "password_reset"))
        assert token not in (mail.html or "") + (mail.text or "") + mail.subject
    assert len(token) >= 22
    log = json.dumps([row.payload for row in door.audit()])
    assert "accounts.resetting" in caplog.text
    for secret in (token, OTHER_PASSWORD):
        assert secret not in caplog.text + log


def test_a_lost_database_does_not_put_the_link_into_the_log(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise OperationalError("SELECT", {}, Exception("the server went away"))

    monkeypatch.setattr(services, "find_reset", lost)
    assert door.browser().get("/reset/a-very-secret-token").status_code == 503
    assert "database_unavailable" in caplog.text
    assert "a-very-secret-token" not in caplog.text


def test_the_log_tells_of_it(door: Door) -> None:
    door.browser().post(link(door), NEW)
    assert [row.event for row in door.audit()] == [
        "accounts:reset:asked",
        "accounts:reset:used",
    ]


def test_an_empty_question_is_said(door: Door) -> None:
    answer = door.browser().post("/forgotten", {"name": "  "})
    assert answer.status_code == 422
    assert "Enter your e-mail" in answer.text


def test_sending_again_makes_a_new_link(door: Door) -> None:
    ask(door)
    with door.world.portal.test_request_context(), unscoped("an administrator sends it again"):
        [mail] = db.session.scalars(select(Mail))
        services.renew_reset(mail)
        commit()
        mail.recipient = "nobody@acme.test"
        with pytest.raises(Refusal):
            services.renew_reset(mail)
    assert len(set(links(door))) == 2
