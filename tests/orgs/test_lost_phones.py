"""Somebody has lost phone and recovery codes: who administrates them helps (P-6, P-13)."""

from __future__ import annotations

import pytest

from tests.accounts.phones import set_up
from tests.cast import Person, World
from tests.orgs.trees import events, mails, person, public_id, user

pytestmark = pytest.mark.feature("P-6", "P-13")

READER = "reader@acme.test"


def url(world: World, email: str = READER) -> str:
    return f"/o/{world.acme}/users/{public_id(world, email)}/two-factor"


def test_an_administrator_switches_it_off_and_the_person_is_told(
    admin: Person, reader: Person, world: World
) -> None:
    set_up(reader)
    page = admin.get(url(world).removesuffix("/two-factor")).text
    assert url(world) in page
    assert "lost phone" in admin.get(url(world)).text
    assert admin.post(url(world)).status_code == 303
    assert not user(world, READER).has_second_step
    last = mails(world, "notification")[-1]
    assert (last.recipient, last.subject) == (READER, "Two-factor sign-in is off")
    assert "accounts:two_factor:off" in events(world, world.acme_id)


def test_where_it_is_off_nothing_is_offered(admin: Person, world: World) -> None:
    assert url(world) not in admin.get(url(world).removesuffix("/two-factor")).text
    admin.post(url(world))
    assert mails(world) == []


def test_nobody_does_it_to_whom_they_do_not_govern(
    admin: Person, reader: Person, stranger: Person, world: World
) -> None:
    email = "both@acme.test"
    person(world, email, (world.acme, "reader"), (world.globex, "reader"))
    answer = admin.post(url(world, email))
    assert answer.status_code == 422
    assert "their account is theirs" in answer.text
    set_up(admin)
    for somebody, code in ((reader, 403), (stranger, 404)):
        assert somebody.post(url(world, admin.email or "")).status_code == code
    assert user(world, admin.email or "").has_second_step


def test_ones_own_is_ones_own_business(admin: Person, world: World) -> None:
    set_up(admin)
    assert admin.post(url(world, admin.email or "")).status_code == 422
    assert user(world, admin.email or "").has_second_step
