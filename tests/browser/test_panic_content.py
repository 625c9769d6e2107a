"""Wording a panic button as the vendor's manual has it (Q-31): contents, then mails, then variables, and what a person
at the printer sees of it. Editor and panel are looked at by axe, at the sizes of printers and of desks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect
from sqlalchemy import select

from simulators.mailbox import Mailbox
from tests.browser.conftest import _page
from tests.browser.helpers import axe, screenshot, signed_in
from tests.browser.test_panic_journey import send_mails
from tests.cast import Person
from tests.printers.conftest import SERIAL, Field, acme
from tests.printers.desk import base, call_for_help, one
from tests.printers.name_server import NameServer
from tests.printers.pictures import drawn
from webapp.printers.models import PanicButton, SenderDomain

__all__ = ["acme"]

pytestmark = [pytest.mark.browser, pytest.mark.feature("Q-31")]
SIZES = {"800": (800, 480), "1024": (1024, 600)}
READING = {
    "1.3.6.1.2.1.1.5.0": ["string", b"printer-7".hex()],
    "1.3.6.1.2.1.43.16.5.1.2.1.1": ["string", b"Fermez le capot".hex()],
}


def button_url(field: Field) -> str:
    return f"{base(field.world)}/buttons/{field.button}"


def panel_of(page: Page) -> FrameLocator:
    return page.frame_locator("#panel")


@contextmanager
def panel(browser: Browser, server: str, size: str, **options: Any) -> Iterator[Page]:
    """The touch screen of a printer."""
    width, height = SIZES[size]
    with _page(
        browser,
        server,
        viewport={"width": width, "height": height},
        has_touch=True,
        **options,
    ) as page:
        yield page


@pytest.fixture
def mailbox(acme: Field, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with Mailbox() as box:
        monkeypatch.setattr(acme.world.portal.extensions["mail"], "port", box.smtp_port)
        yield box


@pytest.mark.feature("B-5", "B-3")
def test_contents_are_worded_and_seen_before_saving(
    acme: Field, admin: Person, browser: Browser, server: str, browser_page: Page, tmp_path: Path
) -> None:
    """*Content management*: images, texts and settings of the application."""
    page = signed_in(browser_page, admin)
    page.goto(button_url(acme))
    page.get_by_role("link", name="Pages", exact=True).click()
    expect(panel_of(page).get_by_role("heading")).to_have_text("Qui êtes-vous ?")

    # Texts, live in the panel while one types, and nothing is kept yet.
    page.get_by_label("Heading").fill("Qui appelle ?")
    expect(panel_of(page).get_by_role("heading")).to_have_text("Qui appelle ?")
    page.get_by_label("Introduction").fill("De 8 à 18 h : {poste}")
    expect(page.locator("#remarks")).to_contain_text("take out {poste}")
    page.get_by_label("Introduction").fill("De 8 à 18 h.\nSinon : 112.")
    expect(page.locator("#remarks")).not_to_contain_text("take out")
    page.get_by_label("Ask for the person's phone").check()
    expect(panel_of(page).get_by_label("Téléphone")).to_be_visible()
    page.get_by_label("Show it with a mistake made").check()
    expect(panel_of(page).get_by_text("Cette adresse e-mail n'est pas complète")).to_be_visible()
    page.get_by_label("Show it with a mistake made").uncheck()

    # A picture, shown before it is stored.
    picture = tmp_path / "team.png"
    picture.write_bytes(drawn())
    page.get_by_label("Picture (optional)").set_input_files(picture)
    expect(panel_of(page).locator(".picture img")).to_be_visible()
    page.get_by_label("1024 × 600").check()
    frame = page.locator("#panel")
    assert frame.evaluate("frame => frame.offsetWidth") == 1024
    assert one(acme.world, select(PanicButton.texts)) == {}
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("“1 Who” is saved in Français.")
    expect(page.get_by_role("button", name="Default text: Heading")).to_be_visible()

    # The other languages say what is missing, and show the original to translate from.
    page.get_by_role("navigation", name="Languages").get_by_role("link", name="Deutsch").click()
    expect(page.get_by_text("Français: “Qui appelle ?”")).to_be_visible()
    page.get_by_label("Heading").fill("Wer ruft an?")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("saved in Deutsch")

    # Colours: what can't be read is refused with the pair's names, and typed again.
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="All pages").click()
    page.get_by_label("Bar and main button", exact=True).fill("#ffd400")
    expect(page.locator("#remarks")).to_contain_text("“Text on bar and button” on “Bar and main")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".error-summary")).to_contain_text("has a contrast of")
    page.get_by_label("Bar and main button", exact=True).fill("#7a1f5c")
    expect(page.locator("#remarks")).not_to_contain_text("contrast")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("“All pages” is saved")

    # And at the printer.
    for size in SIZES:
        with panel(browser, server, size, java_script_enabled=False) as at_printer:
            at_printer.goto(f"{acme.open()}/who")
            at_printer.get_by_role("button", name="Français").click()
            expect(at_printer.get_by_role("heading")).to_have_text("Qui appelle ?")
            colour = "el => getComputedStyle(el).backgroundColor"
            assert at_printer.locator(".go").evaluate(colour) == "rgb(122, 31, 92)"


@pytest.mark.feature("B-5")
def test_without_script_one_previews_resets_and_saves_too(
    acme: Field, admin: Person, no_js_page: Page
) -> None:
    page = signed_in(no_js_page, admin)
    page.goto(f"{button_url(acme)}/content/thanks?language=en")
    page.get_by_label("Heading").fill("We are coming")
    page.get_by_role("button", name="Preview").click()
    expect(panel_of(page).get_by_role("heading")).to_have_text("We are coming")
    page.get_by_label("Heading").press("Enter")
    expect(page.locator("#notices")).to_contain_text("“Thanks” is saved in English.")
    page.get_by_role("button", name="Default text: Heading").click()
    expect(page.get_by_label("Heading")).to_have_value("Thank you. Help is called.")
    assert one(acme.world, select(PanicButton.texts))["thanks_title"]["en"] == "We are coming"
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("“Thanks” is saved in English.")
    assert one(acme.world, select(PanicButton.texts)) == {}


@pytest.mark.feature("B-5", "Q-30")
def test_reasons_are_ordered_by_keyboard(acme: Field, admin: Person, browser_page: Page) -> None:
    page = signed_in(browser_page, admin)
    page.goto(f"{button_url(acme)}/content/reasons?language=en")
    labels = panel_of(page).locator(".reason em")
    expect(labels.first).to_have_text("Paper jam")
    page.get_by_role("button", name="Move down: Paper jam").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("#reason-"))
    page.goto(f"{button_url(acme)}/content/reasons?language=en")
    expect(labels.nth(1)).to_have_text("Paper jam")
    page.get_by_role("button", name="Hide: Paper jam").click()
    page.wait_for_url(re.compile("#reason-"))
    page.goto(f"{button_url(acme)}/content/reasons?language=en")
    expect(labels).to_have_count(7)
    page.get_by_role("link", name="Add reason").click()
    page.get_by_label("Français").fill("Agrafes vides")
    page.get_by_label("English").fill("Out of staples")
    page.get_by_label("Sign").select_option(label="Staples")
    page.get_by_role("button", name="Add reason").click()
    expect(page.locator("#reasons")).to_contain_text("not in: de")


@pytest.mark.feature("B-6", "B-7", "B-4")
def test_mails_are_worded_tested_and_sent(
    acme: Field,
    admin: Person,
    server: str,
    browser_page: Page,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """*Management of e-mails* with the seven fields of the manual, and *management of variables*."""
    page = signed_in(browser_page, admin)
    page.goto(button_url(acme))
    page.get_by_role("link", name="Mails", exact=True).click()
    page.get_by_label("Technical e-mail addresses").fill("team@acme.test")
    page.get_by_label("From e-mail").fill("support@acme.test")
    page.get_by_label("From name").fill("Support technique")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#sender")).to_contain_text("acme.test is not verified")
    verify_domain(page, acme, monkeypatch)

    # The technicians' mail, with the manual's own example of a subject.
    page.goto(f"{button_url(acme)}/mails")
    page.get_by_role("link", name="To the technicians").click()
    subject = page.get_by_label("Subject", exact=True)
    subject.fill("Demande d'intervention dans le bâtiment ")
    page.get_by_role("button", name="[[[PRINTERLOCALISATION]]]").click()
    subject.press("End")
    subject.type(" – Modèle [[[MODELL]]]")
    expect(page.locator("#remarks")).to_contain_text("There is no placeholder [[[MODELL]]]")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".error-summary")).to_contain_text("[[[MODELL]]]")
    subject.fill("Intervention : [[[PRINTERLOCALISATION]]] – [[[SERIAL]]] – [[[MODEL]]]")
    expect(page.locator("#remarks dd").first).to_have_text(
        "Intervention : Alliance, 2nd floor – XRX9C934E1 – Xerox AltaLink C8045"
    )
    page.get_by_label("Content (HTML)").fill("<p>De [[[ENDUSEREMAIL]]] : <b>[[[REASONS]]]</b></p>")
    expect(page.frame_locator("#mail").get_by_text("anna.rossi@example.com")).to_be_visible()
    page.get_by_label("Send a test to").fill("me@acme.test")
    page.get_by_role("button", name="Send test mail").click()
    expect(page.get_by_text("The test mail to me@acme.test is on its way")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("“To the technicians” is saved in Français.")

    call_for_help(acme, badge_email="tom@acme.test")
    send_mails(acme)
    tried = mailbox.wait(to="me@acme.test")[0]
    assert tried.subject.startswith("[Test] Intervention : Alliance")
    sent = mailbox.wait(to="team@acme.test")[0]
    assert sent.subject == f"Intervention : Alliance, 2nd floor – {SERIAL} – Xerox AltaLink C8045"
    assert "tom@acme.test" in (sent.text or "")
    assert b"support@acme.test" in sent.source

    # The preview can show this very request.
    page.get_by_role("link", name="To the technicians").click()
    page.get_by_label("Preview with").select_option(label="request #1, Colour 2nd floor")
    expect(page.frame_locator("#mail").get_by_text("tom@acme.test")).to_be_visible()


def verify_domain(page: Page, field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the domain, set the record at a real name server, check."""
    with NameServer() as names:
        portal = field.world.portal
        settings = replace(portal.extensions["settings"], dns_servers=(names.address,))
        monkeypatch.setitem(portal.extensions, "settings", settings)
        page.get_by_role("link", name="Sender domains of Acme").click()
        page.get_by_role("textbox", name="Domain").fill("acme.test")
        page.get_by_role("button", name="Add the domain").click()
        expect(page.get_by_text("_outpost.acme.test", exact=True)).to_be_visible()
        page.get_by_role("button", name="Check now").click()
        expect(page.get_by_text("The record was not found")).to_be_visible()
        token = one(field.world, select(SenderDomain.token))
        names.records["_outpost.acme.test"] = [f"outpost-domain={token}"]
        page.get_by_role("button", name="Check now").click()
        expect(page.locator(".card-head .pill")).to_have_text("Verified")


@pytest.mark.feature("B-7")
def test_a_variable_is_mapped_to_a_reading(acme: Field, admin: Person, browser_page: Page) -> None:
    call_for_help(acme, facts={"serial": SERIAL, "faults": ["Paper jam"]}, reading=READING)
    page = signed_in(browser_page, admin)
    page.goto(button_url(acme))
    page.get_by_role("link", name="Readings", exact=True).click()
    page.get_by_label("or another reading for OID2").focus()
    page.get_by_role("button", name="1.3.6.1.2.1.43.16.5.1.2.1.1").click()
    expect(page.locator("#shown")).to_contain_text("Fermez le capot")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("are saved")


@pytest.mark.feature("B-9")
def test_a_request_is_assigned_answered_counted_and_downloaded(
    acme: Field, admin: Person, browser_page: Page, mailbox: Mailbox
) -> None:
    call_for_help(acme, badge_email="tom@acme.test", message="Third time this week.")
    page = signed_in(browser_page, admin)
    page.goto(f"{base(acme.world)}/requests")
    page.get_by_role("link", name="#1").click()
    page.get_by_label("Person").select_option(index=0)
    page.get_by_role("button", name="Assign").click()
    expect(page.locator(".page-lead")).to_contain_text("In progress")
    expect(page.locator("#history")).to_contain_text("Assigned to")
    page.get_by_label("Your answer").fill("We come at ten.\n\nThe team")
    page.get_by_role("button", name="Send answer").click()
    expect(page.locator("#history")).to_contain_text("Answered by mail")
    send_mails(acme)
    answers = mailbox.wait(to="tom@acme.test", subject="Re:")
    assert "We come at ten." in (answers[0].text or "")
    page.reload()
    expect(page.get_by_role("region", name="Mails about it")).to_contain_text("Re: We have your")
    page.goto(f"{base(acme.world)}/requests")
    page.get_by_role("link", name="Counts").click()
    row = page.get_by_role("row").filter(has_text="Paper jam")
    expect(row).to_contain_text("1")
    expect(page.get_by_role("row").filter(has_text="Colour 2nd floor")).to_contain_text("1")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert "Paper jam" in Path(download.value.path()).read_text("utf-8-sig")
    row.get_by_role("link", name="Paper jam").click()
    expect(page.get_by_text("1 request").first).to_be_visible()


def dressed(acme: Field) -> None:
    """The demonstration's words, pictures and colours on this button."""
    from webapp.core.clock import utcnow
    from webapp.core.db import commit, db
    from webapp.core.tenancy import scope
    from webapp.printers import demo_content

    with acme.world.portal.app_context(), scope(acme.world.acme_id):
        demo_content.word(db.session.scalars(select(PanicButton)).one(), utcnow())
        commit()


@pytest.mark.feature("B-3", "B-5", "Q-30")
@pytest.mark.parametrize("size", SIZES)
def test_the_pages_fit_the_panel_with_pictures(
    acme: Field, browser: Browser, server: str, size: str
) -> None:
    """All of a page is seen without scrolling, targets are big, nothing moves while pictures come."""
    dressed(acme)
    with panel(browser, server, size) as page:
        first = acme.open()
        page.goto(f"{first}/who")
        page.get_by_role("button", name="Français").click()
        page.get_by_label("Adresse e-mail").fill("anna@acme.test")
        looked_at(page, f"panel-who-{size}")
        page.get_by_role("button", name="Suivant").click()
        page.get_by_text("Bourrage papier").click()
        looked_at(page, f"panel-reasons-{size}")
        page.get_by_role("button", name="Suivant").click()
        looked_at(page, f"panel-message-{size}")
        page.get_by_role("button", name="Envoyer").click()
        looked_at(page, f"panel-thanks-{size}")


def looked_at(page: Page, name: str) -> None:
    screenshot(page, name)
    whole = "document.documentElement.scrollHeight <= window.innerHeight"
    assert page.evaluate(whole), f"{name} must be scrolled"
    page.wait_for_function("[...document.images].every(image => image.complete)")
    broken = "[...document.images].filter(image => !image.naturalWidth).length"
    assert page.evaluate(broken) == 0
    moved = """new Promise(done => new PerformanceObserver(list => done(
        list.getEntries().reduce((sum, entry) => sum + entry.value, 0)
    )).observe({type: 'layout-shift', buffered: true}) || setTimeout(() => done(0), 300))"""
    assert page.evaluate(moved) == 0, f"{name} moved while it loaded"
    axe(page)


@pytest.mark.feature("B-5", "B-6", "B-7", "Q-30")
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
def test_the_editors_are_accessible_and_fit(
    acme: Field, admin: Person, browser: Browser, server: str, theme: str, width: int
) -> None:
    dressed(acme)
    call_for_help(acme, reading=READING)
    here = button_url(acme)
    admin.post(f"{base(acme.world)}/sender-domains", {"domain": "acme.test"})
    pages = {
        "content-who": f"{here}/content/who?language=de",
        "content-look": f"{here}/content/look",
        "content-reasons": f"{here}/content/reasons",
        "mails": f"{here}/mails",
        "mail": f"{here}/mails/end_user/de",
        "readings": f"{here}/readings",
        "sender-domains": f"{base(acme.world)}/sender-domains",
    }
    size = {"width": width, "height": 800}
    with _page(browser, server, viewport=size, color_scheme=theme) as page:
        signed_in(page, admin)
        for name, url in pages.items():
            page.goto(url)
            page.wait_for_load_state("networkidle")
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(wide) <= 0, f"{name} is wider than the screen"
            axe(page)
            screenshot(page, f"panic-{name}-{theme}-{width}")
