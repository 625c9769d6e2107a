"""How a mail looks in a client: in the light and in the dark, from a narrow phone to a desktop's reading pane."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.helpers import screenshot
from webapp.core.web import Portal
from webapp.mail.compose import Composed, Draft, Look, compose
from webapp.mail.types import mail_type, system_draft
from webapp.settings import LANGUAGES

pytestmark = [pytest.mark.browser, pytest.mark.feature("P-24")]

FOLDER = Path(__file__).parents[2] / "templates" / "emails"
KINDS = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
WIDTHS = (320, 480, 640)
THEMES = ("light", "dark")
# Landmarks are the business of the page around a mail.
RULES = {"rules": {"region": {"enabled": False}, "landmark-one-main": {"enabled": False}}}


@pytest.fixture
def client(browser: Browser) -> Iterator[Page]:
    """A mail client's pane: no origin, no script."""
    context = browser.new_context(java_script_enabled=True, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def sample(portal: Portal, kind: str, language: str) -> Composed:
    with portal.app_context():
        found = mail_type(kind)
        look = Look(language=language)
        return compose(system_draft(kind, language), found.samples, look=look)


def show(client: Page, html: str, width: int, theme: str) -> None:
    client.set_viewport_size({"width": width, "height": 700})
    client.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    client.set_content(html)


def is_wider(client: Page) -> bool:
    return bool(client.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def look_at(client: Page, html: str, kind: str, theme: str) -> None:
    for width in WIDTHS:
        show(client, html, width, theme)
        assert not is_wider(client), (theme, width)
        if kind == "password_reset":
            screenshot(client, f"mailing/mail-{width}-{theme}")
    found = Axe().run(client, options=RULES)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(("n", "kind"), list(enumerate(KINDS)))
def test_every_kind_fits_and_can_be_read(portal: Portal, client: Page, n: int, kind: str) -> None:
    """German has the longest words; axe holds contrast, names and structure against it. Themes take turns."""
    look_at(client, sample(portal, kind, "de").html, kind, THEMES[n % len(THEMES)])


@pytest.mark.slow
@pytest.mark.parametrize(("n", "kind"), list(enumerate(KINDS)))
def test_every_kind_in_the_other_theme(portal: Portal, client: Page, n: int, kind: str) -> None:
    look_at(client, sample(portal, kind, "de").html, kind, THEMES[(n + 1) % len(THEMES)])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fits_a_narrow_phone(portal: Portal, client: Page, language: str) -> None:
    for kind in KINDS:
        show(client, sample(portal, kind, language).html, 320, "light")
        assert not is_wider(client), kind


def test_the_dark_is_dark_and_the_button_is_wide_on_a_phone(portal: Portal, client: Page) -> None:
    mail = sample(portal, "password_reset", "en")
    background = "getComputedStyle(document.querySelector('.card')).backgroundColor"
    show(client, mail.html, 640, "light")
    assert client.evaluate(background) == "rgb(255, 255, 255)"
    button = client.locator("a.button")
    wide = button.bounding_box()
    show(client, mail.html, 320, "dark")
    assert client.evaluate(background) == "rgb(23, 35, 45)"
    phone = button.bounding_box()
    assert wide is not None
    assert phone is not None
    assert wide["width"] < 320
    assert phone["width"] > 260
    assert phone["height"] >= 44, "a thumb meets it"


def test_what_people_write_breaks_no_frame(portal: Portal, client: Page) -> None:
    """Long addresses, words without end, wide tables, big images."""
    html = (
        f"<h1>{'Donaudampfschiff' * 9}</h1><p>https://example.test/{'a' * 300}</p>"
        "<table><tr><td>one</td><td>two</td><td>three</td><td>four</td></tr></table>"
        f"<blockquote>{'x' * 200}</blockquote><pre>{'long line ' * 20}</pre>"
        '<p><img alt="wide" width="1200" height="200" src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></p>'
        f'<p><a class="button" href="https://example.test/{"b" * 200}">Open</a></p>'
    )
    with portal.app_context():
        mail = compose(Draft("s", html), {}, look=Look(language="en"))
    for theme in THEMES:
        for width in WIDTHS:
            show(client, mail.html, width, theme)
            assert not is_wider(client), width


@pytest.mark.parametrize("kind", KINDS)
def test_plain_text_reads_like_a_letter(portal: Portal, kind: str) -> None:
    for language in LANGUAGES:
        text = sample(portal, kind, language).text
        lines = text.splitlines()
        assert "\n\n\n" not in text, "no holes"
        assert "<" not in text.replace("<br>", ""), "no tags"
        assert all(line == line.rstrip() or line == "-- " for line in lines)
        assert lines[0].strip(), "begins with the heading"
        assert "-- " in lines, "the foot is a signature"
