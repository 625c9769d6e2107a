"""The pages of a button as its administrator words them (B-5), and as they stand at the printer (B-3)."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from tests.cast import Person, World
from tests.printers.conftest import Field
from tests.printers.desk import base, one, rows, text_of
from tests.printers.pictures import drawn
from webapp.core.files import File
from webapp.core.preferences import LANGUAGE_NAMES
from webapp.printers.content.colours import DEFAULT_COLOURS, PAIRS, contrast
from webapp.printers.content.pages import PAGES, TEXTS
from webapp.printers.models import PanicButton, PanicImage
from webapp.printers.texts import DEFAULTS, WITHOUT_DEFAULT

pytestmark = pytest.mark.feature("B-5")


def url(acme: Field, page: str, language: str = "fr", act: str = "") -> str:
    return f"{base(acme.world)}/buttons/{acme.button}/content/{page}{act}?language={language}"


def form_of(html: str) -> dict[str, Any]:
    """What a browser would send if one pressed Save at once."""
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", html):
        attributes = {k: unescape(v) for k, v in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        name, kind = attributes.get("name", ""), attributes.get("type", "text")
        if not name or kind in ("file", "submit") or name in ("csrf_token", "language"):
            continue
        if kind in ("checkbox", "radio"):
            if re.search(r"\schecked\b", tag):
                found.setdefault(name, []).append(attributes.get("value", "y"))
            continue
        found[name] = attributes.get("value", "")
    for attributes, content in re.findall(r"<textarea([^>]*)>(.*?)</textarea>", html, re.DOTALL):
        name = re.findall(r'name="([^"]*)"', attributes)[0]
        found[name] = unescape(content).removeprefix("\r\n").removeprefix("\n")
    return found


def save(acme: Field, admin: Person, page: str, language: str = "fr", **changes: Any) -> Any:
    """Open the editor, change something, save."""
    sent = form_of(admin.get(url(acme, page, language)).text)
    return admin.post(url(acme, page, language), {**sent, **changes})


def button(world: World) -> PanicButton:
    found: PanicButton = one(world, select(PanicButton))
    return found


def page_at_printer(acme: Field, language: str, page: str = "who") -> str:
    path = acme.open()
    acme.client.post(f"{path}/who", data={"email": "anna@acme.test", "language": language})
    if page != "who":
        acme.client.post(f"{path}/who", data={"email": "anna@acme.test"})
    return acme.client.get(f"{path}/{page}").text


# Which texts there are


def test_every_text_of_the_pages_can_be_worded() -> None:
    nobodys = {"printer", "gone_title", "gone_text"}  # the link's, before any button is known
    assert set(TEXTS) == set(DEFAULTS) - nobodys


def test_every_default_has_all_languages_and_fits_its_field() -> None:
    for key, text in TEXTS.items():
        if key in WITHOUT_DEFAULT:
            continue
        assert set(DEFAULTS[key]) == set(LANGUAGE_NAMES), key
        assert max(map(len, DEFAULTS[key].values())) <= text.longest, key


def test_the_default_colours_can_be_read() -> None:
    for front, back in PAIRS:
        assert contrast(DEFAULT_COLOURS[front], DEFAULT_COLOURS[back]) >= 4.5
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54, "the grey that WCAG gives as its limit"


# Texts


@pytest.mark.feature("B-3")
def test_texts_stand_at_the_printer_in_their_language(acme: Field, admin: Person) -> None:
    saved = save(
        acme,
        admin,
        "who",
        text_who_title="Bonjour, qui appelle ?",
        text_who_intro="Nous répondons de 8 à 18 h.\nPuis: 112.",
    )
    assert saved.status_code == 303, text_of(saved.text)
    page = page_at_printer(acme, "fr")
    assert "Bonjour, qui appelle ?" in unescape(page)
    assert "de 8 à 18 h.<br>Puis" in page
    german = page_at_printer(acme, "de")
    assert "Wer sind Sie?" in german
    assert "An diese Adresse schreiben wir" in german, "not translated: the default, not French"


def test_only_what_differs_from_the_default_is_kept(acme: Field, admin: Person) -> None:
    save(acme, admin, "who", text_who_title="Qui appelle ?")
    assert button(acme.world).texts == {"who_title": {"fr": "Qui appelle ?"}}
    save(acme, admin, "who", "de", text_who_title="Wer ruft?")
    assert button(acme.world).texts["who_title"] == {"fr": "Qui appelle ?", "de": "Wer ruft?"}
    save(acme, admin, "who", text_who_title=DEFAULTS["who_title"]["fr"])
    assert button(acme.world).texts == {"who_title": {"de": "Wer ruft?"}}


def test_an_emptied_heading_is_the_default_an_emptied_introduction_is_left_out(
    acme: Field, admin: Person
) -> None:
    save(acme, admin, "who", text_who_title=" ", text_who_intro=" ")
    assert button(acme.world).texts == {"who_intro": {"fr": ""}}
    page = page_at_printer(acme, "fr")
    assert "Qui êtes-vous" in page
    assert "Nous écrirons" not in page


@pytest.mark.parametrize(
    ("page", "key", "typed", "words"),
    [
        ("thanks", "thanks_text", "Numéro {numero}, merci.", "{numero} is not known here"),
        ("who", "who_intro", "Bonjour {email}", "Nothing is filled in here: take out {email}"),
        ("who", "who_title", "x" * 81, "At most 80 characters"),
    ],
)
def test_what_can_not_stand_is_refused_and_kept_in_the_form(
    acme: Field, admin: Person, page: str, key: str, typed: str, words: str
) -> None:
    refused = save(acme, admin, page, **{f"text_{key}": typed})
    assert refused.status_code == 422
    assert words in text_of(refused.text)
    assert typed in unescape(refused.text)
    assert button(acme.world).texts == {}


def test_markup_in_a_text_is_text(acme: Field, admin: Person) -> None:
    save(acme, admin, "who", text_who_intro="<b onclick=x>gras</b>")
    page = page_at_printer(acme, "fr")
    assert "<b onclick" not in page
    assert "&lt;b onclick=x&gt;gras" in page


def test_missing_translations_are_counted_and_shown_beside_the_original(
    acme: Field, admin: Person
) -> None:
    save(acme, admin, "who", text_who_title="Qui appelle ?", text_email="Votre courriel")
    german = text_of(admin.get(url(acme, "who", "de")).text)
    assert "2 texts are not translated" in german
    assert "default text is shown. Français: “Qui appelle ?”" in german
    assert "worded in other languages only: Heading, Label of the e-mail address" in german
    assert "not translated" not in text_of(admin.get(url(acme, "reasons", "de")).text)


def test_the_default_text_comes_back_into_the_form_only(acme: Field, admin: Person) -> None:
    save(acme, admin, "who", text_who_title="Qui appelle ?", text_email="Courriel")
    sent = form_of(admin.get(url(acme, "who")).text)
    typed = {**sent, "text_phone": "Portable", "key": "who_title"}
    shown = admin.post(url(acme, "who", act="/resets"), typed)
    assert shown.status_code == 200
    fields = form_of(shown.text)
    assert fields["text_who_title"] == DEFAULTS["who_title"]["fr"]
    assert (fields["text_email"], fields["text_phone"]) == ("Courriel", "Portable")
    assert button(acme.world).texts["who_title"] == {"fr": "Qui appelle ?"}, "not saved yet"
    every = form_of(admin.post(url(acme, "who", act="/resets"), {**typed, "key": "all"}).text)
    assert every["text_email"] == DEFAULTS["email"]["fr"]
    fields.pop("key", None)
    assert admin.post(url(acme, "who"), fields).status_code == 303
    assert "who_title" not in button(acme.world).texts


# Two at once


def test_the_second_of_two_is_shown_both_versions(acme: Field, admin: Person) -> None:
    opened = form_of(admin.get(url(acme, "who")).text)
    save(acme, admin, "who", text_who_title="Le premier")
    mine = {**opened, "text_who_title": "Le second"}
    told = admin.post(url(acme, "who"), mine)
    assert told.status_code == 409
    words = text_of(told.text)
    assert "Here are both versions" in words
    assert "Le premier" in words
    assert "Le second" in words
    assert button(acme.world).texts["who_title"]["fr"] == "Le premier"
    again = form_of(told.text)
    assert again["text_who_title"] == "Le second"
    assert admin.post(url(acme, "who"), again).status_code == 303
    assert button(acme.world).texts["who_title"]["fr"] == "Le second"


def test_two_who_word_different_pages_or_languages_do_not_meet(acme: Field, admin: Person) -> None:
    opened = {
        (page, language): form_of(admin.get(url(acme, page, language)).text)
        for page, language in (("who", "fr"), ("who", "de"), ("thanks", "fr"))
    }
    for (page, language), sent in opened.items():
        changed = {**sent, f"text_{page}_title": f"{page} {language}"}
        assert admin.post(url(acme, page, language), changed).status_code == 303
    assert button(acme.world).texts["who_title"] == {"fr": "who fr", "de": "who de"}


# Options and colours


@pytest.mark.feature("B-3")
def test_options_of_the_pages_are_saved_with_them(acme: Field, admin: Person) -> None:
    save(acme, admin, "who", ask_phone="y")
    save(acme, admin, "message", message_required="y")
    save(acme, admin, "look", languages=["en"])
    row = button(acme.world)
    assert (row.ask_phone, row.message_required) == (True, True)
    assert row.languages == ["fr", "en"], "the technicians' language is always offered"
    assert 'name="phone"' in page_at_printer(acme, "fr")


@pytest.mark.feature("B-3")
def test_colours_are_a_sheet_that_a_panel_fetches_once(acme: Field, admin: Person) -> None:
    save(acme, admin, "look", colour_accent="#7A1F5C", colour_surface="#ffffff")
    assert button(acme.world).colours == {"accent": "#7a1f5c", "surface": "#ffffff"}
    page = page_at_printer(acme, "fr")
    (sheet,) = re.findall(r'href="(/p/colours/[^"]+)"', page)
    answer = acme.client.get(sheet)
    assert answer.mimetype == "text/css"
    assert "immutable" in answer.headers["Cache-Control"]
    assert ".top, .go { background: #7a1f5c; color: #ffffff" in answer.text
    assert "var(" not in answer.text
    for wrong in ("x", "ffffff-ffffff-ffffff", "ffffff-ffffff-ffffff-fffff;"):
        assert acme.client.get(f"/p/colours/{wrong}.css").status_code == 404
    save(acme, admin, "look", **{f"colour_{n}": c for n, c in DEFAULT_COLOURS.items()})
    assert button(acme.world).colours == {}
    assert "/p/colours/" not in page_at_printer(acme, "fr")


@pytest.mark.parametrize(
    ("changes", "pair"),
    [
        ({"colour_ink": "#8a8a8a"}, "“Text” on “Background” (#8a8a8a on #f2f5f7)"),
        ({"colour_accent": "#ffd400"}, "“Text on bar and button” on “Bar and main button”"),
        ({"colour_accent": "teal"}, "This is no colour"),
    ],
)
def test_colours_that_can_not_be_read_are_refused_naming_the_pair(
    acme: Field, admin: Person, changes: dict[str, str], pair: str
) -> None:
    refused = save(acme, admin, "look", text_title="Allô", **changes)
    assert refused.status_code == 422
    assert pair in text_of(refused.text)
    assert (button(acme.world).colours, button(acme.world).texts) == ({}, {}), "all or nothing"


# Pictures


@pytest.mark.feature("B-3")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_written_anew_for_the_screen(acme: Field, admin: Person, kind: str) -> None:
    upload = (io.BytesIO(drawn(kind)), "../../disc.exe")
    saved = save(acme, admin, "who", picture=upload, text_who_image="Notre équipe")
    assert saved.status_code == 303, text_of(saved.text)
    page = page_at_printer(acme, "de")
    (tag,) = re.findall(r'<div class="picture">(<img[^>]*>)', page)
    assert 'width="450" height="600"' in tag
    src = re.findall(r'src="([^"]*)"', tag)[0]
    answer = acme.client.get(src)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "immutable" in answer.headers["Cache-Control"]
    with Image.open(io.BytesIO(answer.data)) as picture:
        assert picture.size == (450, 600)
        assert f"image/{picture.format or ''}".lower() == answer.mimetype
    assert b"50.8466" not in answer.data
    assert 'alt="Notre équipe"' in unescape(page_at_printer(acme, "fr"))


@pytest.mark.feature("B-3")
def test_a_language_may_have_a_picture_of_its_own(acme: Field, admin: Person) -> None:
    for language, size, which in (("fr", (600, 300), "all"), ("de", (300, 300), "de")):
        upload = (io.BytesIO(drawn(size=size)), "p.png")
        save(acme, admin, "reasons", language, picture=upload, picture_for=which)
    assert 'height="225"' in page_at_printer(acme, "fr", "reasons")
    assert 'height="225"' in page_at_printer(acme, "en", "reasons")
    assert 'height="300"' in page_at_printer(acme, "de", "reasons")
    save(acme, admin, "reasons", "de", picture_remove="y")
    assert 'height="225"' in page_at_printer(acme, "de", "reasons")
    save(acme, admin, "reasons", "fr", picture_remove="y")
    assert 'class="picture"' not in page_at_printer(acme, "de", "reasons")
    assert rows(acme.world, select(File)) == []


def test_a_new_picture_takes_the_place_of_the_old_one(acme: Field, admin: Person) -> None:
    save(acme, admin, "thanks", picture=(io.BytesIO(drawn()), "a.png"))
    (old,) = rows(acme.world, select(File))
    save(acme, admin, "thanks", picture=(io.BytesIO(drawn(colour="#aa2200")), "b.png"))
    (new,) = rows(acme.world, select(File))
    assert new.sha256 != old.sha256
    assert one(acme.world, select(func.count()).select_from(PanicImage)) == 1


@pytest.mark.feature("B-3")
def test_the_logo_stands_on_every_page_and_keeps_its_place_free(acme: Field, admin: Person) -> None:
    save(acme, admin, "look", picture=(io.BytesIO(drawn(size=(640, 160))), "logo.png"))
    for page in ("who", "reasons"):
        assert 'alt="" width="128" height="32"' in page_at_printer(acme, "de", page)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "no PNG, JPEG or WebP"),
        (drawn()[:300], "no PNG, JPEG or WebP"),
        (b"", "The file is empty."),
        (b"x" * (2 * 1024 * 1024 + 1), "too large"),
    ],
    ids=["svg", "cut", "empty", "large"],
)
def test_what_is_no_picture_is_refused_by_its_content(
    acme: Field, admin: Person, content: bytes, words: str
) -> None:
    refused = save(
        acme, admin, "who", text_who_title="Bien", picture=(io.BytesIO(content), "picture.png")
    )
    assert refused.status_code == 422
    assert words in text_of(refused.text)
    assert "Bien" in refused.text
    assert (rows(acme.world, select(File)), button(acme.world).texts) == ([], {})


def test_a_picture_is_not_found_by_guessing(acme: Field, admin: Person) -> None:
    save(acme, admin, "who", picture=(io.BytesIO(drawn()), "a.png"))
    file = one(acme.world, select(File))
    for name in ("0" * 32 + ".png", ".png", file.sha256.hex()[:31] + ".png"):
        assert acme.client.get(f"/p/pictures/{file.public_id}/{name}").status_code == 404
    right = file.sha256.hex()[:32] + ".png"
    assert acme.client.get(f"/p/pictures/abcdefghjkmn/{right}").status_code == 404
    assert acme.client.get(f"/p/pictures/{file.public_id}/{right}").status_code == 200


# Preview


def test_the_preview_shows_what_is_not_saved_in_the_real_template(
    acme: Field, admin: Person
) -> None:
    sent = form_of(admin.get(url(acme, "who")).text)
    draft = {
        **sent,
        "text_who_title": "Pas encore",
        "ask_phone": "y",
        "faulty": "y",
        "picture": (io.BytesIO(drawn(size=(300, 300))), "a.png"),
    }
    shown = admin.post(url(acme, "who", act="/preview"), draft)
    assert shown.status_code == 200
    assert "Pas encore" in shown.text
    assert 'name="phone"' in shown.text
    assert 'src="data:image/png;base64,' in shown.text
    assert 'class="error"' in shown.text
    assert shown.headers["Content-Security-Policy"].startswith("sandbox;")
    assert "script" not in shown.headers["Content-Security-Policy"]
    assert shown.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert button(acme.world).texts == {}
    assert rows(acme.world, select(File)) == []


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("faulty", [{}, {"faulty": "y"}], ids=["right", "mistaken"])
def test_every_page_has_an_editor_and_a_preview(
    acme: Field, admin: Person, page: str, faulty: dict[str, str]
) -> None:
    editor = admin.get(url(acme, page, "de"))
    assert editor.status_code == 200
    assert admin.get(url(acme, page, "de", "/preview")).status_code == 200
    shown = admin.post(url(acme, page, "de", "/preview"), {**form_of(editor.text), **faulty})
    assert shown.status_code == 200
    assert 'lang="de"' in shown.text
    assert "{" not in text_of(shown.text.split("<body>")[1])


def test_what_saving_would_refuse_is_told_beside_the_preview(acme: Field, admin: Person) -> None:
    sent = form_of(admin.get(url(acme, "look")).text)
    draft = {**sent, "colour_accent": "#ffd400", "text_step": "{step}/{of}"}
    told = admin.post(url(acme, "look", act="/remarks"), draft)
    words = text_of(told.text)
    assert "has a contrast of" in words
    assert "{of} is not known here. Known: {step}." in words


@pytest.mark.feature("B-2", "B-3")
def test_the_code_page_wears_the_first_buttons_look(acme: Field, admin: Person) -> None:
    save(acme, admin, "code", text_code_title="Encore inconnue")
    path = acme.open(facts={"serial": "NEW-1"})
    acme.client.post(f"{path}/code", data={"language": "fr"})
    assert "Encore inconnue" in acme.client.get(f"{path}/code").text


@pytest.mark.feature("B-3")
def test_a_language_that_nobody_offers_is_passed_over_on_the_code_page(acme: Field) -> None:
    path = acme.open(facts={"serial": "NEW-1"})
    answer = acme.client.post(f"{path}/code", data={"language": "xx", "code": acme.spare_code})
    assert answer.status_code == 303
    sent = acme.client.post(f"{path}/who", data={"email": "anna@acme.test"})
    assert sent.status_code == 303


@pytest.mark.feature("B-3")
def test_a_page_switched_off_says_the_buttons_own_words(acme: Field, admin: Person) -> None:
    save(acme, admin, "closed", text_closed_text="Fermé. Appelez le {phone}.")
    admin.post(f"{base(acme.world)}/buttons/{acme.button}/closures")
    shown = acme.client.get(f"{acme.open()}/who", headers={"Accept-Language": "fr"})
    assert shown.status_code == 410
    assert "Fermé. Appelez le +32 2 555 12 34." in unescape(shown.text)


# Who may


def test_readers_and_strangers_do_not_word_pages(
    acme: Field, reader: Person, stranger: Person
) -> None:
    assert reader.get(url(acme, "who")).status_code == 403
    assert reader.post(url(acme, "who"), {"text_who_title": "x"}).status_code == 403
    assert stranger.get(url(acme, "who")).status_code == 404
    theirs = url(acme, "who").replace(acme.world.acme, acme.world.globex)
    assert stranger.get(theirs).status_code == 404


def test_unknown_pages_and_languages_are_not_found(acme: Field, admin: Person) -> None:
    assert admin.get(url(acme, "nothing")).status_code == 404
    assert admin.get(url(acme, "who", "sv")).status_code == 404, "not offered by this button"
