"""The two mails of a button as its administrator words them (B-6, B-7)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tests.cast import Person
from tests.printers.conftest import SERIAL, Field
from tests.printers.desk import base, call_for_help, hidden, one, rows, text_of
from tests.printers.test_content import form_of
from tests.printers.test_panic_pages import walk
from webapp.mail.models import Mail
from webapp.printers.models import PanicButton, PanicMail
from webapp.printers.variables import DESCRIPTIONS

pytestmark = pytest.mark.feature("B-6")
HTML = "<p>[[[ENDUSEREMAIL]]] calls from [[[PRINTERNAME]]]: [[[REASONS]]]</p>"


def mails_url(acme: Field) -> str:
    return f"{base(acme.world)}/buttons/{acme.button}/mails"


def url(acme: Field, receiver: str = "technicians", language: str = "fr", act: str = "") -> str:
    return f"{mails_url(acme)}/{receiver}/{language}{act}"


def save(acme: Field, admin: Person, *which: str, **changes: Any) -> Any:
    sent = form_of(admin.get(url(acme, *which)).text)
    return admin.post(url(acme, *which), {**sent, **changes})


def own(acme: Field) -> list[tuple[str, str, str]]:
    found = rows(acme.world, select(PanicMail).order_by(PanicMail.id))
    return [(m.receiver, m.language, m.subject) for m in found]


@pytest.mark.feature("B-4")
def test_worded_mails_leave_with_the_requests_data(acme: Field, admin: Person) -> None:
    saved = save(acme, admin, subject="Panne: [[[SERIAL]]]", html=HTML)
    assert saved.status_code == 303, text_of(saved.text)
    save(acme, admin, "end_user", "de", subject="Danke [[[ENDUSEREMAIL]]]", html="<p>Hallo</p>")
    path = acme.open()
    acme.client.post(f"{path}/who", data={"email": "anna@acme.test", "language": "de"})
    walk(acme, path)
    assert one(acme.world, select(Mail.subject).where(Mail.recipient == "anna@acme.test")) == (
        "Danke anna@acme.test"
    )
    call_for_help(acme, badge_email="tom@acme.test")
    mails = {mail.recipient: mail for mail in rows(acme.world, select(Mail))}
    assert mails["technicians@acme.test"].subject == f"Panne: {SERIAL}"
    assert "calls from Colour 2nd floor" in mails["technicians@acme.test"].text
    assert mails["tom@acme.test"].subject.startswith("We have your request"), "English: the default"


def test_the_default_text_is_not_kept_and_comes_back(acme: Field, admin: Person) -> None:
    assert save(acme, admin).status_code == 303
    assert own(acme) == [], "saved as it was"
    save(acme, admin, subject="Own")
    assert own(acme) == [("technicians", "fr", "Own")]
    assert "own" in text_of(admin.get(mails_url(acme)).text)
    assert admin.post(url(acme, act="/defaults")).status_code == 303
    assert own(acme) == []
    assert "Demande d'aide" in form_of(admin.get(url(acme)).text)["subject"]


@pytest.mark.feature("B-7")
@pytest.mark.parametrize("field", ["subject", "html"])
def test_unknown_variables_are_refused_by_name(acme: Field, admin: Person, field: str) -> None:
    refused = save(acme, admin, **{field: "[[[SERIAL]]] [[[SERIALNO]]] [[[PASSWORD]]]"})
    assert refused.status_code == 422
    words = text_of(refused.text)
    assert "[[[SERIALNO]]], [[[PASSWORD]]]" in words
    assert own(acme) == []


def test_what_mails_can_not_carry_is_left_out_and_told(acme: Field, admin: Person) -> None:
    html = "<p onclick='x()'>Bonjour</p><script>alert(1)</script><img src=x onerror=y>"
    answer = save(acme, admin, html=html)
    assert answer.status_code == 303
    told = text_of(admin.get(answer.location).text)
    assert "Left out, since mails can't carry it" in told
    (kept,) = rows(acme.world, select(PanicMail.html))
    assert "script" not in kept
    assert "on" not in kept.replace("Bonjour", "")


def test_the_second_of_two_is_shown_both_versions(acme: Field, admin: Person) -> None:
    for before in ("the default", "an own text"):
        opened = form_of(admin.get(url(acme)).text)
        save(acme, admin, subject=f"First over {before}")
        told = admin.post(url(acme), {**opened, "subject": f"Second over {before}"})
        assert told.status_code == 409
        words = text_of(told.text)
        assert f"First over {before}" in words
        assert f"Second over {before}" in words
        assert admin.post(url(acme), form_of(told.text)).status_code == 303
        assert own(acme) == [("technicians", "fr", f"Second over {before}")]


def test_the_preview_has_sample_or_a_real_requests_data(acme: Field, admin: Person) -> None:
    made = call_for_help(acme, badge_email="tom@acme.test")
    sent = {**form_of(admin.get(url(acme)).text), "html": f"{HTML}[[[WRONG]]]"}
    shown = admin.post(url(acme, act="/preview"), sent)
    assert "anna.rossi@example.com calls from" in shown.text
    assert "[[[WRONG]]]" in shown.text
    assert shown.headers["Content-Security-Policy"].startswith("sandbox")
    real = admin.post(url(acme, act="/preview"), {**sent, "data_of": made.public_id})
    assert "tom@acme.test calls from Colour 2nd floor" in real.text
    told = text_of(admin.post(url(acme, act="/remarks"), sent).text)
    assert "There is no placeholder [[[WRONG]]]" in told
    assert own(acme) == []


def test_a_test_mail_carries_what_is_not_saved(acme: Field, admin: Person) -> None:
    sent = {**form_of(admin.get(url(acme)).text), "subject": "Essai [[[SERIAL]]]"}
    answer = admin.post(url(acme, act="/tests"), {**sent, "to": "me@acme.test"})
    assert answer.status_code == 200
    assert "The test mail to me@acme.test is on its way" in text_of(answer.text)
    assert form_of(answer.text)["subject"] == "Essai [[[SERIAL]]]"
    mail = one(acme.world, select(Mail))
    assert (mail.recipient, mail.subject) == ("me@acme.test", "[Test] Essai XRX9C934E1")
    assert "message de test" in mail.text
    assert own(acme) == []
    admin.post(url(acme, act="/tests"), {**sent, "to": "me@acme.test"})
    assert len(rows(acme.world, select(Mail))) == 1, "a double click sends one"


@pytest.mark.parametrize("to", ["", "nobody", "a@b.c\r\nBcc: x@y.z"])
def test_a_test_mail_needs_an_address(acme: Field, admin: Person, to: str) -> None:
    sent = {**form_of(admin.get(url(acme)).text), "to": to}
    assert admin.post(url(acme, act="/tests"), sent).status_code == 422
    assert rows(acme.world, select(Mail)) == []


def test_many_test_mails_are_held_up(acme: Field, admin: Person) -> None:
    last = None
    for _ in range(11):
        sent = {**form_of(admin.get(url(acme)).text), "to": "me@acme.test"}
        last = admin.post(url(acme, act="/tests"), sent)
    assert last is not None
    assert last.status_code == 429
    assert "That were many test mails" in text_of(last.text)


def test_the_senders_fields(acme: Field, admin: Person) -> None:
    data = {
        "emails": "a@acme.test; b@acme.test",
        "from_email": "help@acme.test",
        "from_name": "Technical  support",
    }
    assert admin.post(mails_url(acme), data).status_code == 303
    row = one(acme.world, select(PanicButton))
    assert row.technician_emails == ["a@acme.test", "b@acme.test"]
    assert (row.from_email, row.from_name) == ("help@acme.test", "Technical support")
    page = text_of(admin.get(mails_url(acme)).text)
    assert "acme.test is not verified: mails leave from the portal's own address" in page
    for wrong in ({"emails": ""}, {"emails": "nobody"}, {"from_email": "nobody"}):
        assert admin.post(mails_url(acme), {**data, **wrong}).status_code == 422


def test_who_may(acme: Field, reader: Person, admin: Person, stranger: Person) -> None:
    assert reader.get(mails_url(acme)).status_code == 403
    assert stranger.get(url(acme)).status_code == 404
    assert admin.get(url(acme, "technicians", "de")).status_code == 404, "not their language"
    assert admin.get(url(acme, "end_user", "sv")).status_code == 404, "not offered"
    assert len(DESCRIPTIONS) == admin.get(url(acme)).text.count("data-insert=")


# Readings


READING = {
    "1.3.6.1.2.1.1.5.0": ["string", b"printer-7".hex()],
    "1.3.6.1.2.1.43.10.2.1.4.1.1": ["counter32", 580249],
    "1.3.6.1.2.1.43.16.5.1.2.1.1": ["string", b"Fermez le capot".hex()],
}


def readings_url(acme: Field) -> str:
    return f"{base(acme.world)}/buttons/{acme.button}/readings"


@pytest.mark.feature("B-7")
def test_a_reading_is_chosen_from_what_a_printer_said(acme: Field, admin: Person) -> None:
    assert "no reading to choose from yet" in text_of(admin.get(readings_url(acme)).text)
    facts = {"serial": SERIAL, "faults": ["Paper jam", "Toner low"]}
    call_for_help(acme, facts=facts, reading=READING)
    page = admin.get(readings_url(acme)).text
    assert '<option value="1.3.6.1.2.1.43.16.5.1.2.1.1">Fermez le capot</option>' in page
    assert "580249" in page
    sent = {
        **form_of(page),
        "source1": "fault 2",
        "source2": "fault 2",
        "source3": "fault 3",
        "source4": "fault 4",
        "oid3": " .1.3.6.1.2.1.43.16.5.1.2.1.1 ",
        "version": hidden(page, "version"),
    }
    sent.pop("printer", None)
    shown = text_of(admin.post(f"{readings_url(acme)}/shown", sent).text)
    assert "[[[OID1]]] Toner low" in shown
    assert "[[[OID3]]] Fermez le capot" in shown
    assert admin.post(readings_url(acme), sent).status_code == 303
    sources = {"OID1": "fault 2", "OID3": "1.3.6.1.2.1.43.16.5.1.2.1.1"}
    assert one(acme.world, select(PanicButton)).fault_sources == sources
    made = call_for_help(acme, facts=facts, reading=READING)
    assert made.facts["messages"] == ["Toner low", "Toner low", "Fermez le capot", ""]


@pytest.mark.feature("B-7")
def test_what_is_no_oid_is_refused(acme: Field, admin: Person) -> None:
    page = admin.get(readings_url(acme)).text
    sent = {f"source{n}": f"fault {n}" for n in range(1, 5)}
    sent |= {"oid1": "paper jam", "version": hidden(page, "version")}
    refused = admin.post(readings_url(acme), sent)
    assert refused.status_code == 422
    assert "This is no OID" in text_of(refused.text)
    stale = admin.post(readings_url(acme), {**sent, "oid1": "", "version": "99"})
    assert stale.status_code == 409
