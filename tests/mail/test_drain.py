"""P-24 against a real SMTP server: accepted, refused, slow, cut, away."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from itertools import pairwise

import pytest

from simulators.mailbox import Mailbox
from tests.mail.conftest import Post
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.mail import drain as mail_drain
from webapp.mail.models import MailState
from webapp.mail.outbox import send

pytestmark = pytest.mark.feature("P-24")


def test_an_accepted_mail_is_sent_with_the_servers_words(post: Post, box: Mailbox) -> None:
    number = post.write()
    post.drain()
    row = post.row(number)
    assert (row.word, row.attempts, row.possible_doubles) == (MailState.SENT, 1, 0)
    assert row.server_words is not None
    assert row.server_words.startswith("250")
    assert row.sent_at is not None
    assert row.handed_at is None
    assert [m.recipients for m in box.messages()] == [("anna@acme.test",)]


def test_it_is_multipart_with_a_stable_message_id_and_a_way_out(post: Post, box: Mailbox) -> None:
    number = post.write(to="zoë@acme.test".replace("ë", "e"), TITLE="Grüße – €")
    post.drain()
    message = message_from_bytes(box.messages()[0].source, policy=default)
    assert message["Message-ID"] == post.row(number).message_id
    assert message["Subject"] == "Grüße – €"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"].strip().startswith("<mailto:support@")
    body = {
        part.get_content_type(): part.get_content()
        for part in message.walk()
        if not part.is_multipart()
    }
    assert list(body) == ["text/plain", "text/html"]
    assert "replies to it are not read" in body["text/plain"]
    assert max(map(len, box.messages()[0].source.split(b"\r\n"))) < 998


def test_a_temporary_refusal_is_tried_again_until_it_passes(post: Post, box: Mailbox) -> None:
    number = post.write()
    box.behave(mode="temporary", count=2)
    post.drain()
    row = post.row(number)
    assert row.word is MailState.WAITING
    assert row.server_words is not None
    assert row.server_words.startswith("4")
    assert row.due_at > utcnow() + timedelta(seconds=40)
    post.drain()
    assert post.row(number).attempts == 1, "it is not due yet"
    first_id = row.message_id
    for _ in range(2):
        post.time_passes()
        post.drain()
    row = post.row(number)
    assert (row.word, row.attempts, row.possible_doubles) == (MailState.SENT, 3, 0)
    assert len(box.messages()) == 1
    assert row.message_id == first_id


def test_pauses_grow_and_after_48_hours_it_is_failed_with_the_words(
    post: Post, box: Mailbox
) -> None:
    number = post.write()
    box.behave(mode="temporary")
    pauses = []
    for _ in range(4):
        before = utcnow()
        post.drain()
        pauses.append((post.row(number).due_at - before).total_seconds())
        post.time_passes()
    assert all(later > 1.2 * earlier for earlier, later in pairwise(pauses))
    post.change(first_due_at=utcnow() - timedelta(hours=48, seconds=1))
    post.drain()
    row = post.row(number)
    assert row.word is MailState.FAILED
    assert row.last_error is not None
    assert row.last_error.startswith("4")


@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_a_permanent_refusal_fails_at_once(post: Post, box: Mailbox, stage: str) -> None:
    bad, good = post.write(to="bad@acme.test"), post.write(to="good@acme.test")
    box.behave(mode="permanent", stage=stage, to="bad@*")
    post.drain()
    row = post.row(bad)
    assert (row.word, row.attempts) == (MailState.FAILED, 1)
    assert row.server_words is not None
    assert row.server_words.startswith("5")
    assert post.row(good).word is MailState.SENT


@pytest.mark.parametrize(("mode", "stage"), [("slow", "data"), ("hang", "kept"), ("cut", "kept")])
def test_in_doubt_it_is_sent_again_and_counted(
    post: Post, box: Mailbox, mode: str, stage: str
) -> None:
    """Slow beyond the time-out, or the line cut before the 250 came through."""
    number = post.write()
    box.behave(mode=mode, stage=stage, seconds=1.5, count=1)
    post.drain()
    row = post.row(number)
    assert (row.word, row.possible_doubles) == (MailState.WAITING, 1)
    post.time_passes()
    post.drain()
    assert post.row(number).word is MailState.SENT
    assert {m.message["Message-ID"] for m in box.messages()} == {row.message_id}


def test_cut_before_the_content_is_no_double(post: Post, box: Mailbox) -> None:
    number = post.write()
    box.behave(mode="cut", stage="rcpt", count=1)
    post.drain()
    assert post.row(number).possible_doubles == 0
    post.time_passes()
    post.drain()
    assert post.row(number).word is MailState.SENT
    assert len(box.messages()) == 1


def test_cut_after_the_250_the_next_mail_gets_a_new_session(post: Post, box: Mailbox) -> None:
    numbers = [post.write(to=f"p{i}@acme.test") for i in range(3)]
    box.behave(mode="cut", stage="done", to="p0@*")
    post.drain()
    assert [post.row(n).word for n in numbers] == [MailState.SENT] * 3
    assert [post.row(n).attempts for n in numbers] == [1, 1, 1]
    assert len(box.messages()) == 3


def test_a_poison_mail_blocks_nobody(
    post: Post, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first can't even be built: the others go out."""
    poison = post.write(to="poison@acme.test")
    others = [post.write(to=f"p{i}@acme.test") for i in range(3)]
    build = mail_drain.message_of

    def fail_for_poison(mail: object) -> object:
        if mail.recipient.startswith("poison"):  # type: ignore[attr-defined]
            raise UnicodeError("broken")
        return build(mail)  # type: ignore[arg-type]

    monkeypatch.setattr(mail_drain, "message_of", fail_for_poison)
    post.drain()
    assert [post.row(n).word for n in others] == [MailState.SENT] * 3
    row = post.row(poison)
    assert row.word is MailState.WAITING
    assert row.last_error == "UnicodeError: broken"


def test_a_recipient_that_always_hangs_blocks_nobody(post: Post, box: Mailbox) -> None:
    hanging = post.write(to="hang@acme.test")
    other = post.write(to="b@acme.test")
    box.behave(mode="hang", stage="rcpt", to="hang@*", seconds=1.5)
    post.drain()
    assert post.row(hanging).word is MailState.WAITING
    assert post.row(other).word is MailState.SENT


def test_without_a_server_everything_waits_and_says_why(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MAIL_PORT is 1 in tests: nobody listens there."""
    numbers = [post.write(to=f"p{i}@acme.test") for i in range(3)]
    post.drain()
    for row in map(post.row, numbers):
        assert row.word is MailState.WAITING
        assert "refused" in (row.last_error or "")
        assert row.possible_doubles == 0
        assert row.due_at < utcnow() + timedelta(minutes=11)


def test_three_broken_conversations_end_the_round_and_the_rest_is_given_back(
    post: Post, box: Mailbox
) -> None:
    numbers = [post.write(to=f"p{i}@acme.test") for i in range(6)]
    box.behave(mode="cut", stage="data")
    post.drain()
    rows = [post.row(n) for n in numbers]
    assert [r.word for r in rows] == [MailState.WAITING] * 6
    assert [r.attempts for r in rows] == [1, 1, 1, 0, 0, 0]
    assert all(r.claimed_until is None for r in rows)
    box.behave()
    post.drain()
    assert [post.row(n).word for n in numbers[3:]] == [MailState.SENT] * 3


def test_a_mail_that_a_dead_worker_had_in_hand_goes_out_again_and_is_counted(
    post: Post, box: Mailbox
) -> None:
    """The row as a worker leaves it that dies after the server's 250 and before its own commit."""
    in_hand, only_claimed = post.write(to="a@acme.test"), post.write(to="b@acme.test")
    past = utcnow() - timedelta(minutes=5)
    post.change(state="claimed", claimed_until=past, attempts=1)
    row = post.row(in_hand)
    row.handed_at = past
    commit()
    post.drain()
    assert (post.row(in_hand).word, post.row(in_hand).possible_doubles) == (MailState.SENT, 1)
    assert (post.row(only_claimed).word, post.row(only_claimed).possible_doubles) == (
        MailState.SENT,
        0,
    )
    assert [m.recipients[0] for m in box.messages()] == ["b@acme.test", "a@acme.test"]


def test_a_mail_that_kills_every_worker_is_given_up(post: Post, box: Mailbox) -> None:
    number = post.write()
    past = utcnow() - timedelta(minutes=5)
    post.change(state="claimed", claimed_until=past, handed_at=past, possible_doubles=10)
    post.drain()
    row = post.row(number)
    assert row.word is MailState.FAILED
    assert "worker ended" in (row.server_words or "")
    assert not box.messages()


def test_whoever_lost_the_claim_does_not_send(
    post: Post, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker took the row meanwhile: the first leaves it alone."""
    first, second = post.write(to="a@acme.test"), post.write(to="b@acme.test")
    until = utcnow() + timedelta(minutes=2)
    deliver = mail_drain.PostOffice.deliver

    def steal_the_second(self: mail_drain.PostOffice, message: object) -> object:
        with db.engine.begin() as other:
            other.exec_driver_sql(
                "UPDATE mail_outbox SET claimed_until = %s WHERE recipient = 'b@acme.test'",
                (until,),
            )
        return deliver(self, message)  # type: ignore[arg-type]

    monkeypatch.setattr(mail_drain.PostOffice, "deliver", steal_the_second)
    post.drain()
    assert post.row(first).word is MailState.SENT
    assert post.row(second).word is MailState.SENDING
    assert [m.recipients[0] for m in box.messages()] == ["a@acme.test"]


def test_a_secret_is_sealed_while_it_waits_and_wiped_when_it_is_sent(
    post: Post, box: Mailbox
) -> None:
    link = "https://localhost/reset/Zm9vYmFy"
    mail = send(
        "password_reset",
        to="anna@acme.test",
        language="en",
        organisation_id=None,
        values={"NAME": "Anna", "MINUTES": 60, "LINK": link},
    )
    commit()
    row = post.row(mail.public_id)
    stored = f"{row.html} {row.text} {row.subject}".encode() + (row.bodies_sealed or b"")
    assert b"Zm9vYmFy" not in stored
    post.drain()
    row = post.row(mail.public_id)
    assert (row.word, row.bodies_sealed) == (MailState.SENT, None)
    assert link in (box.messages()[0].text or "")
    assert "Zm9vYmFy" not in (row.html or "")


def test_a_secret_whose_key_is_gone_waits_for_it(
    post: Post, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = send(
        "password_reset",
        to="anna@acme.test",
        language="en",
        organisation_id=None,
        values={"LINK": "https://localhost/x"},
    )
    commit()
    row = post.row(mail.public_id)
    sealed = row.bodies_sealed or b""
    post.change(bodies_sealed=b"\0\0\0\0" + sealed[4:])
    post.drain()
    row = post.row(mail.public_id)
    assert row.word is MailState.WAITING
    assert "Sealed" in (row.last_error or "")
    post.change(bodies_sealed=sealed)
    post.time_passes()
    post.drain()
    assert post.row(mail.public_id).word is MailState.SENT


def test_nothing_leaves_when_the_transaction_is_taken_back(post: Post, box: Mailbox) -> None:
    send(
        "notification",
        to="a@acme.test",
        language="en",
        organisation_id=post.world.acme_id,
        values={"TITLE": "t"},
    )
    db.session.rollback()
    post.drain()
    assert post.rows() == []
    assert not box.messages()


def test_bodies_go_after_thirty_days_the_head_line_stays(post: Post, box: Mailbox) -> None:
    number = post.write()
    post.drain()
    row = post.row(number)
    assert row.wipe_at is not None
    assert timedelta(days=29) < row.wipe_at - utcnow() < timedelta(days=31)
    post.change(wipe_at=utcnow())
    drains.run("mail bodies")
    row = post.row(number)
    assert row.is_wiped
    assert row.text is None
    assert row.subject == "For anna@acme.test"
