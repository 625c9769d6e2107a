"""A real server and a real Chromium for the browser tests.

`browser_page` (1280 × 800), `phone_page` (360 × 740) and `no_js_page` are empty pages in a context of their own;
`page.goto("/sign-in")` reaches the server. Each fails the test afterwards if a script threw or the
Content-Security-Policy refused something. Helpers (`signed_in`, `axe`, `screenshot`) are in `tests.browser.helpers`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from webapp.core.web import Portal

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE_MS = 10_000


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """The application logs its requests itself."""


@pytest.fixture(scope="session")
def server(portal: Portal) -> Iterator[str]:
    """The portal of the tests on a port of its own; the address without a slash at the end."""
    running = make_server("127.0.0.1", 0, portal, threaded=True, request_handler=_Silent)
    running.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join(10)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium a run. It ends with this package: its event loop must not meet other tests."""
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def browser_page(browser: Browser, server: str) -> Iterator[Page]:
    with _page(browser, server, viewport={"width": 1280, "height": 800}) as page:
        yield page


@pytest.fixture
def phone_page(browser: Browser, server: str) -> Iterator[Page]:
    with _page(
        browser, server, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    ) as page:
        yield page


@pytest.fixture
def no_js_page(browser: Browser, server: str) -> Iterator[Page]:
    with _page(
        browser, server, viewport={"width": 1280, "height": 800}, java_script_enabled=False
    ) as page:
        yield page


@contextmanager
def _page(browser: Browser, server: str, **options: Any) -> Iterator[Page]:
    context = browser.new_context(
        base_url=server,
        locale="en-GB",
        timezone_id="Europe/Rome",
        reduced_motion="reduce",
        **options,
    )
    context.base_address = server  # type: ignore[attr-defined]
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"a script threw: {error}"))
    page.on("console", lambda message: _note(faults, message.text))
    yield page
    context.close()
    assert not faults, "\n".join(faults)


def _note(faults: list[str], text: str) -> None:
    if "Content Security Policy" in text or "Content-Security-Policy" in text:
        faults.append(text)
