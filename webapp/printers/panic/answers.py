"""Checking what was entered on a page. Each check returns the keys of its errors; nothing typed is thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from webapp.printers.addresses import is_address
from webapp.printers.models import PanicButton

LONGEST_EMAIL = 254
LONGEST_PHONE = 40
LONGEST_MESSAGE = 2000
KEPT = 10_000


@dataclass
class Page:
    """What stands in the page's fields, and which of them are wrong (field → error key)."""

    answers: dict[str, Any]
    errors: dict[str, str] = field(default_factory=dict)


def read_who(form: MultiDict[str, str], button: PanicButton) -> Page:
    page = Page({"email": form.get("email", "").strip()[: LONGEST_EMAIL + 1]})
    if len(page.answers["email"]) > LONGEST_EMAIL or not is_address(page.answers["email"]):
        page.errors["email"] = "error_email"
    if button.ask_phone:
        page.answers["phone"] = _one_line(form.get("phone", ""))[: LONGEST_PHONE + 1]
        if not _is_phone(page.answers["phone"]):
            page.errors["phone"] = "error_phone"
    return page


def read_reasons(form: MultiDict[str, str], button: PanicButton) -> Page:
    offered = [r.public_id for r in button.reasons if not r.hidden]
    ticked = set(form.getlist("reason"))
    page = Page({"reasons": [public_id for public_id in offered if public_id in ticked]})
    if not page.answers["reasons"]:
        page.errors["reasons"] = "error_reasons"
    return page


def read_message(form: MultiDict[str, str], button: PanicButton) -> Page:
    """Line ends as browsers send them count as one character."""
    text = form.get("message", "").replace("\r\n", "\n").strip()[:KEPT]
    page = Page({"message": text})
    if len(text) > LONGEST_MESSAGE:
        page.errors["message"] = "error_long"
    elif button.message_required and not text:
        page.errors["message"] = "error_message"
    return page


def unfinished_step(answers: dict[str, Any], button: PanicButton) -> str | None:
    """The first page that still lacks something: whoever jumps ahead is led back to it."""
    return next(_unfinished(answers, button), None)


def _unfinished(answers: dict[str, Any], button: PanicButton) -> Iterator[str]:
    if not is_address(answers.get("email", "")):
        yield "who"
    offered = {r.public_id for r in button.reasons if not r.hidden}
    if not offered & set(answers.get("reasons", [])):
        yield "reasons"


def _is_phone(text: str) -> bool:
    """Empty, or what can be a number: an internal extension is as good as an international one."""
    if not text:
        return True
    digits = sum(c.isdigit() for c in text)
    if len(text) > LONGEST_PHONE or not 2 <= digits <= 20:
        return False
    return all(c.isdigit() or c in "+-/(). " for c in text)


def _one_line(text: str) -> str:
    return " ".join(text.split())
