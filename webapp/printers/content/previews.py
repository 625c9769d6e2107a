"""A panic page with nobody at the printer: the real template, sample answers, alone in a frame without any right."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flask import Response, render_template

from webapp.printers.content.pages import ContentPage
from webapp.printers.content.panels import Panel
from webapp.printers.panic.answers import LONGEST_MESSAGE, Page

PANEL_CSP = (
    "sandbox; default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'self'"
)
SAMPLE_EMAIL = "anna.rossi@example.com"
SAMPLE_SERIAL = "XRX9C934E1"
_STEPS = {"who": 1, "reasons": 2, "message": 3}
_MISTAKES = {
    "who": {"email": "error_email", "phone": "error_phone"},
    "reasons": {"reasons": "error_reasons"},
    "message": {"message": "error_message"},
}


def preview(panel: Panel, page: ContentPage, language: str, *, faulty: bool = False) -> Response:
    """`faulty` shows the page as after a mistake, with its errors."""
    context = panel.context(page.shows, language)
    body = render_template(
        f"panic/{page.shows}.html",
        **context,
        **_filled_in(panel, page.shows, faulty),
        error=context["words"]("code_unknown", left=4) if faulty else "",
    )
    response = Response(body)
    response.headers["Content-Security-Policy"] = PANEL_CSP
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _filled_in(panel: Panel, name: str, faulty: bool) -> dict[str, Any]:
    mistakes = dict(_MISTAKES.get(name, {})) if faulty else {}
    if not panel.ask_phone:
        mistakes.pop("phone", None)
    ticked = [reason.public_id for reason in panel.reasons[:1]] if not faulty else []
    return {
        "page": Page({}, mistakes),
        "answers": {"email": SAMPLE_EMAIL, "reasons": ticked},
        "step_number": _STEPS.get(name, 0),
        "most": LONGEST_MESSAGE,
        "made": SimpleNamespace(number=128, email=SAMPLE_EMAIL),
        "serial": SAMPLE_SERIAL,
        "typed": "",
    }
