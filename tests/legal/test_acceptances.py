"""Who accepted which edition, when and from where; a new one is asked for at the next purchase (P-40)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from simulators.mailbox import Mailbox
from tests.cast import Person, World, sign_in
from tests.legal.test_texts import published
from tests.mail.conftest import _mailbox, box
from tests.orgs.guests import accept, invite, link_of
from webapp.accounts.models import User
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.legal import queries, services
from webapp.legal.models import Acceptance, LegalKind, LegalText

__all__ = ["_mailbox", "box"]
pytestmark = pytest.mark.feature("P-40")

PASSWORD = "Long-enough-2030!"
FORM = {
    "name": "Nora New",
    "email": "nora@new.test",
    "password": PASSWORD,
    "again": PASSWORD,
    "language": "en",
}


@pytest.fixture
def texts(operator: Person) -> None:
    published(operator, "<p>Terms</p>", kind="terms")
    published(operator, "<p>Privacy</p>", kind="privacy")
    published(operator, "<p>Conditions</p>", kind="conditions")


def shown(page: str) -> str:
    found = re.search(r'name="accepted_texts"[^>]*value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def acceptances(world: World, email: str) -> list[tuple[str, int, str, str]]:
    with world.portal.app_context():
        rows = db.session.execute(
            select(LegalText.kind, LegalText.edition, LegalText.language, Acceptance.via)
            .join(Acceptance, Acceptance.text_id == LegalText.id)
            .join(User, User.id == Acceptance.user_id)
            .where(User.email == email, Acceptance.address == "127.0.0.1")
            .order_by(LegalText.kind)
        )
        return [tuple(row) for row in rows]  # type: ignore[misc]


def test_signing_up_asks_and_keeps_it(
    texts: None, world: World, visitor: Person, box: Mailbox
) -> None:
    page = visitor.get("/sign-up").text
    assert "/legal/terms/en/1" in page
    refused = visitor.post("/sign-up", {**FORM, "accepted_texts": shown(page)})
    assert refused.status_code == 422
    assert "Without your acceptance" in refused.text
    given = {**FORM, "accept": "y", "accepted_texts": shown(page)}
    assert visitor.post("/sign-up", given).status_code == 303
    with world.portal.app_context():
        drains.run("mail")
    (mail,) = box.messages()
    link = re.search(r"http://localhost(/sign-up/\S+)", mail.text or "")
    assert link is not None
    assert visitor.post(link.group(1), {"password": PASSWORD}).status_code == 303
    assert acceptances(world, "nora@new.test") == [
        ("privacy", 1, "en", "sign_up"),
        ("terms", 1, "en", "sign_up"),
    ]
    mine = visitor.get("/me/acceptances").text
    assert "Terms of use" in mine
    assert "127.0.0.1" in mine


def test_a_new_edition_that_came_meanwhile_is_not_accepted_unread(
    texts: None, operator: Person, visitor: Person
) -> None:
    ids = shown(visitor.get("/sign-up").text)
    published(operator, "<p>Terms, second</p>", kind="terms")
    late = visitor.post("/sign-up", {**FORM, "accept": "y", "accepted_texts": ids})
    assert late.status_code == 422
    assert "A new edition has come" in late.text
    assert "/legal/terms/en/2" in late.text


def test_accepting_an_invitation_asks_new_people_and_old_ones(
    texts: None, world: World, admin: Person, visitor: Person, stranger: Person
) -> None:
    link = link_of(admin, invite(admin))
    assert accept(visitor, link).status_code == 422
    ids = shown(visitor.get(link).text)
    assert accept(visitor, link, accept="y", accepted_texts=ids).status_code == 303
    assert [row[0] for row in acceptances(world, "nora@new.test")] == ["privacy", "terms"]

    other = link_of(admin, invite(admin, name="Gus", email="admin@globex.test"))
    page = stranger.get(f"{other}/join").text
    assert stranger.post(f"{other}/join", {"accepted_texts": shown(page)}).status_code == 422
    given = {"accept": "y", "accepted_texts": shown(page)}
    assert stranger.post(f"{other}/join", given).status_code == 303
    assert {row[3] for row in acceptances(world, "admin@globex.test")} == {"invitation"}


def test_without_published_texts_nothing_is_asked(visitor: Person) -> None:
    assert "accepted_texts" not in visitor.get("/sign-up").text
    assert visitor.post("/sign-up", FORM).status_code == 303


def user_of(email: str) -> User:
    found: User = db.session.scalars(select(User).where(User.email == email)).one()
    return found


def missing(world: World, *, language: str = "en") -> list[tuple[str, int]]:
    with world.portal.app_context():
        found = queries.missing_acceptances(
            user_of("reader@acme.test"), queries.AT_PURCHASE, language=language, now=utcnow()
        )
        return [(text.kind, text.edition) for text in found]


def accept_all(world: World, *, language: str = "en") -> None:
    with world.portal.app_context():
        now = utcnow()
        ids = services.ids_in_force(queries.AT_PURCHASE, language, now)
        services.accept(
            user_of("reader@acme.test"), ids, via="purchase", now=now, address="127.0.0.1"
        )
        commit()


def test_a_purchase_asks_once_and_again_for_a_new_edition(
    texts: None, world: World, operator: Person
) -> None:
    assert missing(world) == [("conditions", 1), ("privacy", 1)]
    with world.portal.app_context(), pytest.raises(services.AcceptanceMissing) as asked:
        services.require_acceptance(
            user_of("reader@acme.test"), queries.AT_PURCHASE, language="en", now=utcnow()
        )
    assert "Sales conditions and warranty, Privacy notice" in asked.value.message
    accept_all(world)
    assert missing(world) == []
    published(operator, "<p>Conditions, second</p>", kind="conditions")
    assert missing(world) == [("conditions", 2)]
    accept_all(world)
    accept_all(world)  # twice changes nothing
    assert missing(world) == []
    assert len(acceptances(world, "reader@acme.test")) == 3


def test_an_announced_edition_is_not_asked_for_yet(
    texts: None, world: World, operator: Person
) -> None:
    accept_all(world)
    day = (utcnow() + timedelta(days=5)).date().isoformat()
    published(operator, "<p>Later</p>", kind="conditions", valid_from=day)
    assert missing(world) == []


def test_what_was_accepted_in_one_language_counts_in_another(
    texts: None, world: World, operator: Person
) -> None:
    published(operator, "<p>Bedingungen</p>", kind="conditions", language="de")
    published(operator, "<p>Datenschutz</p>", kind="privacy", language="de")
    accept_all(world, language="de")
    assert missing(world, language="en") == []


def test_a_kind_that_nobody_published_is_not_asked_for(world: World) -> None:
    assert missing(world) == []


def test_an_acceptance_outlives_the_account(texts: None, world: World) -> None:
    accept_all(world)
    with world.portal.app_context(), unscoped("erasing"):
        kept = db.session.scalars(select(Acceptance)).all()
        assert {row.text.kind for row in kept} == {LegalKind.CONDITIONS, LegalKind.PRIVACY}


def test_one_sees_only_ones_own(texts: None, world: World, stranger: Person) -> None:
    accept_all(world)
    assert "not asked to accept anything" in stranger.get("/me/acceptances").text
    reader = sign_in(world, "reader@acme.test")
    assert "Sales conditions" in reader.get("/me/acceptances").text
