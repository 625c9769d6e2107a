"""The panic button on a terminal: what the panel of the printer would say."""

import signal
import sys
from typing import Any

import click

from simulators.display import Display
from simulators.printer.panic import PanicApp, RefusedError, UnreachableError

LAUNCHED, UNREACHABLE, REFUSED = 0, 3, 4


def press_the_button(display: Display, app: PanicApp) -> int:
    """Presses, again as long as somebody at the terminal wants; returns the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    while True:
        try:
            return _tell_answer(display, app.press())
        except RefusedError as refused:
            return _tell_refusal(display, refused)
        except UnreachableError as error:
            _tell_unreachable(display, app, error)
        if not (sys.stdin.isatty() and click.confirm("Try again?", default=True, err=True)):
            return UNREACHABLE


def _tell_answer(display: Display, answer: dict[str, Any]) -> int:
    facts = {
        "open": "The panic button is open",
        "code_needed": "The portal does not know this printer yet and asks for its printer code",
    }
    text = facts.get(str(answer.get("outcome")), "The portal answered")
    display.event("launched", f"{text}: {answer['url']}", answer=answer)
    return LAUNCHED


def _tell_refusal(display: Display, refused: RefusedError) -> int:
    what = f"The portal refused: {refused}"
    if refused.status == 401:
        what += ". The enrolment token is wrong or was revoked: an administrator makes a new one."
    if wait := refused.problem.get("retry_after"):
        what += f". Wait {wait} s; what was gathered is kept."
    for error in refused.problem.get("errors") or []:
        what += f"; {error.get('where')}: {error.get('message')}"
    display.event("refused", what, status=refused.status, problem=refused.problem)
    return REFUSED


def _tell_unreachable(display: Display, app: PanicApp, error: UnreachableError) -> None:
    phone = app.support_phone
    call = f"Call the technicians: {phone}" if phone else "No technicians' phone is known yet"
    display.event(
        "unreachable",
        f"The portal {app.portal} can't be reached ({error}). {call}. What was gathered is kept.",
        reason=str(error),
        support_phone=phone,
    )
