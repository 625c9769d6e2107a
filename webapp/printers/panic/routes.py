"""Link → code, if the printer is unknown → who → reasons → message → thanks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from webapp.core import db as database
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal, TooMany
from webapp.core.preferences import LANGUAGE_NAMES
from webapp.core.preferences import language as browser_language
from webapp.core.web import render
from webapp.printers.content.panels import Panel, plain_context
from webapp.printers.launches import (
    SESSION_LIVES,
    TRIES_A_LAUNCH,
    button_of,
    count_wrong_code,
    enter_code,
    keep_answers,
    start,
)
from webapp.printers.models import PanicButton, PanicLaunch, PanicRequest
from webapp.printers.panic import answers
from webapp.printers.panic.access import LINK, SESSION, LinkGone, current_launch
from webapp.printers.panic.answers import Page
from webapp.printers.panic.blueprint import bp
from webapp.printers.queries import first_button, request_of_launch
from webapp.printers.requests import open_request
from webapp.printers.wording import Wording

Read = Callable[[MultiDict[str, str], PanicButton], Page]
STEPS: dict[str, Read] = {
    "who": answers.read_who,
    "reasons": answers.read_reasons,
    "message": answers.read_message,
}
ORDER = list(STEPS)


@bp.get("/<token>")
@allow(LINK)
def open_link(token: str) -> BaseResponse:
    """The start of a link: works once, and leads to the path that the pages live under. HEAD only looks."""
    if request.method == "HEAD":
        return Response(status=200)
    launch = current_launch()
    secret = start(launch, now=utcnow())
    return _to_code(secret) if launch.printer is None else _to_step(ORDER[0], secret)


@bp.get("/<token>/code")
@allow(SESSION)
def code(token: str) -> ResponseReturnValue:
    launch = current_launch()
    if launch.printer is not None:
        return _to_step("who", token)
    if launch.tries >= TRIES_A_LAUNCH:
        return _code_page(launch, error="code_wait", status=429, minutes=15)
    return _code_page(launch)


@bp.post("/<token>/code")
@allow(SESSION)
def send_code(token: str) -> ResponseReturnValue:
    launch = current_launch()
    if _chosen_language(launch):
        return _code_page(launch)
    if launch.printer is not None:
        return _to_step("who", token)
    if launch.tries >= TRIES_A_LAUNCH:
        return _code_page(launch, error="code_wait", status=429, minutes=15)
    return _try_code(launch, token)


@bp.get("/<token>/<any(who, reasons, message):name>")
@allow(SESSION)
def step(token: str, name: str) -> ResponseReturnValue:
    launch = current_launch()
    elsewhere = _elsewhere(launch, token, name)
    return elsewhere or _page(launch, name, Page(launch.answers))


@bp.post("/<token>/<any(who, reasons, message):name>")
@allow(SESSION)
def send_step(token: str, name: str) -> ResponseReturnValue:
    """Keep what was typed; then the language, back, the same page with its errors, or on."""
    launch = current_launch()
    elsewhere = _elsewhere(launch, token, name)
    button = button_of(launch)
    if elsewhere is not None or button is None:
        return elsewhere or _to_code(token)
    page = STEPS[name](request.form, button)
    keep_answers(launch, **page.answers)
    launch.expires_at = utcnow() + SESSION_LIVES
    launch.language = _language(launch, button)
    if _chosen_language(launch):
        return _page(launch, name, page=Page(launch.answers))
    if request.form.get("go") == "back":
        return _to_step(_before(name), token)
    if page.errors:
        return _kept(_page(launch, name, page, status=422))
    if name == ORDER[-1]:
        return _finish(launch, button, token)
    return _to_step(ORDER[ORDER.index(name) + 1], token)


@bp.get("/<token>/thanks")
@allow(SESSION)
def thanks(token: str) -> ResponseReturnValue:
    launch = current_launch()
    made = request_of_launch(launch)
    if made is None:
        return _to_step("who", token)
    return _thanks_page(launch, made)


@bp.app_errorhandler(LinkGone)
def link_gone(_error: LinkGone) -> Response:
    words = Wording(browser_language())
    return render("panic/gone.html", status=410, **plain_context(words))


def _finish(launch: PanicLaunch, button: PanicButton, token: str) -> BaseResponse:
    missing = answers.unfinished_step(launch.answers, button)
    if missing is not None or launch.printer is None:
        return _to_step(missing or "who", token)
    open_request(launch, button, launch.printer, now=utcnow())
    return redirect(url_for("panic.thanks", token=token), 303)


def _elsewhere(launch: PanicLaunch, token: str, name: str) -> ResponseReturnValue | None:
    """Where somebody belongs who may not be on this page: thanks, code, closed, or an earlier page."""
    if launch.request_id is not None:
        return redirect(url_for("panic.thanks", token=token), 303)
    button = button_of(launch)
    if button is None:
        return _to_code(token)
    if not button.active:
        return _closed_page(launch, button)
    missing = answers.unfinished_step(launch.answers, button)
    if missing is not None and ORDER.index(name) > ORDER.index(missing):
        return _to_step(missing, token)
    return None


def _try_code(launch: PanicLaunch, token: str) -> ResponseReturnValue:
    number = launch.id
    try:
        enter_code(launch, request.form.get("code", "")[:64], now=utcnow())
    except Refusal:
        database.rollback()
        left = count_wrong_code(number)
        if left <= 0:
            return _code_page(launch, error="code_wait", status=429, minutes=15)
        return _code_page(launch, error="code_unknown", status=422, left=left)
    except TooMany as wait:
        database.rollback()
        minutes = -(-wait.wait_seconds // 60)
        return _code_page(launch, error="code_wait", status=429, minutes=minutes)
    return _to_step("who", token)


def _page(launch: PanicLaunch, name: str, page: Page, status: int = 200) -> Response:
    return render(
        f"panic/{name}.html",
        status=status,
        **_context(launch, button_of(launch), name),
        page=page,
        answers={**launch.answers, **page.answers},
        step_number=ORDER.index(name) + 1,
        most=answers.LONGEST_MESSAGE,
    )


def _code_page(launch: PanicLaunch, error: str = "", status: int = 200, **values: Any) -> Response:
    """Nobody knows yet which button it will be: the page looks like the organisation's first one."""
    context = _context(launch, button_of(launch) or first_button(), "code")
    return render(
        "panic/code.html",
        status=status,
        **context,
        serial=launch.facts["serial"],
        typed=request.form.get("code", "")[:64],
        error=context["words"](error, **values) if error else "",
    )


def _thanks_page(launch: PanicLaunch, made: PanicRequest) -> Response:
    return render("panic/thanks.html", **_context(launch, made.button, "thanks"), made=made)


def _closed_page(launch: PanicLaunch, button: PanicButton) -> Response:
    return render("panic/closed.html", status=410, **_context(launch, button, "closed"))


def _context(launch: PanicLaunch, button: PanicButton | None, page: str) -> dict[str, Any]:
    language = _language(launch, button_of(launch))
    if button is None:
        return plain_context(Wording(language))
    return Panel.of(button).context(page, language)


def _language(launch: PanicLaunch, button: PanicButton | None) -> str:
    """Chosen on page 1, else the browser's; where the button doesn't offer it, the button's."""
    wanted = launch.language or browser_language()
    if button is None or wanted in button.languages:
        return wanted
    guess = browser_language()
    return guess if guess in button.languages else button.language


def _chosen_language(launch: PanicLaunch) -> bool:
    """True when a language button was pressed: the page comes again with everything kept."""
    chosen = request.form.get("language")
    button = button_of(launch)
    if chosen not in (LANGUAGE_NAMES if button is None else button.languages):
        return False
    launch.language = chosen
    return True


def _kept(response: Response) -> Response:
    """A page with errors is a 422, but what was typed is kept all the same: commit before answering."""
    database.commit()
    return response


def _before(name: str) -> str:
    return ORDER[max(0, ORDER.index(name) - 1)]


def _to_step(name: str, token: str) -> BaseResponse:
    return redirect(url_for("panic.step", token=token, name=name), 303)


def _to_code(token: str) -> BaseResponse:
    return redirect(url_for("panic.code", token=token), 303)
