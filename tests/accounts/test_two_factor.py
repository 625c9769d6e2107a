"""Two-factor sign-in: setting up, the second page, recovery codes, switching off (P-6)."""

from __future__ import annotations

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import unquote

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.accounts.conftest import ADMIN, OTHER_PASSWORD, PASSWORD, READER, Door
from tests.accounts.phones import Phone, at_second_step, codes_on, secret_on, set_up, with_phone
from tests.cast import Person, sign_in
from webapp.accounts.models import RecoveryCode, User
from webapp.core.clock import utcnow
from webapp.core.db import db

pytestmark = pytest.mark.feature("P-6")

PAGE, STEP, RECOVERY = "/me/two-factor", "/sign-in/second-step", "/sign-in/recovery-code"


def step(browser: Person, code: str, address: str = "203.0.113.7") -> int:
    answer = browser.post(STEP, {"code": code}, environ_overrides={"REMOTE_ADDR": address})
    return answer.status_code


def recover(browser: Person, code: str) -> int:
    return browser.post(RECOVERY, {"code": code}).status_code


def is_in(browser: Person) -> bool:
    return browser.get("/me/profile").status_code == 200


# Setting up


def test_it_is_set_up_with_a_first_code(door: Door, admin: Person) -> None:
    assert "It is off" in admin.get(PAGE).text
    admin.post(f"{PAGE}/setups")
    page = admin.get(PAGE).text
    secret = secret_on(page)
    assert " ".join(re.findall(".{4}", secret)) in page
    assert '<path fill="#000" d="M' in page
    answer = admin.post(f"{PAGE}/confirmations", {"code": Phone(secret).code()})
    assert answer.status_code == 200
    assert len(set(codes_on(answer.text))) == 10
    assert answer.headers["Cache-Control"] == "no-store"
    assert "It is on" in admin.get(PAGE).text
    assert "Recovery codes left" in admin.get(PAGE).text
    [(to, text)] = door.mails("notification")
    assert to == ADMIN
    assert "Two-factor sign-in is on" in text
    assert door.audit()[-1].event == "accounts:two_factor:on"


def test_the_codes_can_be_downloaded_and_are_shown_once(door: Door, admin: Person) -> None:
    admin.post(f"{PAGE}/setups")
    phone = Phone(secret_on(admin.get(PAGE).text))
    form = {"code": phone.code()}
    page = admin.post(f"{PAGE}/confirmations", form).text
    file = re.search(r'href="data:text/plain;charset=utf-8,([^"]+)" download="', page)
    assert file is not None
    assert re.findall(r"[A-Z0-9]{5}-[A-Z0-9]{5}", unquote(file[1])) == codes_on(page)
    again = admin.post(f"{PAGE}/confirmations", form)
    assert again.location == PAGE
    assert codes_on(admin.get(PAGE).text) == []


def test_an_unconfirmed_secret_asks_nobody_for_codes(door: Door, admin: Person) -> None:
    admin.post(f"{PAGE}/setups")
    assert door.try_in().location == "/"
    admin.post(f"{PAGE}/setups/endings")
    assert "It is off" in admin.get(PAGE).text
    assert door.user().totp_sealed is None


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "１２３４５６", "x" * 400])
def test_a_wrong_first_code_changes_nothing(door: Door, admin: Person, code: str) -> None:
    admin.post(f"{PAGE}/setups")
    secret = secret_on(admin.get(PAGE).text)
    answer = admin.post(f"{PAGE}/confirmations", {"code": code})
    assert answer.status_code == 422
    assert secret_on(answer.text) == secret
    assert not door.user().has_second_step


def test_setting_up_anew_shows_a_new_secret(door: Door, admin: Person) -> None:
    secrets = set()
    for _ in range(2):
        admin.post(f"{PAGE}/setups")
        secrets.add(secret_on(admin.get(PAGE).text))
    assert len(secrets) == 2


def test_what_is_on_is_not_set_up_over(door: Door, admin: Person) -> None:
    set_up(admin)
    sealed = door.user().totp_sealed
    assert admin.post(f"{PAGE}/setups").status_code == 422
    assert door.user().totp_sealed == sealed
    admin.post(f"{PAGE}/setups/endings")
    assert door.user().totp_sealed == sealed


def test_it_ends_sessions_that_a_password_alone_opened(door: Door, admin: Person) -> None:
    other = sign_in(door.world, ADMIN)
    set_up(admin)
    assert not is_in(other)
    assert is_in(admin)


def test_neither_secret_nor_codes_are_stored_or_logged(
    door: Door, admin: Person, caplog: pytest.LogCaptureFixture
) -> None:
    phone, codes = set_up(admin)
    recover(at_second_step(door), codes[0])
    user = door.user()
    assert phone.otp.secret.encode() not in (user.totp_sealed or b"")
    with door.world.portal.app_context():
        digests = db.session.scalars(select(RecoveryCode.code_digest)).all()
    assert all(len(each) == 32 for each in digests)
    told = caplog.text + json.dumps([row.payload for row in door.audit()])
    for secret in (phone.otp.secret, codes[0], codes[0].replace("-", "")):
        assert secret not in told


# Signing in


def test_signing_in_asks_for_the_code(door: Door) -> None:
    phone = with_phone(door)
    browser = at_second_step(door)
    assert not is_in(browser)
    assert "Second step" in browser.get(STEP).text
    answer = browser.post(STEP, {"code": phone.code()})
    assert answer.location == "/"
    assert is_in(browser)
    assert door.audit()[-1].event == "accounts:session:opened"


def test_one_lands_where_one_wanted_to_go(door: Door) -> None:
    phone, browser = with_phone(door), door.browser()
    door.try_in(browser=browser, next="/me/sessions")
    assert browser.post(STEP, {"code": phone.code()}).location == "/me/sessions"


def test_known_browsers_do_not_skip_it(door: Door) -> None:
    phone, browser = with_phone(door), at_second_step(door)
    step(browser, phone.code())
    browser.post("/sign-out")
    assert door.try_in(browser=browser).location == STEP


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_a_clock_may_be_off_by_one_step(door: Door, drift: int) -> None:
    with time_machine.travel(utcnow(), tick=False) as clock:
        phone = with_phone(door)
        clock.shift(timedelta(minutes=5))
        assert step(at_second_step(door), phone.code(steps=drift)) == 303


@pytest.mark.parametrize("drift", [-3, -2, 2, 3])
def test_not_by_two(door: Door, drift: int) -> None:
    with time_machine.travel(utcnow(), tick=False) as clock:
        phone = with_phone(door)
        clock.shift(timedelta(minutes=5))
        assert step(at_second_step(door), phone.code(steps=drift)) == 422


def test_a_code_counts_once(door: Door) -> None:
    with time_machine.travel(utcnow(), tick=False):
        phone = with_phone(door)
        code = phone.code()
        assert step(at_second_step(door), code) == 303
        second = at_second_step(door)
        assert step(second, code) == 422
        assert step(second, phone.code(steps=-1)) == 422
        assert not is_in(second)
        assert step(second, phone.code(steps=1)) == 303


def test_the_code_of_the_setting_up_is_used(door: Door, admin: Person) -> None:
    with time_machine.travel(utcnow(), tick=False):
        phone, _ = set_up(admin)
        assert step(at_second_step(door), phone.code(steps=-1)) == 422


def test_of_two_requests_with_one_code_one_wins(door: Door) -> None:
    with time_machine.travel(utcnow(), tick=False):
        code = with_phone(door).code()
        browsers = [at_second_step(door) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            codes = Counter(pool.map(lambda browser: step(browser, code), browsers))
    assert codes == {303: 1, 422: 3}
    assert sum(is_in(browser) for browser in browsers) == 1


def test_without_a_password_there_is_no_second_step(door: Door) -> None:
    phone = with_phone(door)
    for path in (STEP, RECOVERY):
        browser = door.browser()
        assert browser.get(path).location == "/sign-in"
        assert browser.post(path, {"code": phone.code()}).location == "/sign-in"
        assert not is_in(browser)


def test_it_waits_ten_minutes(door: Door) -> None:
    with time_machine.travel(utcnow(), tick=False) as clock:
        phone = with_phone(door)
        early, late = at_second_step(door), at_second_step(door)
        clock.shift(timedelta(minutes=9, seconds=50))
        assert step(early, phone.code()) == 303
        clock.shift(timedelta(seconds=15))
        assert late.post(STEP, {"code": phone.code(steps=1)}).location == "/sign-in"
        assert "sign in once more" in late.get("/sign-in").text
        assert not is_in(late)


@pytest.mark.parametrize(
    "change",
    [{"deactivated_at": True}, {"password_changed_at": True}, {"totp_confirmed_at": None}],
)
def test_what_changed_meanwhile_ends_the_waiting(door: Door, change: dict[str, object]) -> None:
    phone, browser = with_phone(door), at_second_step(door)
    now = utcnow()
    door.change(ADMIN, **{name: now if value else None for name, value in change.items()})
    assert browser.post(STEP, {"code": phone.code()}).location == "/sign-in"
    assert not is_in(browser)


def test_a_new_password_by_mail_does_not_skip_it(door: Door, admin: Person) -> None:
    phone, _ = set_up(admin)
    change = {"old_password": PASSWORD, "password": OTHER_PASSWORD, "again": OTHER_PASSWORD}
    admin.post("/me/password", change)
    browser = door.browser()
    assert door.try_in(password=OTHER_PASSWORD, browser=browser).location == STEP
    assert step(browser, phone.code()) == 303


def test_a_secret_that_no_key_opens_leaves_the_recovery_codes(door: Door, admin: Person) -> None:
    phone, codes = set_up(admin)
    door.change(ADMIN, totp_sealed=b"sealed with a key that is gone, and long enough")
    browser = at_second_step(door)
    assert step(browser, phone.code()) == 422
    assert recover(browser, codes[0]) == 303
    assert browser.post(f"{PAGE}/endings").location == PAGE
    assert set_up(browser)[1]


def test_the_second_step_tells_nothing_of_the_first(door: Door) -> None:
    """A wrong password looks the same, with and without a second step."""
    with_phone(door)
    with_step, without = door.try_in(password="wrong"), door.try_in(READER, "wrong")
    assert with_step.status_code == without.status_code == 422
    assert "Second step" not in with_step.text


# Guessing


def test_the_sixth_wrong_code_waits(door: Door) -> None:
    phone, browser = with_phone(door), at_second_step(door)
    assert [step(browser, phone.wrong()) for _ in range(5)] == [422] * 5
    answer = browser.post(
        STEP, {"code": phone.code()}, environ_overrides={"REMOTE_ADDR": "203.0.113.7"}
    )
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 800
    assert "possible in 15 minutes" in answer.text


def test_a_new_sign_in_gives_no_new_guesses(door: Door) -> None:
    phone = with_phone(door)
    codes = [step(at_second_step(door), phone.wrong()) for _ in range(6)]
    assert codes == [422] * 5 + [429]


def test_parallel_guesses_never_exceed_the_limit(door: Door) -> None:
    phone, browser = with_phone(door), at_second_step(door)
    browsers = [browser, *(at_second_step(door) for _ in range(7))]
    with ThreadPoolExecutor(8) as pool:
        codes = Counter(pool.map(lambda each: step(each, phone.wrong()), browsers))
    assert codes == {422: 5, 429: 3}


def test_wrong_recovery_codes_count_with_the_others(door: Door) -> None:
    phone, browser = with_phone(door), at_second_step(door)
    for _ in range(3):
        browser.post(
            RECOVERY, {"code": "AAAAA-AAAAA"}, environ_overrides={"REMOTE_ADDR": "203.0.113.7"}
        )
    assert [step(browser, phone.wrong()) for _ in range(3)] == [422, 422, 429]


def test_a_wrong_code_stands_in_the_log(door: Door) -> None:
    phone = with_phone(door)
    step(at_second_step(door), phone.wrong())
    last = door.audit()[-1]
    assert last.event == "accounts:session:refused"
    assert last.payload is not None
    assert "second step" in last.payload["detail"]["reason"]


@given(code=st.text(max_size=60))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_typed_breaks_the_pages(door: Door, code: str) -> None:
    if not door.user().has_second_step:
        with_phone(door)
    browser = door.browser()
    door.try_in(browser=browser, address="198.51.100.77")
    assert browser.post(STEP, {"code": code}).status_code < 500
    assert browser.post(RECOVERY, {"code": code}).status_code < 500


@pytest.mark.parametrize(
    "forged",
    [
        "text",
        {"user": "unknown", "at": "2999-01-01T00:00:00+00:00", "target": "/"},
    ],
)
def test_a_cookie_from_another_version_is_passed_over(door: Door, forged: object) -> None:
    browser = door.browser()
    with browser.client.session_transaction() as cookie:
        cookie["second_step"] = forged
    assert browser.get(STEP).location == "/sign-in"


# Recovery codes


def test_a_recovery_code_lets_in_once(door: Door, admin: Person) -> None:
    _, codes = set_up(admin)
    browser = at_second_step(door)
    assert "recovery code" in browser.get(RECOVERY).text
    assert recover(browser, codes[3]) == 303
    assert "You have 9 left" in browser.get("/me/profile").text
    again = at_second_step(door)
    assert recover(again, codes[3]) == 422
    assert not is_in(again)
    assert "9 are left" in door.mails("notification")[-1][1]
    assert "accounts:recovery_code:used" in [row.event for row in door.audit()]


@pytest.mark.parametrize("shape", [str.lower, lambda c: c.replace("-", ""), lambda c: f" {c} "])
def test_it_may_be_typed_in_any_shape(door: Door, admin: Person, shape: object) -> None:
    _, codes = set_up(admin)
    assert callable(shape)
    assert recover(at_second_step(door), shape(codes[0])) == 303


def test_of_two_requests_with_one_recovery_code_one_wins(door: Door, admin: Person) -> None:
    _, codes = set_up(admin)
    browsers = [at_second_step(door) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = Counter(pool.map(lambda browser: recover(browser, codes[0]), browsers))
    assert answers == {303: 1, 422: 3}


def test_somebody_elses_codes_are_no_use(door: Door, admin: Person, reader: Person) -> None:
    _, codes = set_up(admin)
    set_up(reader)
    assert recover(at_second_step(door, READER), codes[0]) == 422


def test_new_codes_replace_the_old(door: Door, admin: Person) -> None:
    _, old = set_up(admin)
    new = codes_on(admin.post(f"{PAGE}/recovery-codes").text)
    assert len(new) == 10
    assert not set(old) & set(new)
    browser = at_second_step(door)
    assert recover(browser, old[0]) == 422
    assert recover(browser, new[0]) == 303


def test_there_are_no_codes_without_a_phone(door: Door, admin: Person) -> None:
    assert admin.post(f"{PAGE}/recovery-codes").location == PAGE
    with door.world.portal.app_context():
        assert db.session.scalars(select(RecoveryCode)).all() == []


# Switching off


def test_it_is_switched_off_and_told(door: Door, admin: Person) -> None:
    set_up(admin)
    assert "password alone" in admin.get(f"{PAGE}/ending").text
    assert admin.post(f"{PAGE}/endings").location == PAGE
    assert door.try_in().location == "/"
    assert "Two-factor sign-in is off" in door.mails("notification")[-1][1]
    assert door.audit()[-2].event == "accounts:two_factor:off"
    with door.world.portal.app_context():
        assert db.session.scalars(select(RecoveryCode)).all() == []
        user = db.session.scalars(select(User).where(User.email == ADMIN)).one()
        assert (user.totp_sealed, user.totp_last_step) == (None, None)


def test_switching_off_what_is_off_tells_nobody(door: Door, admin: Person) -> None:
    assert admin.get(f"{PAGE}/ending").location == PAGE
    admin.post(f"{PAGE}/endings")
    assert door.mails("notification") == []


def test_the_mails_are_in_the_persons_language(door: Door, admin: Person) -> None:
    """Whatever stands in the catalogue: the sentence is asked for in the recipient's language."""
    door.change(ADMIN, language="de")
    set_up(admin)
    [(_, text)] = door.mails("notification")
    assert "Guten Tag" in text


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/ending", "/me/proof"])
def test_nobody_else_sees_these_pages(visitor: Person, path: str) -> None:
    assert visitor.get(path).location.startswith("/sign-in")
