"""The pages at the printer (B-2, B-3, B-4), without JavaScript and without a cookie."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from tests.printers.conftest import SERIAL, Field
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.mail.models import Mail
from webapp.printers.models import PanicButton, PanicReason, PanicRequest, Printer


def stored(acme: Field, statement: Any) -> Any:
    with acme.world.portal.app_context(), unscoped("looking at what was stored"):
        return db.session.scalars(statement).all()


def change_button(acme: Field, **values: Any) -> None:
    with acme.world.portal.app_context(), unscoped("changing the button"):
        button = db.session.scalars(select(PanicButton)).one()
        for name, value in values.items():
            setattr(button, name, value)
        commit()


def reason_ids(acme: Field) -> list[str]:
    return list(stored(acme, select(PanicReason.public_id).order_by(PanicReason.position)))


def walk(acme: Field, path: str, **answers: str) -> Any:
    """Fill in all three pages; the answer to the last one."""
    first = acme.client.post(f"{path}/who", data={"email": answers.get("email", "anna@acme.test")})
    assert first.status_code == 303, first.text
    second = acme.client.post(
        f"{path}/reasons", data={"reason": reason_ids(acme)[:2], "go": "next"}
    )
    assert second.status_code == 303, second.text
    message = {"message": answers.get("message", "It squeaks."), "go": "send"}
    return acme.client.post(f"{path}/message", data=message)


@pytest.mark.feature("B-3")
def test_three_pages_make_a_request(acme: Field) -> None:
    path = acme.open(badge_email="anna@acme.test")
    assert 'value="anna@acme.test"' in acme.client.get(f"{path}/who").text
    done = walk(acme, path)
    assert done.location == f"{path}/thanks"
    (request,) = stored(acme, select(PanicRequest))
    assert request.number == 1
    assert (request.email, request.message, request.language) == (
        "anna@acme.test",
        "It squeaks.",
        "en",
    )
    assert len(request.reasons) == 2
    thanks = acme.client.get(f"{path}/thanks").text
    assert "1" in thanks
    assert "anna@acme.test" in thanks


@pytest.mark.feature("B-4", "B-7")
def test_two_mails_in_their_languages(acme: Field) -> None:
    path = acme.open(
        facts={"serial": SERIAL, "ip": "192.0.2.31", "faults": ["Paper jam in tray 2"]}
    )
    acme.client.post(f"{path}/who", data={"email": "anna@acme.test", "language": "de"})
    walk(acme, path)
    mails = {mail.recipient: mail for mail in stored(acme, select(Mail))}
    assert set(mails) == {"anna@acme.test", "technicians@acme.test", "night@acme.test"}
    assert "Papierstau" in mails["anna@acme.test"].html
    technicians = mails["technicians@acme.test"]
    assert technicians.subject == (
        f"Demande d'aide : Alliance, 2nd floor, {SERIAL}, Xerox AltaLink C8045"
    )
    assert "Bourrage papier" in technicians.html
    assert "Paper jam in tray 2" in technicians.html
    assert technicians.reply_to == "anna@acme.test"
    assert "[[[" not in technicians.html + technicians.subject + mails["anna@acme.test"].html


@pytest.mark.feature("B-3")
def test_back_keeps_everything_without_a_cookie(acme: Field) -> None:
    path = acme.open()
    acme.client.post(f"{path}/who", data={"email": "anna@acme.test"})
    chosen = reason_ids(acme)[3]
    back = acme.client.post(f"{path}/reasons", data={"reason": chosen, "go": "back"})
    assert back.location == f"{path}/who"
    page = acme.client.get(f"{path}/who")
    assert 'value="anna@acme.test"' in page.text
    assert f'value="{chosen}" checked' in acme.client.get(f"{path}/reasons").text
    assert "Set-Cookie" not in page.headers


@pytest.mark.feature("B-3")
def test_the_language_of_page_one_holds_for_all_pages(acme: Field) -> None:
    path = acme.open()
    page = acme.client.post(f"{path}/who", data={"email": "half@", "language": "de"})
    assert page.status_code == 200
    assert "Wer sind Sie?" in page.text
    assert 'value="half@"' in page.text
    acme.client.post(f"{path}/who", data={"email": "anna@acme.test"})
    assert "Papierstau" in acme.client.get(f"{path}/reasons").text


@pytest.mark.feature("B-3")
def test_a_language_that_is_not_offered_is_passed_over(acme: Field) -> None:
    path = acme.open()
    answer = acme.client.post(f"{path}/who", data={"email": "anna@acme.test", "language": "xx"})
    assert answer.status_code == 303


@pytest.mark.feature("B-3")
@pytest.mark.parametrize(
    "email", ["", "anna", "anna@", "a b@c.de", "x@y\r\nBcc: z@z.de", "a" * 300 + "@b.de"]
)
def test_a_bad_address_is_shown_beside_what_was_typed(acme: Field, email: str) -> None:
    path = acme.open()
    answer = acme.client.post(f"{path}/who", data={"email": email})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert stored(acme, select(PanicRequest)) == []


@pytest.mark.feature("B-3")
def test_at_least_one_reason(acme: Field) -> None:
    path = acme.open()
    acme.client.post(f"{path}/who", data={"email": "anna@acme.test"})
    for reasons in ([], ["not-a-reason"]):
        answer = acme.client.post(f"{path}/reasons", data={"reason": reasons, "go": "next"})
        assert answer.status_code == 422
        assert "at least one" in answer.text


@pytest.mark.feature("B-3")
def test_hidden_reasons_are_not_offered(acme: Field) -> None:
    hidden = reason_ids(acme)[0]
    with acme.world.portal.app_context(), unscoped("hiding a reason"):
        db.session.scalars(
            select(PanicReason).where(PanicReason.public_id == hidden)
        ).one().hidden = True
        commit()
    path = acme.open()
    acme.client.post(f"{path}/who", data={"email": "anna@acme.test"})
    assert hidden not in acme.client.get(f"{path}/reasons").text


@pytest.mark.feature("B-3")
def test_phone_and_message_as_the_button_wants_them(acme: Field) -> None:
    change_button(acme, ask_phone=True, message_required=True)
    path = acme.open()
    assert 'name="phone"' in acme.client.get(f"{path}/who").text
    wrong = acme.client.post(f"{path}/who", data={"email": "a@acme.test", "phone": "call me"})
    assert wrong.status_code == 422
    for phone in ("", "4711", "+32 (2) 555-12.34"):
        data = {"email": "a@acme.test", "phone": phone}
        assert acme.client.post(f"{path}/who", data=data).status_code == 303
    acme.client.post(f"{path}/reasons", data={"reason": reason_ids(acme)[:1], "go": "next"})
    assert (
        acme.client.post(f"{path}/message", data={"message": " ", "go": "send"}).status_code == 422
    )
    long = acme.client.post(f"{path}/message", data={"message": "x" * 2001, "go": "send"})
    assert long.status_code == 422
    assert "x" * 2001 in long.text


@pytest.mark.feature("B-3")
def test_jumping_ahead_leads_back_to_the_first_open_page(acme: Field) -> None:
    path = acme.open()
    assert acme.client.get(f"{path}/message").location == f"{path}/who"
    acme.client.post(f"{path}/who", data={"email": "anna@acme.test"})
    sent = acme.client.post(f"{path}/message", data={"message": "", "go": "send"})
    assert sent.location == f"{path}/reasons"
    assert acme.client.get(f"{path}/thanks").location == f"{path}/who"


@pytest.mark.feature("B-3")
def test_sending_twice_makes_one_request(acme: Field) -> None:
    path = acme.open()
    walk(acme, path)
    again = acme.client.post(f"{path}/message", data={"message": "again", "go": "send"})
    assert again.location == f"{path}/thanks"
    assert len(stored(acme, select(PanicRequest))) == 1


@pytest.mark.feature("B-3")
def test_eight_fingers_at_once_make_one_request(acme: Field) -> None:
    path = acme.open()
    acme.client.post(f"{path}/who", data={"email": "anna@acme.test"})
    acme.client.post(f"{path}/reasons", data={"reason": reason_ids(acme)[:1], "go": "next"})

    def send(_: int) -> int:
        client = acme.world.portal.test_client(use_cookies=False)
        return client.post(f"{path}/message", data={"message": "", "go": "send"}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(8))) == {303}
    assert len(stored(acme, select(PanicRequest))) == 1
    assert stored(acme, select(func.count()).select_from(Mail)) == [3]


@pytest.mark.feature("B-2")
def test_the_link_starts_once(acme: Field) -> None:
    url = acme.launch().json["url"]  # type: ignore[index]
    assert acme.client.get(url).status_code == 303
    again = acme.client.get(url)
    assert again.status_code == 410
    assert "Press the button on the printer again" in again.text


@pytest.mark.feature("B-2")
def test_the_link_lives_thirty_minutes(acme: Field) -> None:
    url = acme.launch().json["url"]  # type: ignore[index]
    with time_machine.travel(utcnow() + timedelta(minutes=31), tick=False):
        assert acme.client.get(url).status_code == 410


@pytest.mark.feature("B-2")
def test_looking_at_the_link_does_not_use_it(acme: Field) -> None:
    url = acme.launch().json["url"]  # type: ignore[index]
    assert acme.client.head(url).status_code == 200
    assert acme.client.get(url).status_code == 303


@pytest.mark.feature("B-3")
def test_an_abandoned_page_expires_and_an_active_one_does_not(acme: Field) -> None:
    path = acme.open()
    begin = utcnow()
    with time_machine.travel(begin + timedelta(minutes=20), tick=False):
        acme.client.post(f"{path}/who", data={"email": "anna@acme.test"})
    with time_machine.travel(begin + timedelta(minutes=45), tick=False):
        assert acme.client.get(f"{path}/reasons").status_code == 200
    with time_machine.travel(begin + timedelta(minutes=51), tick=False):
        assert acme.client.get(f"{path}/reasons").status_code == 410


@pytest.mark.feature("B-2")
def test_the_printer_code_binds_an_unknown_serial_once(acme: Field) -> None:
    path = acme.open(facts={"serial": "NEW-123"})
    assert "NEW-123" in acme.client.get(f"{path}/code").text
    typed = acme.spare_code.lower().replace("-", " ")
    assert acme.client.post(f"{path}/code", data={"code": typed}).location == f"{path}/who"
    walk(acme, path)
    (spare,) = stored(acme, select(Printer).where(Printer.public_id == acme.spare))
    assert spare.serial == "NEW-123"
    assert spare.bound_at is not None
    answer = acme.launch(facts={"serial": "NEW-123"})
    assert answer.json
    assert answer.json["outcome"] == "open"


@pytest.mark.feature("B-2")
def test_without_a_usable_serial_the_code_opens_but_binds_nothing(acme: Field) -> None:
    path = acme.open(facts={})
    acme.client.post(f"{path}/code", data={"code": acme.spare_code})
    assert walk(acme, path).location == f"{path}/thanks"
    (spare,) = stored(acme, select(Printer).where(Printer.public_id == acme.spare))
    assert spare.serial is None


@pytest.mark.feature("B-2")
def test_guessing_codes_ends_after_five_tries(acme: Field) -> None:
    path = acme.open(facts={"serial": "NEW-123"})
    for left in (4, 3, 2, 1):
        answer = acme.client.post(f"{path}/code", data={"code": "AAAA-AAAA"})
        assert answer.status_code == 422
        assert str(left) in answer.text
    assert acme.client.post(f"{path}/code", data={"code": "AAAA-AAAA"}).status_code == 429
    right = acme.client.post(f"{path}/code", data={"code": acme.spare_code})
    assert right.status_code == 429
    (spare,) = stored(acme, select(Printer).where(Printer.public_id == acme.spare))
    assert spare.serial is None


@pytest.mark.feature("B-2")
def test_guessing_over_many_launches_is_throttled(acme: Field) -> None:
    statuses = []
    for _ in range(8):
        path = acme.open(facts={"serial": "NEW-123"})
        for _ in range(4):
            answer = acme.client.post(f"{path}/code", data={"code": "AAAA-AAAA"})
            statuses.append(answer.status_code)
    assert statuses[:30] == [422] * 30
    assert set(statuses[30:]) == {429}


@pytest.mark.feature("B-2")
def test_a_code_of_a_printer_with_another_serial_is_answered_like_a_wrong_one(acme: Field) -> None:
    first = acme.open(facts={"serial": "NEW-123"})
    acme.client.post(f"{first}/code", data={"code": acme.spare_code})
    second = acme.open(facts={"serial": "NEW-456"})
    assert acme.client.post(f"{second}/code", data={"code": acme.spare_code}).status_code == 422


@pytest.mark.feature("B-3")
def test_a_button_that_is_switched_off_names_the_phone(acme: Field) -> None:
    path = acme.open()
    change_button(acme, active=False)
    page = acme.client.get(f"{path}/who")
    assert page.status_code == 410
    assert "+32 2 555 12 34" in page.text
    assert acme.client.post(f"{path}/who", data={"email": "a@acme.test"}).status_code == 410


@pytest.mark.feature("B-3", "Q-14")
def test_html_in_every_field_stays_text(acme: Field) -> None:
    nasty = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    facts = {"serial": SERIAL, "faults": [nasty], "model": nasty, "location": nasty}
    path = acme.open(facts=facts)
    walk(acme, path, message=f"{nasty}\r\nsecond line [[[SERIAL]]]")
    for mail in stored(acme, select(Mail)):
        assert "<script" not in mail.html
        assert "<img" not in mail.html
        assert "\n" not in mail.subject
        assert "\r" not in mail.subject
        if mail.recipient == "anna@acme.test":
            assert "SERIAL]]]" in mail.html, "what a person types is never filled in"


@pytest.mark.feature("B-7")
def test_a_button_maps_a_message_to_another_reading(acme: Field) -> None:
    change_button(
        acme,
        fault_sources={"OID2": "1.3.6.1.4.1.253.1.0", "OID3": "1.3.6.1.2.1.1.3.0", "OID4": "1.9"},
    )
    reading = {
        "1.3.6.1.4.1.253.1.0": ["string", b"Fuser at 91 %".hex()],
        "1.3.6.1.2.1.1.3.0": ["timeticks", 4711],
    }
    path = acme.open(
        facts={"serial": SERIAL, "faults": ["Paper jam", "Cover open"]}, reading=reading
    )
    walk(acme, path)
    (mail,) = [m for m in stored(acme, select(Mail)) if m.recipient == "technicians@acme.test"]
    assert "Paper jam" in mail.text
    assert "Fuser at 91 %" in mail.text
    assert "4711" in mail.text
    assert "Cover open" not in mail.text, "its place was given to another reading"
