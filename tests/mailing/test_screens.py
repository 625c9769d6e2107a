"""P-24: an administrator sees what was sent, why something was not, and sends it again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from simulators.mailbox import Mailbox
from tests.cast import Person, World
from tests.mail.conftest import Post
from webapp.core import drains
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.mail import types
from webapp.mail.models import Mail
from webapp.mail.outbox import send

pytestmark = pytest.mark.feature("P-24")


class Letters:
    """Mails of Acme, made and moved outside a request."""

    def __init__(self, portal: Portal, world: World) -> None:
        self.portal, self.world = portal, world

    def write(self, to: str = "anna@acme.test", **more: str) -> str:
        with self.portal.app_context():
            return Post(self.world).write(to, **more)

    def secret(self) -> str:
        with self.portal.app_context():
            mail = send(
                "password_reset",
                to="anna@acme.test",
                language="en",
                organisation_id=self.world.acme_id,
                values={"NAME": "Anna", "LINK": "https://localhost/r/Zm9v"},
            )
            commit()
            return mail.public_id

    def drain(self) -> None:
        with self.portal.app_context():
            drains.run("mail")

    def change(self, **values: object) -> None:
        with self.portal.app_context():
            Post(self.world).change(**values)

    def count(self) -> int:
        with self.portal.app_context():
            return len(Post(self.world).rows())


@pytest.fixture
def letters(portal: Portal, world: World) -> Letters:
    return Letters(portal, world)


def url(world: World, rest: str = "") -> str:
    return f"/o/{world.acme}/mail/{rest}"


def test_the_list_shows_mails_and_their_state(
    admin: Person, letters: Letters, box: Mailbox
) -> None:
    letters.write("sent@acme.test")
    letters.drain()
    letters.write("waits@acme.test")
    page = admin.get(url(admin.world)).text
    for words in ("sent@acme.test", "waits@acme.test", "Sent", "Waiting", "2 mails"):
        assert words in page
    narrowed = admin.get(url(admin.world, "?state=waiting")).text
    assert "waits@acme.test" in narrowed
    assert "For sent@acme.test" not in narrowed
    assert "For waits@acme.test" not in admin.get(url(admin.world, "?q=sent@")).text


def test_an_empty_list_says_what_will_be_there(admin: Person, world: World) -> None:
    assert "Mails appear here" in admin.get(url(world)).text


def test_the_menu_names_it(admin: Person, world: World) -> None:
    assert f'href="/o/{world.acme}/mail/"' in admin.get(url(world)).text


def test_a_failed_mail_shows_the_servers_words(
    admin: Person, letters: Letters, box: Mailbox
) -> None:
    number = letters.write()
    box.behave(mode="permanent")
    letters.drain()
    page = admin.get(url(admin.world, number)).text
    assert "was not delivered" in page
    assert "Send again" in page
    with admin.world.portal.app_context():
        words = Post(admin.world).row(number).server_words or ""
    assert words[:20] in page


def test_send_again_makes_a_new_mail_with_the_same_text(
    admin: Person, letters: Letters, box: Mailbox
) -> None:
    number = letters.write()
    box.behave(mode="permanent", count=1)
    letters.drain()
    answer = admin.post(url(admin.world, f"{number}/resendings"))
    assert answer.status_code == 303
    again = admin.post(url(admin.world, f"{number}/resendings"))
    assert again.headers["Location"] == answer.headers["Location"], "clicked twice, sent once"
    letters.drain()
    assert letters.count() == 2
    assert [m.recipients[0] for m in box.messages()] == ["anna@acme.test"]
    page = admin.get(answer.headers["Location"]).text
    assert "Sent again:" in page


def test_what_is_on_its_way_or_deleted_is_not_sent_again(
    admin: Person, letters: Letters, box: Mailbox
) -> None:
    number = letters.write()
    refused = admin.post(url(admin.world, f"{number}/resendings"))
    assert refused.status_code == 422
    assert "still on its way" in refused.text
    letters.drain()
    letters.change(html=None, text=None)
    refused = admin.post(url(admin.world, f"{number}/resendings"))
    assert refused.status_code == 422
    assert "deleted" in refused.text
    assert letters.count() == 1
    assert "deleted" in admin.get(url(admin.world, number)).text
    assert admin.get(url(admin.world, f"{number}/preview")).status_code == 410


def test_a_mail_with_a_secret_is_blotted_out_and_not_sent_again_as_it_was(
    admin: Person, letters: Letters, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(types, "_renewals", {})
    number = letters.secret()
    for page in (url(admin.world, number), url(admin.world, f"{number}/preview")):
        assert "Zm9v" not in admin.get(page).text
    letters.drain()
    assert "Zm9v" in (box.messages()[0].text or "")
    refused = admin.post(url(admin.world, f"{number}/resendings"))
    assert refused.status_code == 422
    assert "Start again where it came from" in refused.text


def test_a_mail_with_a_secret_is_sent_again_with_a_fresh_one_where_its_owner_can(
    admin: Person, letters: Letters, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def renew(mail: Mail) -> Mail:
        return send(
            mail.type,
            to=mail.recipient,
            language=mail.language,
            organisation_id=mail.organisation_id,
            values={"LINK": "https://localhost/r/ZnJlc2g"},
        )

    monkeypatch.setitem(types._renewals, "password_reset", renew)
    number = letters.secret()
    letters.drain()
    assert admin.post(url(admin.world, f"{number}/resendings")).status_code == 303
    letters.drain()
    assert ["ZnJlc2g" in (m.text or "") for m in box.messages()] == [False, True]


def test_the_preview_stands_in_a_sandbox(admin: Person, letters: Letters) -> None:
    number = letters.write(MESSAGE="<script>alert(1)</script>")
    answer = admin.get(url(admin.world, f"{number}/preview"))
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "<script>" not in answer.text


def test_sending_again_is_in_the_audit_log(admin: Person, letters: Letters, box: Mailbox) -> None:
    from webapp.audit.models import AuditRow

    number = letters.write()
    letters.drain()
    admin.post(url(admin.world, f"{number}/resendings"))
    with admin.world.portal.app_context(), unscoped("test"):
        row = db.session.scalars(select(AuditRow)).one()
        assert (row.event, row.object_id) == ("mail:mail:sent_again", number)


def test_a_reader_reads_but_does_not_send(reader: Person, letters: Letters, box: Mailbox) -> None:
    number = letters.write()
    letters.drain()
    assert reader.get(url(reader.world)).status_code == 200
    page = reader.get(url(reader.world, number))
    assert page.status_code == 200
    assert "Send again" not in page.text
    assert reader.post(url(reader.world, f"{number}/resendings")).status_code == 403


def test_a_stranger_finds_nothing(stranger: Person, letters: Letters) -> None:
    number = letters.write()
    assert stranger.get(url(stranger.world)).status_code == 404
    own = f"/o/{stranger.world.globex}/mail/{number}"
    for page in (own, f"{own}/preview"):
        assert stranger.get(page).status_code == 404
    assert stranger.post(f"{own}/resendings").status_code == 404


def test_a_visitor_is_asked_to_sign_in(visitor: Person, letters: Letters) -> None:
    assert visitor.get(url(visitor.world)).status_code in (302, 303)


@pytest.mark.feature("P-35")
def test_the_status_page_tells_how_long_mails_wait(visitor: Person, letters: Letters) -> None:
    def part() -> dict[str, str]:
        answer = visitor.get("/status.json").get_json()
        found: dict[str, str] = next(p for p in answer["parts"] if p["name"] == "mail")
        return found

    from datetime import timedelta

    from webapp.core.clock import utcnow

    assert part()["state"] == "online"
    letters.write()
    assert part()["state"] == "online"
    letters.change(created_at=utcnow() - timedelta(minutes=20))
    assert part()["state"] == "warning"
    assert "20 minutes" in part()["words"]
    letters.change(created_at=utcnow() - timedelta(hours=3))
    assert part()["state"] == "alarm"
