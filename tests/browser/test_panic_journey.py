"""The panic button from the press to two mails, step by step as the vendor's manual has it (Q-31).

The printer is simulated, everything else is real: SNMP over UDP, the app's HTTP, Chromium at the size of a
printer's panel, the worker's drain, SMTP.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from simulators.mailbox import Mailbox
from simulators.printer import Agent, FaultKind, PanicApp, PrinterMachine, Target, load_model
from tests.browser.helpers import axe, screenshot
from tests.printers.conftest import SERIAL, Field, acme
from webapp.core import drains
from webapp.printers.variables import DESCRIPTIONS

__all__ = ["acme"]

RECORDING = Path(__file__).parents[3] / "shared/data/snmprec/librenms__ricoh_mpc2503.snmprec"
PANEL = {"width": 800, "height": 480}

pytestmark = [pytest.mark.browser, pytest.mark.feature("Q-31", "B-1", "B-2", "B-3", "B-4", "S-5")]


@pytest.fixture
def mailbox(acme: Field, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with Mailbox() as box:
        monkeypatch.setattr(acme.world.portal.extensions["mail"], "port", box.smtp_port)
        yield box


@contextmanager
def panel(browser: Browser, **options: Any) -> Iterator[Page]:
    """The small touch screen of a printer."""
    context = browser.new_context(viewport=PANEL, has_touch=True, locale="en-GB", **options)
    yield context.new_page()
    context.close()


def press(
    agent: Agent, acme: Field, server: str, tmp_path: Path, badge: str | None
) -> dict[str, Any]:
    """Steps 1 to 4 of the manual: gather, check the connection, send everything, be redirected."""
    app = PanicApp(
        portal=server,
        token=acme.token,
        target=Target(host="127.0.0.1", port=agent.port),
        badge=badge,
        ip="192.0.2.31",
        state_file=tmp_path / "panic.json",
    )
    answer = app.press()
    # The link names the portal's configured address; the tests' server listens on a port of its own.
    return {**answer, "url": server + urlsplit(answer["url"]).path}


def send_mails(acme: Field) -> None:
    with acme.world.portal.app_context():
        drains.run("mail")


def big_enough(page: Page) -> None:
    """Targets for fingers, and nothing to scroll sideways."""
    for box in page.locator("button:not(.hidden):visible, label.reason:visible").all():
        size = box.bounding_box()
        assert size is not None
        assert size["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= PANEL["width"]


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.feature("B-7")
def test_a_known_printer_calls_for_help(
    browser: Browser, server: str, acme: Field, mailbox: Mailbox, tmp_path: Path, script: bool
) -> None:
    machine = PrinterMachine(load_model("xerox-altalink-c8045"), seed=7, serial=SERIAL)
    for fault in (FaultKind.JAM, FaultKind.COVER_OPEN, FaultKind.PAPER_OUT, FaultKind.TONER_LOW):
        machine.break_down(fault)
    with Agent(machine=machine) as agent, panel(browser, java_script_enabled=script) as page:
        answer = press(agent, acme, server, tmp_path, badge="anna@acme.test")
        assert answer["outcome"] == "open"

        # Page 1: who; the address is already there, from the badge.
        page.goto(answer["url"])
        expect(page.get_by_role("heading")).to_have_text("Who are you?")
        expect(page.get_by_label("E-mail address")).to_have_value("anna@acme.test")
        big_enough(page)
        screenshot(page, "panic-1-who")
        page.get_by_role("button", name="Deutsch").click()
        expect(page.get_by_role("heading")).to_have_text("Wer sind Sie?")
        expect(page.get_by_label("E-Mail-Adresse")).to_have_value("anna@acme.test")
        page.get_by_role("button", name="Weiter").click()

        # Page 2: the reasons.
        big_enough(page)
        page.get_by_role("button", name="Weiter").click()
        expect(page.get_by_role("alert")).to_have_text("Kreuzen Sie mindestens einen Grund an.")
        page.get_by_text("Papierstau").click()
        page.get_by_text("Schlechte Druckqualität").click()
        screenshot(page, "panic-2-reasons")
        page.get_by_role("button", name="Zurück").click()
        expect(page.get_by_label("E-Mail-Adresse")).to_have_value("anna@acme.test")
        page.get_by_role("button", name="Weiter").click()
        expect(page.get_by_label("Papierstau")).to_be_checked()
        page.get_by_role("button", name="Weiter").click()

        # Page 3: a message to the administrators.
        page.get_by_label("Ihre Nachricht").fill("Es quietscht, und <b>nichts</b> kommt heraus.")
        screenshot(page, "panic-3-message")
        page.get_by_role("button", name="Senden").click()
        expect(page.get_by_role("heading")).to_have_text("Danke. Hilfe ist gerufen.")
        expect(page.locator(".number")).to_have_text("1")
        screenshot(page, "panic-4-thanks")

        # Using the link again shows that it is used up.
        page.goto(answer["url"])
        expect(page.get_by_role("heading")).to_have_text("This link is no longer valid")

    send_mails(acme)
    both_mails_arrived(mailbox)


def both_mails_arrived(mailbox: Mailbox) -> None:
    to_user = mailbox.wait(to="anna@acme.test")[0]
    to_technicians = mailbox.wait(to="technicians@acme.test")[0]
    assert to_user.subject == "Ihre Anfrage ist da: Colour 2nd floor"
    assert "Papierstau, Schlechte Druckqualität" in to_user.text
    assert to_technicians.subject == (
        f"Demande d'aide : Alliance, 2nd floor, {SERIAL}, Xerox AltaLink C8045"
    )
    assert "Bourrage papier, Mauvaise qualité d'impression" in to_technicians.text
    assert "Es quietscht, und <b>nichts</b> kommt heraus." in to_technicians.text
    assert "[[[" not in to_technicians.html + to_user.html
    filled = to_technicians.text.count("\n")
    assert filled > len(DESCRIPTIONS)
    # Every variable has a value but the phone, which this button does not ask for.
    assert to_technicians.text.count("—") == 1, to_technicians.text


def test_an_unknown_printer_is_bound_by_its_code(
    browser: Browser, server: str, acme: Field, mailbox: Mailbox, tmp_path: Path
) -> None:
    """Step 4, the other branch: the printer code once, then straight to the button for ever."""
    if not RECORDING.exists():
        pytest.skip("the recordings of real printers are not beside this project")
    with Agent.of_recording(RECORDING) as agent, panel(browser) as page:
        answer = press(agent, acme, server, tmp_path, badge=None)
        assert answer["outcome"] == "code_needed"
        page.goto(answer["url"])
        expect(page.get_by_role("heading")).to_have_text("This printer is not known yet")
        expect(page.get_by_text("E216R220016")).to_be_visible()
        big_enough(page)
        page.get_by_label("Printer code").fill("ACDE-FGHJ")
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_role("alert")).to_contain_text("4 tries are left")
        screenshot(page, "panic-0-code")
        page.get_by_label("Printer code").fill(acme.spare_code)
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_role("heading")).to_have_text("Who are you?")

        again = press(agent, acme, server, tmp_path, badge="ben@acme.test")
        assert again["outcome"] == "open"
        assert again["printer"]["name"] == "Reception"


@pytest.mark.feature("Q-30")
def test_axe_finds_nothing_on_the_panel(
    browser: Browser, server: str, acme: Field, tmp_path: Path
) -> None:
    with panel(browser) as page:
        first = server + acme.open()
        for name in ("who", "reasons"):
            page.goto(f"{first}/{name}")
            page.get_by_role("button", name="Next").click()
            axe(page)
            if name == "who":
                page.get_by_label("E-mail address").fill("anna@acme.test")
                page.get_by_role("button", name="Next").click()
        page.get_by_text("Paper jam").click()
        page.get_by_role("button", name="Next").click()
        axe(page)
        page.get_by_role("button", name="Send").click()
        axe(page)
        unknown = server + acme.open(facts={"serial": "NEW-1"})
        page.goto(f"{unknown}/code")
        axe(page)
        page.goto(f"{server}/p/unknown")
        axe(page)
