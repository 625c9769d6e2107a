"""Mail templates as the manual tells them, chapters 9.9.1 to 9.9.6 (Q-31), and the editor at work."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Dialog, Locator, Page, expect

from tests.browser.helpers import axe, screenshot, signed_in
from tests.cast import Person
from tests.mailing.desk import SYSTEM, Desk, url

pytestmark = pytest.mark.browser

GERMAN = "System default: Password reset (de)"
COPY = f"Copy of {GERMAN}"


@pytest.fixture
def desk(admin: Person) -> Desk:
    return Desk(admin)


@pytest.fixture
def page(browser_page: Page, admin: Person) -> Page:
    return signed_in(browser_page, admin)


def open_list(page: Page, desk: Desk, query: str = "?type=password_reset") -> None:
    page.goto(url(desk.world, query))
    expect(page.get_by_role("heading", level=1)).to_have_text("Mail templates")


def row(page: Page, name: str) -> Locator:
    link = page.get_by_role("link", name=name, exact=True)
    return page.locator("tbody tr").filter(has=link)


def choose(page: Page, name: str, item: str) -> None:
    """The row's menu, and one thing of it."""
    row(page, name).locator("summary").click()
    axe(page)
    row(page, name).locator(".menu-item", has_text=item).click()


@pytest.mark.feature("P-20", "Q-31")
def test_9_9_the_list_and_its_filters(page: Page, desk: Desk) -> None:
    """Type: all, Active: all, Language: all; name, type, language, active."""
    desk.copy()
    page.goto(url(desk.world))
    expect(page.locator(".total")).to_have_text(re.compile(r"\d+ templates"))
    axe(page)
    for label, choice in (
        ("Kind", "Password reset"),
        ("Language", "Deutsch"),
        ("State", "Inactive"),
    ):
        box = page.locator("details.filter", has=page.get_by_text(label, exact=True))
        box.locator("summary").click()
        box.get_by_label(choice).check()
        box.get_by_role("button", name="Apply").click()
        expect(page.locator(".chips")).to_contain_text(choice)
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text(COPY)
    expect(page.locator(".total")).to_have_text(re.compile(r"^1 of \d+ templates$"))
    page.get_by_role("link", name="Clear all").click()
    expect(page.locator(".chips")).to_have_count(0)
    expect(page.locator(".total")).to_have_text(re.compile(r"^\d+ templates$"))


@pytest.mark.feature("P-20", "Q-31")
def test_9_9_1_send_a_test_mail(page: Page, desk: Desk) -> None:
    open_list(page, desk)
    choose(page, GERMAN, "Send test mail")
    page.get_by_label("Send it to").fill("tester@acme.test")
    axe(page)
    screenshot(page, "mailing/test-mail")
    page.get_by_role("button", name="Send test mail").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("[Test]")
    expect(page.locator("#delivery")).to_contain_text("tester@acme.test")
    expect(page.locator("#delivery")).to_contain_text("Waiting")
    axe(page)


@pytest.mark.feature("P-20", "P-22", "Q-31")
def test_9_9_2_preview_a_mail(page: Page, desk: Desk) -> None:
    open_list(page, desk)
    choose(page, GERMAN, "Preview")
    mail = page.frame_locator("iframe.mail-frame")
    expect(mail.locator("body")).to_contain_text("Anna Rossi")
    expect(mail.locator("html")).to_have_attribute("lang", "de")
    expect(mail.locator("body")).to_contain_text("https://outpost.example/x/reset/q7Yt")
    axe(page)
    screenshot(page, "mailing/template")
    page.get_by_role("navigation", name="Sample data").get_by_role("link", name="Polski").click()
    expect(mail.locator("html")).to_have_attribute("lang", "pl")
    page.locator("summary", has_text="As plain text").click()
    expect(page.locator("pre.mail-text").first).to_contain_text("Anna Rossi")


@pytest.mark.feature("P-21", "Q-31")
def test_9_9_3_create_a_copy(page: Page, desk: Desk) -> None:
    """It stands under the original, and is inactive."""
    open_list(page, desk)
    choose(page, GERMAN, "Create copy")
    expect(page.locator("tbody th")).to_have_text([GERMAN, COPY])
    expect(row(page, COPY)).to_contain_text("Inactive")
    expect(row(page, GERMAN).locator(".col-state")).to_have_text("Active")
    expect(page.locator("#notices")).to_contain_text("inactive until you activate it")
    axe(page)


@pytest.mark.feature("P-21", "Q-31")
def test_9_9_4_activate_a_template(page: Page, desk: Desk) -> None:
    desk.copy()
    open_list(page, desk)
    screenshot(page, "mailing/templates")
    choose(page, COPY, "Activate")
    expect(row(page, COPY).locator(".col-state")).to_have_text("Active")
    expect(row(page, GERMAN).locator(".col-state")).to_have_text("Inactive")
    choose(page, GERMAN, "Activate")
    expect(row(page, COPY).locator(".col-state")).to_have_text("Inactive")
    expect(row(page, GERMAN).locator(".col-state")).to_have_text("Active")


@pytest.mark.feature("P-22", "Q-31")
def test_9_9_5_edit_a_template(page: Page, desk: Desk) -> None:
    """Change the main data, write the text, save; a confirmation appears."""
    desk.copy()
    open_list(page, desk)
    choose(page, COPY, "Edit")
    page.get_by_label("Name", exact=True).fill("Unser Rücksetzen")
    page.get_by_label("Subject").fill("Neues Passwort für ")
    page.get_by_role("button", name="[[[NAME]]]").click()
    expect(page.get_by_label("Subject")).to_have_value("Neues Passwort für [[[NAME]]]")
    expect(page.get_by_label("Subject")).to_be_focused()
    source = page.get_by_label("Content (HTML)")
    source.fill("<h1>Guten Tag</h1><p>Bitte hier: </p>")
    source.evaluate("e => e.setSelectionRange(e.value.length - 4, e.value.length - 4)")
    page.get_by_role("button", name="[[[LINK]]]").click()
    expect(source).to_have_value("<h1>Guten Tag</h1><p>Bitte hier: [[[LINK]]]</p>")
    expect(page.frame_locator("#mail").locator("h1")).to_have_text("Guten Tag")
    expect(page.frame_locator("#mail").locator("body")).to_contain_text("/x/reset/q7Yt")
    expect(page.locator("#remarks")).to_contain_text("Neues Passwort für Anna Rossi")
    axe(page)
    screenshot(page, "mailing/editor")
    page.get_by_label("Dates, numbers and frame").select_option("pl")
    expect(page.frame_locator("#mail").locator("html")).to_have_attribute("lang", "pl")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notices")).to_contain_text("“Unser Rücksetzen” is saved.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Unser Rücksetzen")


@pytest.mark.feature("P-21", "Q-31")
def test_9_9_6_delete_a_template(page: Page, desk: Desk) -> None:
    desk.activate(desk.copy())
    open_list(page, desk)
    choose(page, COPY, "Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Delete “{COPY}” now?")
    expect(dialog).to_contain_text(f"such mails are written with “{GERMAN}”")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    axe(page)
    screenshot(page, "mailing/delete")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.locator("#notices")).to_contain_text("is deleted")
    expect(page.locator("tbody th")).to_have_text([GERMAN])
    expect(row(page, GERMAN).locator(".col-state")).to_have_text("Active")


# The editor -----------------------------------------------------------------------------------------------------


@pytest.mark.feature("P-22")
def test_an_unknown_placeholder_is_named_while_writing_and_on_saving(
    page: Page, desk: Desk
) -> None:
    page.goto(url(desk.world, f"/{desk.copy()}/edit"))
    page.get_by_label("Content (HTML)").fill("<p>Hi [[[NAMEE]]]<script>1</script></p>")
    expect(page.locator("#remarks")).to_contain_text("There is no placeholder [[[NAMEE]]] here")
    expect(page.locator("#remarks")).to_contain_text("mails can't carry it: <script>")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("[[[NAMEE]]]")
    expect(page.get_by_label("Content (HTML)")).to_have_value(re.compile("NAMEE"))
    expect(page.locator("form[data-guard=changed]")).to_have_count(1)
    expect(page.frame_locator("#mail").locator("body")).to_contain_text("Hi [[[NAMEE]]]")
    axe(page)


@pytest.mark.feature("P-22")
def test_the_preview_never_fills_the_history_and_leaving_asks(page: Page, desk: Desk) -> None:
    page.goto(url(desk.world, f"/{desk.copy()}/edit"))
    before = page.evaluate("history.length")
    source = page.get_by_label("Content (HTML)")
    for words in ("<p>one</p>", "<p>two</p>", "<p>three</p>"):
        source.fill(words)
        expect(page.frame_locator("#mail").locator("body")).to_contain_text(words[3:-4])
    assert page.evaluate("history.length") == before
    expect(page.locator("iframe")).to_have_count(1)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_timeout(200)
    assert asked == ["beforeunload"]
    expect(source).to_have_value("<p>three</p>")


@pytest.mark.feature("P-22")
def test_of_two_who_edit_the_second_sees_both_versions(page: Page, desk: Desk) -> None:
    ref = desk.copy()
    page.goto(url(desk.world, f"/{ref}/edit"))
    desk.save(ref, subject="From the first")
    page.get_by_label("Subject").fill("From the second")
    page.get_by_role("button", name="Save").click()
    both = page.get_by_role("region", name="Side by side")
    expect(both).to_contain_text("From the first")
    expect(both).to_contain_text("From the second")
    expect(page.get_by_label("Subject")).to_have_value("From the second")
    axe(page)
    screenshot(page, "mailing/both-versions")
    page.get_by_role("button", name="Save mine in place of theirs").click()
    expect(page.locator("#notices")).to_contain_text("is saved")
    assert desk.row(ref).subject == "From the second"


@pytest.mark.feature("P-22", "P-39")
def test_all_of_it_works_without_javascript(no_js_page: Page, desk: Desk, admin: Person) -> None:
    page = signed_in(no_js_page, admin)
    page.goto(url(desk.world, f"/{SYSTEM}"))
    page.locator(".actions").get_by_role("button", name="Create copy").first.click()
    row(page, COPY).locator("summary").click()
    row(page, COPY).get_by_role("link", name="Edit").click()
    page.get_by_label("Content (HTML)").fill("<p>Ohne Skript [[[NAME]]]</p>")
    page.get_by_role("button", name="Preview").click()
    expect(page.frame_locator("#mail").locator("body")).to_contain_text("Ohne Skript Anna Rossi")
    expect(page.get_by_label("Content (HTML)")).to_have_value("<p>Ohne Skript [[[NAME]]]</p>")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notices")).to_contain_text("is saved")
    open_list(page, desk, "?origin=own")
    row(page, COPY).locator("summary").click()
    row(page, COPY).get_by_role("link", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Delete “{COPY}” now?")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#notices")).to_contain_text("is deleted")


@pytest.mark.feature("P-22", "P-39", "Q-30")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone(phone_page: Page, desk: Desk, admin: Person, theme: str) -> None:
    page, ref = signed_in(phone_page, admin), desk.copy()
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    for rest in ("", f"/{ref}", f"/{ref}/edit", f"/{ref}/test", f"/{ref}/deletion"):
        page.goto(url(desk.world, rest))
        if "iframe" in page.content():
            expect(page.frame_locator("iframe").locator("body")).to_contain_text("Anna Rossi")
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, rest
        if not rest or rest.endswith("/edit"):
            screenshot(page, f"mailing/phone-{'edit' if rest else 'list'}-{theme}")


@pytest.mark.feature("P-22", "P-39")
def test_a_row_is_worked_on_by_keyboard_alone(page: Page, desk: Desk) -> None:
    desk.copy()
    open_list(page, desk, "?origin=own")
    row(page, COPY).get_by_role("link", name=COPY).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    row(page, COPY).locator(".menu-item", has_text="Edit").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Edit {COPY}")


def test_nothing_of_a_template_runs_in_the_portal(browser: Browser, page: Page, desk: Desk) -> None:
    """A draft with script is shown in a sandbox; the frame has no origin and no cookies."""
    page.goto(url(desk.world, f"/{desk.copy()}/edit"))
    page.get_by_label("Content (HTML)").fill(
        '<p>safe</p><img src=x onerror="parent.document.title=1"><script>top.location="/x"</script>'
    )
    frame = page.frame_locator("#mail")
    expect(frame.locator("body")).to_contain_text("safe")
    assert "onerror" not in frame.locator("body").inner_html()
    assert page.title().startswith("Edit")
