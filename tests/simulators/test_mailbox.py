import smtplib
import socket
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from simulators.mailbox import Mailbox

pytestmark = pytest.mark.feature("S-7")


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with Mailbox() as box:
        yield box


def mail(
    subject: str = "Hello", *, to: str = "anna@acme.example", text: str = "Hi"
) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "portal@outpost.example", to, subject
    message.set_content(text)
    return message


def send(box: Mailbox, *messages: EmailMessage, timeout: float = 5) -> None:
    with smtplib.SMTP(box.host, box.smtp_port, timeout=timeout) as smtp:
        for message in messages or (mail(),):
            smtp.send_message(message)


def test_what_is_sent_arrives_as_it_was(box: Mailbox) -> None:
    source = (
        b"From: a@b.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\n.dot\r\n8-bit \xff\r\n"
    )
    with smtplib.SMTP(box.host, box.smtp_port) as smtp:
        smtp.sendmail("a@b.example", ["anna@acme.example", "bert@acme.example"], source)
    [arrived] = box.messages()
    assert arrived.source == source
    assert arrived.sender == "a@b.example"
    assert arrived.recipients == ("anna@acme.example", "bert@acme.example")
    assert arrived.subject == "Grüße"
    assert arrived.text == ".dot\n8-bit \N{REPLACEMENT CHARACTER}\n"
    assert arrived.html is None


def test_mails_are_found_by_recipient_subject_text_and_what_came_after(box: Mailbox) -> None:
    send(
        box,
        mail("Invitation", to="anna@acme.example", text="Click"),
        mail("Alarm", to="bert@acme.example", text="Tank 3 is low"),
        mail("Second invitation", to="ANNA@acme.example"),
    )
    first, _, last = box.messages()
    assert [found.subject for found in box.messages(to="anna@")] == [
        "Invitation",
        "Second invitation",
    ]
    assert box.messages(to="anna@", subject="INVIT", after=first.id) == [last]
    assert [found.subject for found in box.messages(text="tank 3")] == ["Alarm"]
    assert box.messages(text="nothing of that") == []
    assert box.clear() == 3
    assert box.messages() == []


def test_waiting_ends_with_the_first_mail_that_fits_or_the_time(box: Mailbox) -> None:
    began = time.monotonic()
    assert box.wait(to="anna@", seconds=0.2) == []
    assert 0.2 <= time.monotonic() - began < 1
    send(box)
    assert [found.subject for found in box.wait(to="anna@", seconds=5)] == ["Hello"]


def test_an_address_with_umlauts_is_taken(box: Mailbox) -> None:
    with smtplib.SMTP(box.host, box.smtp_port) as smtp:
        smtp.sendmail("a@b.example", ["jürgen@müller.example"], "x", ["SMTPUTF8"])
    assert box.messages()[0].recipients == ("jürgen@müller.example",)


@pytest.mark.parametrize(
    ("mode", "stage", "codes"),
    [
        ("temporary", "rcpt", 451),
        ("temporary", "data", 452),
        ("permanent", "rcpt", 550),
        ("permanent", "data", 554),
    ],
)
def test_refusals_are_seen_by_the_client_and_nothing_is_kept(
    box: Mailbox, mode: str, stage: str, codes: int
) -> None:
    box.behave(mode=mode, stage=stage)
    with smtplib.SMTP(box.host, box.smtp_port) as smtp:
        with pytest.raises((smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)) as refused:
            smtp.send_message(mail())
        assert code_of(refused.value) == codes
        box.behave()
        smtp.send_message(mail("Again"))
    assert [kept.subject for kept in box.messages()] == ["Again"]


def code_of(error: Exception) -> int:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(iter(error.recipients.values()))[0]
    assert isinstance(error, smtplib.SMTPDataError)
    return error.smtp_code


def test_a_refusal_falls_due_so_often_and_for_those_recipients_only(box: Mailbox) -> None:
    box.behave(mode="temporary", count=2, to="*@acme.example")
    send(box, mail("other", to="eve@globex.example"))
    for _ in range(2):
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            send(box, mail("refused"))
    send(box, mail("third"))
    assert [kept.subject for kept in box.messages()] == ["other", "third"]


def test_one_recipient_of_two_can_be_refused(box: Mailbox) -> None:
    box.behave(mode="permanent", to="bert@*")
    with smtplib.SMTP(box.host, box.smtp_port) as smtp:
        refused = smtp.sendmail("a@b.example", ["anna@acme.example", "bert@acme.example"], "x")
    assert set(refused) == {"bert@acme.example"}
    assert box.messages()[0].recipients == ("anna@acme.example",)


def test_slow_is_as_slow_as_asked_for_and_keeps_the_mail(box: Mailbox) -> None:
    box.behave(mode="slow", seconds=0.3)
    began = time.monotonic()
    send(box)
    assert 0.3 <= time.monotonic() - began < 2
    assert len(box.messages()) == 1


@pytest.mark.parametrize(("stage", "kept"), [("rcpt", 0), ("data", 0), ("kept", 1)])
def test_a_cut_before_the_250_is_seen_as_a_lost_connection(
    box: Mailbox, stage: str, kept: int
) -> None:
    box.behave(mode="cut", stage=stage)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(box)
    assert len(box.messages()) == kept


def test_a_cut_after_the_250_comes_after_the_mail_was_accepted(box: Mailbox) -> None:
    box.behave(mode="cut", stage="done", count=1)
    smtp = smtplib.SMTP(box.host, box.smtp_port)
    assert smtp.send_message(mail()) == {}
    with pytest.raises(smtplib.SMTPServerDisconnected):
        smtp.noop()
    send(box)
    assert len(box.messages()) == 2


def test_hanging_lasts_until_the_client_gives_up_and_others_are_served(box: Mailbox) -> None:
    box.behave(mode="hang", count=1)
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        send(box, timeout=0.3)
    send(box, mail("next"))
    assert [kept.subject for kept in box.messages()] == ["next"]


def test_it_ends_while_a_client_hangs() -> None:
    with Mailbox() as box:
        box.behave(mode="hang")
        smtp = smtplib.SMTP(box.host, box.smtp_port, timeout=0.1)
        with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
            smtp.send_message(mail())
        began = time.monotonic()
    assert time.monotonic() - began < 2
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((box.host, box.smtp_port), timeout=1)


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ({"mode": "rude"}, "mode is one of accept, temporary"),
        ({"mode": "temporary", "stage": "done"}, "temporary can happen at rcpt, data"),
        ({"mode": "slow", "seconds": -1}, "seconds is a number"),
        ({"mode": "slow", "seconds": float("nan")}, "seconds is a number"),
        ({"mode": "temporary", "count": 0}, "count is a whole number"),
        ({"mode": "temporary", "count": True}, "count is a whole number"),
        ({"mode": "temporary", "to": 5}, "to is a pattern"),
        ({"mood": "bad"}, "unknown: mood"),
    ],
)
def test_a_behaviour_that_means_nothing_is_refused_and_changes_nothing(
    box: Mailbox, behaviour: dict[str, object], why: str
) -> None:
    box.behave(mode="slow", seconds=0.01)
    with pytest.raises(ValueError, match=why):
        box.behave(**behaviour)
    assert box.conduct.now.mode == "slow"


def test_only_the_newest_are_kept() -> None:
    with Mailbox(keep=3) as box:
        send(box, *(mail(str(number)) for number in range(5)))
        assert [kept.subject for kept in box.messages()] == ["2", "3", "4"]
        assert box.store.received == 5


def test_mails_survive_a_restart_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.eml").write_text("not ours")
    with Mailbox(folder=tmp_path, keep=3) as box:
        send(box, *(mail(str(number)) for number in range(4)))
        before = box.messages()
    with Mailbox(folder=tmp_path, keep=3) as box:
        after = box.messages()
        assert [(kept.id, kept.sender, kept.recipients, kept.source) for kept in after] == [
            (kept.id, kept.sender, kept.recipients, kept.source) for kept in before
        ]
        assert [kept.received_at.timestamp() for kept in after] == pytest.approx(
            [kept.received_at.timestamp() for kept in before], abs=0.01
        )
        send(box, mail("new"))
        assert box.messages()[-1].subject == "new"
        assert len(list(tmp_path.glob("*.eml"))) == 4
        box.clear()
    assert [file.name for file in tmp_path.iterdir()] == ["notes.eml"]


def test_ports_that_are_taken_are_told_and_nothing_runs_on() -> None:
    with Mailbox() as box:
        with pytest.raises(OSError, match="in use"):
            Mailbox(smtp_port=box.smtp_port).start()
        second = Mailbox(web_port=box.web_port)
        with pytest.raises(OSError, match="can't be had"):
            second.start()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((second.host, second.smtp_port), timeout=1)


def test_it_takes_300_mails_a_second(box: Mailbox) -> None:
    """Measured in processor time, client included, so that a busy machine does not matter."""
    began = time.process_time()
    send(box, *[mail()] * 300)
    assert time.process_time() - began < 1
    assert len(box.store) == 300
