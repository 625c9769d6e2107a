"""A button's reasons: add, word in each language, order, hide."""

from __future__ import annotations

from flask import abort, request
from flask.typing import ResponseReturnValue

from webapp.core.access import allow
from webapp.core.web import render, see_other
from webapp.orgs.permissions import Permission
from webapp.printers import queries
from webapp.printers.forms import ReasonForm
from webapp.printers.models import PanicButton, PanicReason
from webapp.printers.reasons import add_reason, move_reason, show_reason, word_reason
from webapp.printers.routes.blueprint import answer_form, bp, url_for
from webapp.printers.services import check_version

TEMPLATE = "printers/reason_form.html"


@bp.get("/buttons/<public_id>/reasons/new")
@allow(Permission.PRINTERS_EDIT)
def button_reason_new(org: str, public_id: str) -> ResponseReturnValue:
    button = queries.get_button(public_id)
    return render(TEMPLATE, form=ReasonForm.blank(button), button=button, reason=None)


@bp.post("/buttons/<public_id>/reasons")
@allow(Permission.PRINTERS_EDIT)
def button_reason_add(org: str, public_id: str) -> ResponseReturnValue:
    button = queries.get_button(public_id)
    form = ReasonForm.sent(button)

    def act() -> str:
        add_reason(button, form.texts(), form.icon.data or None)
        return _reasons_of(button)

    return answer_form(form, TEMPLATE, act, button=button, reason=None)


@bp.get("/buttons/<public_id>/reasons/<reason_id>")
@allow(Permission.PRINTERS_EDIT)
def button_reason(org: str, public_id: str, reason_id: str) -> ResponseReturnValue:
    button, reason = _both(public_id, reason_id)
    return render(TEMPLATE, form=ReasonForm.of(button, reason), button=button, reason=reason)


@bp.post("/buttons/<public_id>/reasons/<reason_id>")
@allow(Permission.PRINTERS_EDIT)
def button_reason_word(org: str, public_id: str, reason_id: str) -> ResponseReturnValue:
    button, reason = _both(public_id, reason_id)
    form = ReasonForm.sent(button)

    def act() -> str:
        check_version(reason, form.version.data)
        word_reason(button, reason, form.texts(), form.icon.data or None)
        return _reasons_of(button)

    return answer_form(form, TEMPLATE, act, button=button, reason=reason)


@bp.post("/buttons/<public_id>/reasons/<reason_id>/moves")
@allow(Permission.PRINTERS_EDIT)
def button_reason_move(org: str, public_id: str, reason_id: str) -> ResponseReturnValue:
    button, reason = _both(public_id, reason_id)
    match request.form.get("direction"):
        case "up":
            move_reason(button, reason, "up")
        case "down":
            move_reason(button, reason, "down")
        case _:
            abort(400)
    return see_other(_reasons_of(button, reason))


@bp.post("/buttons/<public_id>/reasons/<reason_id>/hidings")
@allow(Permission.PRINTERS_EDIT)
def button_reason_hide(org: str, public_id: str, reason_id: str) -> ResponseReturnValue:
    button, reason = _both(public_id, reason_id)
    show_reason(button, reason, shown=False)
    return see_other(_reasons_of(button, reason))


@bp.post("/buttons/<public_id>/reasons/<reason_id>/showings")
@allow(Permission.PRINTERS_EDIT)
def button_reason_show(org: str, public_id: str, reason_id: str) -> ResponseReturnValue:
    button, reason = _both(public_id, reason_id)
    show_reason(button, reason, shown=True)
    return see_other(_reasons_of(button, reason))


def _both(public_id: str, reason_id: str) -> tuple[PanicButton, PanicReason]:
    button = queries.get_button(public_id)
    return button, queries.get_reason(button, reason_id)


def _reasons_of(button: PanicButton, reason: PanicReason | None = None) -> str:
    """Back to where one came from: the editor of page 2, or the button's page; at the changed row."""
    anchor = "reasons" if reason is None else f"reason-{reason.public_id}"
    if request.form.get("back") == "content":
        return url_for("button_content", public_id=button.public_id, name="reasons", _anchor=anchor)
    return url_for("button", public_id=button.public_id, _anchor=anchor)
