"""P-20: a test mail with sample data, to any address, marked as what it is."""

from __future__ import annotations

import html

import pytest

from simulators.mailbox import Mailbox
from tests.cast import Person
from tests.mailing.desk import SYSTEM, Desk, url
from webapp.core import drains
from webapp.mail.types import all_types
from webapp.mail.words import WORDS
from webapp.mailing.templates import samples
from webapp.settings import LANGUAGES

pytestmark = pytest.mark.feature("P-20")


def test_it_asks_the_address_and_shows_what_became_of_it(desk: Desk, box: Mailbox) -> None:
    form = desk.admin.get(url(desk.world, f"/{SYSTEM}/test")).text
    assert 'value="admin@acme.test"' in form, "one's own address is proposed"
    answer = desk.admin.post(
        url(desk.world, f"/{SYSTEM}/test"), {"to": "tester@acme.test", "nonce": "n"}
    )
    assert answer.status_code == 303
    shown = desk.admin.get(answer.headers["Location"]).text
    assert "tester@acme.test" in shown
    assert "Waiting" in shown
    with desk.world.portal.app_context():
        drains.run("mail")
    [message] = box.messages()
    assert message.recipients == ("tester@acme.test",)
    assert message.subject.startswith("[Test] ")
    assert WORDS["de"].trial_note in (message.text or "")
    assert "https://outpost.example/x/reset/q7Yt" in (message.text or "")
    assert "Sent" in desk.admin.get(answer.headers["Location"]).text
    assert desk.events() == ["tested"]


def test_an_inactive_one_can_be_tried_before_it_is_activated(desk: Desk) -> None:
    ref = desk.copy()
    desk.save(ref, subject="Probe für [[[NAME]]]")
    desk.admin.post(url(desk.world, f"/{ref}/test"), {"to": "t@acme.test", "nonce": "n"})
    [mail] = desk.mails()
    assert mail.subject == "[Test] Probe für Anna Rossi"
    assert mail.template_id == desk.row(ref).id
    assert (mail.cause_kind, mail.cause_id) == ("email_template", ref)
    assert not mail.has_secret


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_can_be_tried_in_every_language(
    desk: Desk, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "TESTS_OF_ONE", samples.TESTS_OF_ALL)
    for kind in all_types():
        path = url(desk.world, f"/{kind.name}.{language}/test")
        answer = desk.admin.post(path, {"to": "t@acme.test", "nonce": kind.name + language})
        assert answer.status_code == 303
    mails = desk.mails()
    assert len(mails) == len(all_types())
    for mail in mails:
        assert mail.subject.startswith(f"[{WORDS[language].trial}] ")
        assert WORDS[language].trial_note.replace("’", "’") in html.unescape(mail.html or "")
        assert "[[[" not in (mail.html or "")


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "x@acme.test\r\nBcc: y@z.test"])
def test_an_address_that_is_none_is_refused(desk: Desk, address: str) -> None:
    answer = desk.admin.post(url(desk.world, f"/{SYSTEM}/test"), {"to": address, "nonce": "n"})
    assert answer.status_code == 422
    assert "error-summary" in answer.text
    assert desk.mails() == []


def test_sent_twice_it_goes_once(desk: Desk) -> None:
    form = {"to": "t@acme.test", "nonce": "same"}
    places = {
        desk.admin.post(url(desk.world, f"/{SYSTEM}/test"), form).headers["Location"]
        for _ in range(2)
    }
    assert len(places) == 1
    assert len(desk.mails()) == 1


def test_many_are_refused_with_the_time_to_wait(desk: Desk) -> None:
    path = url(desk.world, f"/{SYSTEM}/test")
    answers = [desk.admin.post(path, {"to": "t@acme.test", "nonce": str(n)}) for n in range(12)]
    assert [a.status_code for a in answers] == [303] * 10 + [429] * 2
    assert "The next can go in 15 minutes" in answers[-1].text
    assert 'value="t@acme.test"' in answers[-1].text
    assert len(desk.mails()) == 10


def test_a_reader_sends_none(reader: Person, desk: Desk) -> None:
    assert reader.get(url(desk.world, f"/{SYSTEM}/test")).status_code == 403
