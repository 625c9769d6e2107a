"""P-21, P-24, B-6: what is written into the outbox, for whom, in which words."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Any

import pytest
from sqlalchemy import select

from simulators.mailbox import Mailbox
from tests import make
from tests.mail.conftest import Post
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.errors import Refusal
from webapp.core.tenancy import scope, unscoped
from webapp.mail.models import EmailTemplate, Mail
from webapp.mail.outbox import cancel, send, send_composed
from webapp.mail.smtp import message_of
from webapp.orgs.models import Organisation, OrganisationKind

pytestmark = pytest.mark.feature("P-24")


def notify(post: Post, **more: Any) -> Mail:
    given: dict[str, Any] = {
        "to": "anna@acme.test",
        "language": "en",
        "organisation_id": post.world.acme_id,
        "values": {"NAME": "Anna", "TITLE": "Jam", "MESSAGE": "m", "LINK": "https://x.test/1"},
    }
    return send("notification", **{**given, **more})


def compose(post: Post, **more: Any) -> Mail:
    given: dict[str, Any] = {
        "subject": "Help",
        "html": "<p>Help</p>",
        "to": "tech@acme.test",
        "organisation_id": post.world.acme_id,
        "from_name": "Canteen",
        "type": "printer_request",
    }
    return send_composed(**{**given, **more})


def header(mail: Mail, name: str) -> Any:
    return message_from_bytes(message_of(mail).as_bytes(), policy=policy.default)[name]


def raw_header(mail: Mail, name: str) -> str:
    found = message_from_bytes(message_of(mail).as_bytes(), policy=policy.compat32)[name]
    return str(found)


def decoded(raw: str) -> str:
    """As RFC 2047 says; Python's newer parser leaves a space between adjacent encoded words of a name."""
    return str(make_header(decode_header(raw)))


def test_a_mail_belongs_to_its_organisation_or_to_the_operator(post: Post) -> None:
    with scope(post.world.globex_id):
        assert notify(post).organisation_id == post.world.acme_id
    operator = db.session.scalars(
        select(Organisation).where(Organisation.kind == OrganisationKind.OPERATOR)
    ).one()
    assert notify(post, organisation_id=None).organisation_id == operator.id


def test_every_button_prints_its_link_support_and_that_replies_are_not_read(post: Post) -> None:
    mail = notify(post)
    assert mail.html is not None
    assert mail.text is not None
    assert mail.html.count("https://x.test/1") == 3, "button, and the address as a link of its own"
    assert "https://x.test/1</a>" in mail.html
    for words in ("https://x.test/1", "support@outpost.test", "replies to it are not read"):
        assert words in mail.text
        assert words in mail.html


def test_a_mail_names_its_organisation_unasked(post: Post) -> None:
    assert "this concerns Acme:" in (notify(post).text or "")


def test_times_and_numbers_are_written_as_the_recipient_does(post: Post) -> None:
    when = datetime(2030, 3, 7, 16, 5, tzinfo=UTC)
    mail = send(
        "password_changed",
        to="a@acme.test",
        language="de",
        organisation_id=post.world.acme_id,
        values={"WHEN": when, "NAME": None},
    )
    assert "7. März 2030, 17:05 MEZ" in (mail.text or "")
    assert "Guten Tag —," in (mail.text or "")


@pytest.mark.parametrize(
    "address",
    [
        "anna",
        "anna@",
        "a@b@c.test",
        "anna@acme.test\r\nBcc: x@y.test",
        "Anna <anna@acme.test>",
        "ännä@acme.test",
        "",
        "anna@acme..test",
        "a b@acme.test",
        "anna@acme.test,b@acme.test",
    ],
)
def test_an_address_that_cant_be_written_to_is_refused(post: Post, address: str) -> None:
    with pytest.raises(Refusal) as refused:
        notify(post, to=address)
    assert refused.value.field == "to"
    assert post.rows() == []


def test_a_domain_with_umlauts_goes_out_in_ascii(post: Post) -> None:
    assert notify(post, to="anna@bücher.test").recipient == "anna@xn--bcher-kva.test"


@pytest.mark.parametrize(
    "name",
    [
        "Zoë Müller",
        "Acme, Inc.",
        'The "Boss" <b@x.test>',
        "a\r\nBcc: evil@x.test",
        "山田太郎" * 10,
        "ü" * 200,
        "back\\slash",
        "\u202eevil",
        "=?utf-8?q?x?=",
    ],
)
def test_names_never_break_out_of_their_header(post: Post, name: str) -> None:
    mail = compose(post, from_name=name, to_name=name, from_email="boss@shop.test")
    commit()
    sender: Address = header(mail, "From").addresses[0]
    to: Address = header(mail, "To").addresses[0]
    assert sender.addr_spec == "outpost@outpost.test"
    assert to.addr_spec == "tech@acme.test"
    assert len(header(mail, "To").addresses) == 1
    assert header(mail, "Bcc") is None
    shown, _address = parseaddr(raw_header(mail, "From"))
    assert decoded(shown) == mail.sender_name


@pytest.mark.parametrize(
    "subject",
    [
        "Ü" * 150,
        "a\r\nBcc: evil@x.test",
        "x" * 300,
        "Störung am Drucker im dritten Obergeschoß links: " * 4,
        "Zażółć gęślą jaźń " * 9 + "ok",
        "山田太郎" * 45,
        "=?utf-8?q?x?=",
        "\x00\x1b[31m",
    ],
)
def test_subjects_arrive_as_written_and_never_break_out(post: Post, subject: str) -> None:
    mail = compose(post, subject=subject)
    assert header(mail, "Bcc") is None
    assert len(mail.subject) <= 200
    raw = raw_header(mail, "Subject")
    assert decoded(raw) in (mail.subject, "x")
    assert all(len(line) < 200 or line.isascii() for line in raw.splitlines())


@pytest.mark.feature("B-6")
def test_a_sender_of_an_unverified_domain_becomes_the_address_for_answers(post: Post) -> None:
    mail = compose(post, from_email="help@shop.test")
    assert (mail.sender_address, mail.reply_to) == (None, "help@shop.test")
    assert str(header(mail, "Reply-To")) == "help@shop.test"
    assert "reply to this mail" in (mail.text or "")
    assert "support@outpost.test" not in f"{mail.text}{mail.html}"
    assert "support@outpost.test" in (compose(post).text or "")
    verified = compose(post, from_email="help@shop.test", from_is_verified=True)
    assert (verified.sender_address, verified.reply_to) == ("help@shop.test", None)
    assert header(verified, "From").addresses[0] == Address("Canteen", addr_spec="help@shop.test")


@pytest.mark.feature("B-6")
def test_a_composed_mail_is_sanitised_and_not_filled_again(post: Post) -> None:
    mail = compose(post, html="<p>[[[NAME]]]<script>x</script></p>", subject="[[[NAME]]]")
    assert mail.subject == "[[[NAME]]]"
    assert "[[[NAME]]]</p>" in (mail.html or "")
    assert "<script>" not in (mail.html or "")


def test_a_value_that_the_kind_does_not_know_is_a_defect(post: Post) -> None:
    with pytest.raises(ValueError, match="NAEM"):
        notify(post, values={"NAEM": "x"})
    with pytest.raises(KeyError):
        send("unheard_of", to="a@b.test", language="en", organisation_id=None, values={})


def test_news_alone_has_a_way_out(post: Post) -> None:
    mail = notify(post, unsubscribe="https://localhost/u")
    assert mail.unsubscribe == "https://localhost/u"
    assert "Choose which mails you receive: https://localhost/u" in (mail.text or "")
    assert "Choose which mails" not in (notify(post).text or ""), "there is no page to choose on"
    assert compose(post).unsubscribe is None
    with pytest.raises(ValueError, match="unsubscribe"):
        notify(post, unsubscribe="https://localhost/u>\r\nBcc: x@y.test")


def test_a_waiting_mail_can_be_cancelled_a_sent_one_not(post: Post, box: Mailbox) -> None:
    kept, gone = notify(post), notify(post)
    commit()
    with unscoped("test"):
        assert cancel(gone)
        commit()
    post.drain()
    assert [m.public_id for m in post.rows() if m.state == "done"] == [kept.public_id]
    with unscoped("test"):
        assert not cancel(post.row(kept.public_id))


def template(post: Post, organisation_id: int, language: str, **more: Any) -> None:
    now = utcnow()
    with unscoped("test"):
        db.session.add(
            EmailTemplate(
                **{
                    "organisation_id": organisation_id,
                    "type": "notification",
                    "language": language,
                    "name": "Ours",
                    "subject": f"{organisation_id} {language}: [[[TITLE]]]",
                    "html": "<p>[[[MESSAGE]]]</p>",
                    "active": True,
                    "created_at": now,
                    "updated_at": now,
                    **more,
                }
            )
        )
        commit()


def child_of_acme(post: Post) -> int:
    with unscoped("test"):
        acme = db.session.get(Organisation, post.world.acme_id)
        child = make.organisation("Acme North", parent=acme, language="it")
        commit()
    return child.id


@pytest.mark.feature("P-21")
def test_the_nearest_active_template_is_chosen(post: Post) -> None:
    child, acme = child_of_acme(post), post.world.acme_id
    assert notify(post, organisation_id=child).subject == "Jam", "the system's"
    template(post, post.world.globex_id, "en")
    template(post, child, "en", active=False)
    assert notify(post, organisation_id=child).subject == "Jam", "nobody else's, no inactive one"
    template(post, acme, "en")
    assert notify(post, organisation_id=child).subject == f"{acme} en: Jam", "the parent's"
    template(post, child, "en")
    mail = notify(post, organisation_id=child)
    assert mail.subject == f"{child} en: Jam"
    assert mail.template_id is not None
    assert notify(post).subject == f"{acme} en: Jam"


@pytest.mark.feature("P-21")
def test_the_language_is_the_recipients_else_the_organisations_else_english(post: Post) -> None:
    child = child_of_acme(post)
    template(post, child, "it")
    assert notify(post, organisation_id=child, language="de-AT").language == "de"
    assert notify(post, organisation_id=child, language="ja").subject == f"{child} it: Jam"
    assert notify(post, organisation_id=child, language=None).language == "it"
    assert notify(post, language="ja").language == "en"


@pytest.mark.feature("P-21")
def test_two_active_templates_of_one_kind_and_language_cant_be(post: Post) -> None:
    template(post, post.world.acme_id, "en")
    with pytest.raises(Exception, match="uq_email_templates_active"):
        template(post, post.world.acme_id, "en")
    db.session.rollback()
