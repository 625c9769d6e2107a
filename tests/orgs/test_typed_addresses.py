"""An address that somebody types with a link-only invitation counts once its link was used (P-16, P-5)."""

from __future__ import annotations

import re

import pytest

from tests.cast import Person, World, sign_in
from tests.orgs.guests import PASSWORD, accept, invite, link_of
from tests.orgs.trees import mails, user
from webapp.accounts.models import User
from webapp.core.tenancy import unscoped
from webapp.mail.outbox import bodies

pytestmark = [pytest.mark.feature("P-16", "P-5")]

TYPED = "nora@typed.test"


def joined(admin: Person, visitor: Person, email: str = TYPED, name: str = "nora.neu") -> User:
    link = link_of(admin, invite(admin, email=""))
    answer = accept(visitor, link, email=email, username=name, language="en")
    assert answer.status_code == 303, answer.text
    return user(admin.world, email)


def confirmation(world: World, email: str = TYPED) -> str:
    """The path of the link that was mailed last to the address."""
    last = [m for m in mails(world, "confirm_email") if m.recipient == email][-1]
    with world.portal.app_context(), unscoped("reading"):
        text = bodies(last)[1]
    found = re.search(r"http://localhost(/confirm-email/[\w-]+)", text)
    assert found is not None
    return found[1]


def signs_in(world: World, name: str) -> bool:
    client = Person(world, None, world.portal.test_client())
    return client.post("/sign-in", {"name": name, "password": PASSWORD}).status_code == 303


def test_typed_it_is_not_confirmed_and_gets_a_link(
    admin: Person, visitor: Person, world: World
) -> None:
    assert not joined(admin, visitor).email_confirmed
    assert [m.recipient for m in mails(world, "confirm_email")] == [TYPED]
    page = visitor.get("/me/email").text
    assert "Nobody has confirmed yet" in page
    assert "not confirmed" in visitor.get("/me/profile").text
    assert visitor.post(confirmation(world)).status_code == 303
    assert user(world, TYPED).email_confirmed
    assert "Nobody has confirmed yet" not in visitor.get("/me/email").text
    assert mails(world, "address_changed") == [], "there was no other address before"


def test_an_address_that_the_invitation_names_is_confirmed(
    admin: Person, visitor: Person, world: World
) -> None:
    accept(visitor, link_of(admin, invite(admin, email="nora@new.test")))
    assert user(world, "nora@new.test").email_confirmed
    assert mails(world, "confirm_email") == []


def test_until_then_it_signs_nobody_in_and_resets_no_password(
    admin: Person, visitor: Person, world: World
) -> None:
    joined(admin, visitor)
    assert signs_in(world, "nora.neu")
    assert not signs_in(world, TYPED)
    Person(world, None, world.portal.test_client()).post("/forgotten", {"name": TYPED})
    assert mails(world, "password_reset") == []
    visitor.post(confirmation(world))
    assert signs_in(world, TYPED)


def test_it_gives_way_to_who_can_confirm_it(admin: Person, visitor: Person, world: World) -> None:
    """Somebody claims another's address; the other is invited by mail, and is not kept out."""
    claimant = joined(admin, visitor)
    theirs = link_of(admin, invite(admin, email=TYPED))
    owner = Person(world, None, world.portal.test_client())
    assert accept(owner, theirs, username="the.owner").status_code == 303
    found = user(world, TYPED)
    assert found.username == "the.owner"
    assert found.email_confirmed
    stale = visitor.post(confirmation(world))
    assert stale.status_code == 410
    with world.portal.app_context():
        from sqlalchemy import select

        from webapp.core.db import db

        evicted = db.session.scalars(select(User).where(User.id == claimant.id)).one()
        assert evicted.email.endswith("@unconfirmed.invalid")
    assert signs_in(world, "nora.neu"), "the account itself stays"


def test_a_claimed_address_accepts_nobody_elses_invitation(
    admin: Person, visitor: Person, world: World
) -> None:
    joined(admin, visitor)
    link = link_of(admin, invite(admin, email=TYPED, roles=["administrator"]))
    answer = visitor.post(f"{link}/join")
    assert answer.status_code == 422
    assert "This invitation is for" in answer.text


def test_two_may_claim_the_same_and_the_reader_decides(
    admin: Person, visitor: Person, world: World
) -> None:
    joined(admin, visitor)
    first = confirmation(world)
    other = Person(world, None, world.portal.test_client())
    joined(admin, other, name="another")
    assert visitor.post(first).status_code == 303
    found = user(world, TYPED)
    assert (found.username, found.email_confirmed) == ("nora.neu", True)
    assert other.post(confirmation(world)).status_code == 410


def test_the_link_goes_out_once_more(admin: Person, visitor: Person, world: World) -> None:
    joined(admin, visitor)
    old = confirmation(world)
    assert visitor.post("/me/email/confirmations").status_code == 303
    assert visitor.get(old).status_code == 410
    assert visitor.post(confirmation(world)).status_code == 303
    assert user(world, TYPED).email_confirmed


def test_no_notification_is_mailed_there(admin: Person, visitor: Person, world: World) -> None:
    joined(admin, visitor)
    asked = visitor.post(
        f"/o/{world.acme}/permission-requests", {"permission": "organisation:audit:read"}
    )
    assert asked.status_code == 303
    listed = admin.get(f"/o/{world.acme}/permission-requests").text
    found = re.search(r"/permission-requests/([a-z0-9]{12})", listed)
    assert found is not None
    sign_in(world, "admin@acme.test")
    admin.post(f"/o/{world.acme}/permission-requests/{found[1]}/grants")
    assert [m for m in mails(world, "notification") if m.recipient == TYPED] == []
