"""The administrator's panic buttons (B-8): create, change, switch, and their reasons."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.cast import Person, World
from tests.printers.conftest import Field
from tests.printers.desk import base, call_for_help, hidden, one, rows, text_of
from webapp.printers.models import PanicButton, PanicReason, PanicRequest
from webapp.printers.variables import DESCRIPTIONS

pytestmark = pytest.mark.feature("B-8")
NEW = {
    "name": "Head office",
    "language": "it",
    "languages": ["en"],
    "emails": "help@acme.test\n night@acme.test, help@acme.test",
    "phone": "+39 0444 555120",
    "ask_phone": "y",
}


def buttons(world: World) -> str:
    return f"{base(world)}/buttons"


def reasons(acme: Field) -> list[PanicReason]:
    return rows(acme.world, select(PanicReason).order_by(PanicReason.position, PanicReason.id))


def reason_url(acme: Field, reason: PanicReason, step: str = "") -> str:
    return f"{buttons(acme.world)}/{acme.button}/reasons/{reason.public_id}{step}"


def test_a_button_is_created_with_the_usual_reasons(world: World, admin: Person) -> None:
    answer = admin.post(buttons(world), NEW)
    assert answer.status_code == 303
    made = one(world, select(PanicButton))
    assert made.languages == ["it", "en"], "the technicians' language is always offered"
    assert made.technician_emails == ["help@acme.test", "night@acme.test"]
    assert (made.ask_phone, made.message_required, made.active) == (True, False, True)
    shown = text_of(admin.get(answer.location).text)
    assert "Carta inceppata" in shown or "Paper jam" in shown
    assert "+39 0444 555120" in shown


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Enter a name"),
        ({"emails": ""}, "Enter at least one address"),
        ({"emails": "help@acme.test\nnobody@"}, "This is no e-mail address: nobody@"),
        ({"emails": "\n".join(f"a{n}@acme.test" for n in range(21))}, "At most 20 addresses"),
        ({"phone": "call us"}, "A phone number has digits"),
        ({"language": "xx"}, "Not a valid choice"),
        ({"languages": ["en", "xx"]}, "not a valid choice"),
    ],
)
def test_bad_input_is_shown_beside_what_was_typed(
    world: World, admin: Person, wrong: dict[str, object], words: str
) -> None:
    answer = admin.post(buttons(world), {**NEW, **wrong})
    assert answer.status_code == 422
    assert words.lower() in text_of(answer.text).lower()
    assert rows(world, select(PanicButton)) == []


def test_a_button_is_changed_and_the_second_of_two_looks_again(acme: Field, admin: Person) -> None:
    url = f"{buttons(acme.world)}/{acme.button}/edit"
    page = admin.get(url).text
    assert "technicians@acme.test\nnight@acme.test" in page
    data = {**NEW, "version": hidden(page, "version")}
    assert admin.post(url, data).status_code == 303
    assert one(acme.world, select(PanicButton.name)) == "Head office"
    second = admin.post(url, {**data, "name": "Mine"})
    assert second.status_code == 409
    assert one(acme.world, select(PanicButton.name)) == "Head office"


def test_switched_off_nobody_can_call_and_on_again(acme: Field, admin: Person) -> None:
    url = f"{buttons(acme.world)}/{acme.button}"
    assert "Switch Alliance building off?" in admin.get(f"{url}/closures/confirm").text
    path = acme.open()
    assert admin.post(f"{url}/closures").status_code == 303
    assert acme.client.get(f"{path}/who").status_code == 410
    assert "Off" in text_of(admin.get(buttons(acme.world)).text)
    assert admin.post(f"{url}/openings").status_code == 303
    assert acme.client.get(f"{path}/who").status_code == 200


@pytest.mark.feature("B-7")
def test_the_page_lists_printers_and_all_variables(acme: Field, admin: Person) -> None:
    shown = text_of(admin.get(f"{buttons(acme.world)}/{acme.button}").text)
    assert "Colour 2nd floor" in shown
    assert "Reception" in shown
    assert len(DESCRIPTIONS) == 17
    for name, description in DESCRIPTIONS.items():
        assert f"[[[{name}]]]" in shown
        assert str(description) in shown


def test_a_reason_is_added_in_every_language_offered(acme: Field, admin: Person) -> None:
    page = admin.get(f"{buttons(acme.world)}/{acme.button}/reasons/new").text
    assert page.index("text_fr") < page.index("text_en"), "the fallback first"
    assert "text_it" not in page
    data = {"text_fr": "Agrafes  vides", "text_en": "Out of staples", "text_de": ""}
    answer = admin.post(f"{buttons(acme.world)}/{acme.button}/reasons", data)
    assert answer.location.endswith("#reasons")
    added = reasons(acme)[-1]
    assert added.texts == {"fr": "Agrafes vides", "en": "Out of staples"}
    assert "not in: de" in text_of(admin.get(answer.location).text)
    path = acme.open()
    acme.client.post(f"{path}/who", data={"email": "anna@acme.test", "language": "de"})
    acme.client.post(f"{path}/who", data={"email": "anna@acme.test"})
    assert "Agrafes vides" in acme.client.get(f"{path}/reasons").text


@pytest.mark.parametrize(
    ("data", "words"),
    [({"text_fr": " ", "text_en": "Staples"}, "it is the fallback"), ({"text_fr": "x" * 81}, "80")],
)
def test_a_reason_without_fallback_is_refused(
    acme: Field, admin: Person, data: dict[str, str], words: str
) -> None:
    answer = admin.post(f"{buttons(acme.world)}/{acme.button}/reasons", data)
    assert answer.status_code == 422
    assert words in text_of(answer.text)
    assert len(reasons(acme)) == 8


def test_new_words_leave_old_requests_as_they_were(acme: Field, admin: Person) -> None:
    call_for_help(acme)
    first = reasons(acme)[0]
    version = hidden(admin.get(reason_url(acme, first)).text, "version")
    data = {"text_fr": "Bourrage", "text_en": "Jam", "text_de": "Stau", "version": version}
    assert admin.post(reason_url(acme, first), data).status_code == 303
    assert reasons(acme)[0].texts["en"] == "Jam"
    assert reasons(acme)[0].texts["pl"], "a language that is not offered keeps its words"
    assert one(acme.world, select(PanicRequest)).reasons[0]["texts"]["en"] == "Paper jam"
    assert admin.post(reason_url(acme, first), data).status_code == 409


def test_reasons_change_places(acme: Field, admin: Person) -> None:
    before = [r.id for r in reasons(acme)]
    second = reasons(acme)[1]
    admin.post(reason_url(acme, second, "/moves"), {"direction": "up"})
    assert [r.id for r in reasons(acme)] == [before[1], before[0], *before[2:]]
    admin.post(reason_url(acme, second, "/moves"), {"direction": "up"})
    assert reasons(acme)[0].id == second.id, "at the top it stays"
    admin.post(reason_url(acme, second, "/moves"), {"direction": "down"})
    assert [r.id for r in reasons(acme)] == before
    assert admin.post(reason_url(acme, second, "/moves"), {"direction": "x"}).status_code == 400


def test_a_hidden_reason_is_not_offered_and_the_last_can_not_hide(
    acme: Field, admin: Person
) -> None:
    *others, last = reasons(acme)
    for reason in others:
        assert admin.post(reason_url(acme, reason, "/hidings")).status_code == 303
    assert admin.post(reason_url(acme, last, "/hidings")).status_code == 409
    assert [r.hidden for r in reasons(acme)] == [True] * 7 + [False]
    assert admin.post(reason_url(acme, others[0], "/showings")).status_code == 303
    assert not reasons(acme)[0].hidden


def test_a_reason_of_another_button_is_unknown(acme: Field, admin: Person) -> None:
    other = admin.post(buttons(acme.world), NEW).location
    reason = reasons(acme)[0]
    owner = one(acme.world, select(PanicButton.public_id).where(PanicButton.id == reason.button_id))
    wrong = other if not other.endswith(owner) else f"{buttons(acme.world)}/abcdefghjkmn"
    assert admin.get(f"{wrong}/reasons/{reason.public_id}").status_code == 404


def test_another_organisations_button_is_unknown(
    acme: Field, world: World, stranger: Person
) -> None:
    theirs = f"/o/{world.globex}/printers/buttons"
    assert stranger.get(f"{theirs}/{acme.button}").status_code == 404
    assert stranger.post(f"{theirs}/{acme.button}/closures").status_code == 404
    assert one(world, select(PanicButton.active)) is True
