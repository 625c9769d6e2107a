"""A phone with an authenticator app, for the tests of the second step."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta

import pyotp

from tests.accounts.conftest import ADMIN, PASSWORD, Door
from tests.cast import Person, sign_in
from webapp.core.clock import utcnow


class Phone:
    """Shows codes for the secret that it was shown."""

    def __init__(self, secret: str) -> None:
        self.otp = pyotp.TOTP(secret)

    def code(self, *, steps: int = 0, at: datetime | None = None) -> str:
        return self.otp.at((at or utcnow()) + timedelta(seconds=30 * steps))

    def wrong(self) -> str:
        """Six digits that are none of the codes of these minutes."""
        valid = {self.code(steps=steps) for steps in range(-4, 5)}
        return next(f"{n:06}" for n in range(100) if f"{n:06}" not in valid)


def secret_on(page: str) -> str:
    found = re.search(r"otpauth://totp/[^\"]*?[?&]secret=([A-Z2-7]+)", html.unescape(page))
    assert found, "the page shows no secret"
    return found[1]


def codes_on(page: str) -> list[str]:
    return re.findall(r"<code>([A-Z0-9]{5}-[A-Z0-9]{5})</code>", page)


def set_up(person: Person) -> tuple[Phone, list[str]]:
    """The whole way; the code entered is the one before the present, so that the present one is unused."""
    assert person.post("/me/two-factor/setups").location == "/me/two-factor"
    phone = Phone(secret_on(person.get("/me/two-factor").text))
    answer = person.post("/me/two-factor/confirmations", {"code": phone.code(steps=-1)})
    assert answer.status_code == 200, answer.text
    return phone, codes_on(answer.text)


def with_phone(door: Door, email: str = ADMIN) -> Phone:
    return set_up(sign_in(door.world, email))[0]


def at_second_step(door: Door, email: str = ADMIN, **more: object) -> Person:
    """A browser that has entered the right password."""
    browser = door.browser()
    answer = door.try_in(email, PASSWORD, browser=browser, **more)
    assert answer.location == "/sign-in/second-step", answer.text
    return browser
