"""A tiny page in the customer's own network: all printers, a button at each, which leads to the portal's form.

For printers without an app: as a bookmark on the people's machines, or as a QR code beside the printer
(`http://agent:8631/printer/SERIAL`). Without script; nothing is typed here, and nothing is told but names.
"""

from __future__ import annotations

import gettext
import logging
import re
from collections.abc import Callable
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

from webapp.printers.agent.known import Known
from webapp.printers.agent.launching import last_phone, launch
from webapp.printers.agent.portal import Away, Portal, Refused, ShutOut
from webapp.printers.agent.printers import Printers
from webapp.printers.agent.state import State

log = logging.getLogger(__name__)

TRANSLATIONS: Final = Path(__file__).parents[3] / "translations"
LANGUAGES: Final = ("en", "de", "es", "fr", "it", "pl", "sv")
LONGEST_FORM: Final = 1000
STYLE: Final = (
    "body{font:18px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;color:#17202a;"
    "background:#fff}button{font:inherit;padding:.6rem 1.2rem;min-height:48px;border:0;border-radius:6px;"
    "background:#0f766e;color:#fff}li{margin:0 0 1rem;list-style:none}ul{padding:0}"
    "@media(prefers-color-scheme:dark){body{background:#10171d;color:#e8eef2}a{color:#5eead4}}"
)


def serve(
    address: tuple[str, int], printers: Printers, portal: Portal, state: State
) -> ThreadingHTTPServer:
    """Bound; whoever calls runs `serve_forever`."""

    class Handler(_Handler):
        world = (printers, portal, state)

    server = ThreadingHTTPServer(address, Handler)
    server.daemon_threads = True
    return server


class _Handler(BaseHTTPRequestHandler):
    world: tuple[Printers, Portal, State]
    server_version = "outpost-agent"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        printers, _portal, _state = self.world
        path = urlsplit(self.path).path
        if path == "/":
            self._answer(200, _list(printers.all(), self._words()))
        elif path.startswith("/printer/"):
            printer = printers.find(unquote(path.removeprefix("/printer/")))
            self._answer(*_one(printer, self._words()))
        else:
            self._answer(404, _message(self._words()("There is no such page here.")))

    def do_POST(self) -> None:
        printers, portal, state = self.world
        _ = self._words()
        if not self._is_own_form():
            self._answer(403, _message(_("Press the button on this page itself.")))
            return
        printer = printers.find(self._form().get("serial", ""))
        if printer is None:
            self._answer(404, _message(_("This printer is not known here.")))
            return
        try:
            launched = launch(printer, printers, portal, state)
        except (Away, Refused, ShutOut) as error:
            log.warning("launch of %s failed: %s", printer.serial, error)
            self._answer(503, _failed(printer, last_phone(state), _))
            return
        self.send_response(303)
        self.send_header("Location", launched.url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        log.debug(format, *args)

    def _is_own_form(self) -> bool:
        """Not sent from a page of somebody else's."""
        origin = self.headers.get("Origin", "")
        return not origin or urlsplit(origin).netloc == self.headers.get("Host", "")

    def _form(self) -> dict[str, str]:
        text = self.headers.get("Content-Length", "0")
        length = min(int(text), LONGEST_FORM) if text.isdigit() else 0
        body = self.rfile.read(length).decode("utf-8", "replace")
        return {name: values[0] for name, values in parse_qs(body).items()}

    def _words(self) -> Callable[[str], str]:
        asked = re.findall(r"[a-z]{2}(?=[-,;]|$)", self.headers.get("Accept-Language", "").lower())
        language = next((code for code in asked if code in LANGUAGES), "en")
        return gettext.translation(
            "messages", TRANSLATIONS, languages=[language], fallback=True
        ).gettext

    def _answer(self, status: int, body: str) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        )
        self.end_headers()
        self.wfile.write(content)


def _list(printers: list[Known], _: Callable[[str], str]) -> str:
    rows = "".join(
        f'<li><a href="/printer/{quote(p.serial)}">{escape(_named(p))}</a></li>'
        for p in printers
        if p.serial
    )
    empty = f"<p>{escape(_('No printer is known yet.'))}</p>"
    return _message(_("Which printer needs help?"), f"<ul>{rows}</ul>" if rows else empty)


def _one(printer: Known | None, _: Callable[[str], str]) -> tuple[int, str]:
    if printer is None:
        return 404, _message(_("This printer is not known here."))
    return 200, _message(_named(printer), _button(printer, _("Call for help")))


def _failed(printer: Known, phone: str, _: Callable[[str], str]) -> str:
    call = f"<p>{escape(_('Or phone the technicians:'))} <strong>{escape(phone)}</strong></p>"
    return _message(
        _("The portal can't be reached."),
        _button(printer, _("Try again")) + (call if phone else ""),
    )


def _button(printer: Known, words: str) -> str:
    serial = escape(printer.serial, quote=True)
    return (
        f'<form method="post" action="/launch"><input type="hidden" name="serial" value="{serial}">'
        f"<button>{escape(words)}</button></form>"
    )


def _named(printer: Known) -> str:
    parts = (printer.name or printer.model or printer.serial, printer.location)
    return ", ".join(part for part in parts if part)


def _message(title: str, body: str = "") -> str:
    return (
        '<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
